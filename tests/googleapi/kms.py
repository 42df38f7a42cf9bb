"""Cloud KMS: one key with versions; the first byte of what it wrapped says which."""

import os
from typing import Any

import grpc
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.cloud import kms_v1
from google_crc32c import value as checksum

from tests.googleapi.wire import Refusal, Wire


class KmsStandIn:
    """`damaged`: answers arrive with a changed byte."""

    def __init__(self, wire: Wire, name: str) -> None:
        self.name = name
        self.versions = [AESGCM(os.urandom(32))]
        self.damaged = False
        wire.add(
            "google.cloud.kms.v1.KeyManagementService",
            {
                "Encrypt": (self._encrypt, kms_v1.EncryptRequest.deserialize, kms_v1.EncryptResponse.serialize),
                "Decrypt": (self._decrypt, kms_v1.DecryptRequest.deserialize, kms_v1.DecryptResponse.serialize),
            },
        )

    def rotate(self) -> None:
        self.versions.append(AESGCM(os.urandom(32)))

    def _encrypt(self, request: Any) -> Any:
        self._check(request.name)
        nonce, version = os.urandom(12), len(self.versions) - 1
        sealed = self.versions[version].encrypt(nonce, request.plaintext, request.additional_authenticated_data)
        wrapped = bytes([version]) + nonce + sealed
        whole = request.plaintext_crc32c == checksum(request.plaintext)
        sound = request.additional_authenticated_data_crc32c == checksum(request.additional_authenticated_data)
        return kms_v1.EncryptResponse(
            ciphertext=wrapped[:-1] + bytes([wrapped[-1] ^ 1]) if self.damaged else wrapped,
            ciphertext_crc32c=checksum(wrapped),
            verified_plaintext_crc32c=whole,
            verified_additional_authenticated_data_crc32c=sound,
        )

    def _decrypt(self, request: Any) -> Any:
        self._check(request.name)
        wrapped = request.ciphertext
        try:
            key = self.versions[wrapped[0]]
            plain = key.decrypt(wrapped[1:13], wrapped[13:], request.additional_authenticated_data)
        except (InvalidTag, IndexError, ValueError):
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "Decryption failed") from None
        return kms_v1.DecryptResponse(plaintext=plain, plaintext_crc32c=checksum(plain))

    def _check(self, name: str) -> None:
        if name != self.name:
            raise Refusal(grpc.StatusCode.PERMISSION_DENIED, name)

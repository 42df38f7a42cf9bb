"""Vault with Cloud KMS: each secret has a data key of its own, which only KMS can unwrap."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ohmyagent.adapters.gcp.clients import SECONDS, Lazy, connected, repeating, speaking_to
from ohmyagent.domain.errors import Forbidden, Unavailable

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = "k1"


class KmsVault:
    """A sealed text is `k1.<wrapped data key>.<nonce and ciphertext>`; the context binds both parts.

    KMS rotates its key by itself and opens what older versions wrapped.  Envelope encryption:
    https://cloud.google.com/kms/docs/envelope-encryption
    """

    def __init__(self, key: str, emulator: str | None = None) -> None:
        self._key = key
        self._client = Lazy(lambda: _client(emulator))

    def seal(self, secret: str, context: str) -> str:
        key, nonce = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
        wrapped = self._wrap(key, _associated(context))
        sealed = AESGCM(key).encrypt(nonce, secret.encode(), _associated(context))
        return f"{VERSION}.{urlsafe_b64encode(wrapped).decode()}.{urlsafe_b64encode(nonce + sealed).decode()}"

    def unseal(self, sealed: str, context: str) -> str:
        try:
            version, wrapped, text = sealed.split(".")
            raw, key = urlsafe_b64decode(text), urlsafe_b64decode(wrapped)
            if version != VERSION or not key:
                raise ValueError(version)
            opened = AESGCM(self._unwrap(key, _associated(context)))
            return opened.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _associated(context)).decode()
        except (ValueError, InvalidTag):
            raise Forbidden("The secret cannot be opened here.", korean="이 비밀 값은 여기서 열 수 없습니다.") from None

    def _wrap(self, key: bytes, associated: bytes) -> bytes:
        """Raises Unavailable also when the key did not arrive whole: what it seals could never be opened."""
        from google_crc32c import value as checksum

        request = {
            "name": self._key,
            "plaintext": key,
            "plaintext_crc32c": checksum(key),
            "additional_authenticated_data": associated,
            "additional_authenticated_data_crc32c": checksum(associated),
        }
        with speaking_to("Cloud KMS"):
            answer = self._client().encrypt(request=request, retry=repeating(), timeout=SECONDS)
        whole = answer.verified_plaintext_crc32c and answer.verified_additional_authenticated_data_crc32c
        if not whole or answer.ciphertext_crc32c != checksum(answer.ciphertext):
            raise Unavailable("Cloud KMS answered with a damaged key.")
        return bytes(answer.ciphertext)

    def _unwrap(self, wrapped: bytes, associated: bytes) -> bytes:
        """Raises ValueError for a key that was not wrapped by us for this context."""
        from google.api_core.exceptions import InvalidArgument

        request = {"name": self._key, "ciphertext": wrapped, "additional_authenticated_data": associated}
        with speaking_to("Cloud KMS"):
            try:
                answer = self._client().decrypt(request=request, retry=repeating(), timeout=SECONDS)
            except InvalidArgument as error:
                raise ValueError("not of this key or context") from error
        return bytes(answer.plaintext)


def _associated(context: str) -> bytes:
    return f"{VERSION}\n{context}".encode()


def _client(emulator: str | None) -> Any:
    from google.cloud.kms_v1 import KeyManagementServiceClient

    return connected(KeyManagementServiceClient, emulator)

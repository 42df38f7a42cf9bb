"""Vault with a key file: AES-256-GCM, the context as associated data."""

import os
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ohmyagent.adapters.local.durable import replace, write_new
from ohmyagent.domain.errors import Forbidden, Unavailable

KEY_BYTES = 32
NONCE_BYTES = 12
"""Random nonces: safe for 2^32 secrets under one key (NIST SP 800-38D, 8.3)."""
VERSION = "v1"


class KeyFileVault:
    """One key a line: the first seals, all unseal.  A sealed text is `v1.<key id>.<nonce and ciphertext>`.

    The file is made at the first use, readable by its owner only; one that others can read is refused (Unavailable).
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._keys = self._load()

    def seal(self, secret: str, context: str) -> str:
        id, key = next(iter(self._keys.items()))
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, secret.encode(), _associated(id, context))
        return f"{VERSION}.{id}.{urlsafe_b64encode(nonce + sealed).decode()}"

    def unseal(self, sealed: str, context: str) -> str:
        try:
            version, id, text = sealed.split(".")
            raw = urlsafe_b64decode(text)
            if version != VERSION:
                raise ValueError(version)
            key = AESGCM(self._keys[id])
            return key.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _associated(id, context)).decode()
        except (ValueError, KeyError, InvalidTag):
            raise Forbidden("The secret cannot be opened here.", korean="이 비밀 값은 여기서 열 수 없습니다.") from None

    def rotate(self) -> None:
        """Seal with a new key from now on; the older ones keep opening what they sealed."""
        lines = [_line(os.urandom(KEY_BYTES)), *map(_line, self._keys.values())]
        replace(self._path, "".join(lines).encode())
        self._keys = self._load()

    def derived(self, purpose: str) -> bytes:
        """A key for something else, such as signing links; it changes when the key is rotated.  (RFC 5869)"""
        key = next(iter(self._keys.values()))
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(key)

    def _load(self) -> dict[str, bytes]:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._path.exists():
                _create(self._path)
            if stat.S_IMODE(self._path.stat().st_mode) & 0o077:
                raise Unavailable(f"Others can read {self._path}: run chmod 600 on it.")
            return parsed(self._path.read_text())
        except OSError as error:
            raise Unavailable(f"The key file {self._path} cannot be used: {error.strerror}") from error


def parsed(text: str) -> dict[str, bytes]:
    """The keys of a key file by their ids; raises Unavailable for anything else."""
    try:
        keys = [urlsafe_b64decode(line) for line in text.split()]
    except ValueError:
        keys = []
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise Unavailable("The key file is damaged.")
    return {sha256(key).hexdigest()[:8]: key for key in keys}


def _create(path: Path) -> None:
    try:
        write_new(path, [_line(os.urandom(KEY_BYTES)).encode()])
    except FileExistsError:
        return  # another process was faster: its key is the key


def _line(key: bytes) -> str:
    return urlsafe_b64encode(key).decode() + "\n"


def _associated(id: str, context: str) -> bytes:
    return f"{VERSION}\n{id}\n{context}".encode()

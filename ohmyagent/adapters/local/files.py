"""Files in a folder, with signed links that the platform itself serves."""

import hmac
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from ohmyagent.adapters.keys import check_key
from ohmyagent.adapters.local.durable import write_new
from ohmyagent.domain.errors import AlreadyExists, Forbidden, Invalid, NotFound, Unavailable

CHUNK = 65_536
PREFIX = "/runner/files"

Method = Literal["GET", "PUT"]


class FolderFiles:
    """`secret` signs the links; whoever serves them asks `verify` first."""

    def __init__(self, root: str | os.PathLike[str], secret: bytes, prefix: str = PREFIX) -> None:
        self._root = Path(root)
        self._secret = secret
        self._prefix = prefix

    def write(self, key: str, body: bytes) -> None:
        """Writing the same again is no error; raises AlreadyExists for another body."""
        path = self._path(key)
        try:
            self._write_new(path, [body])
        except FileExistsError:
            if self.read(key) != body:
                raise AlreadyExists(f"{key} has another content.") from None

    def receive(self, key: str, parts: Iterable[bytes]) -> None:
        """Keep a body as it comes, never all of it in memory; its key ends with its digest.

        Writing the same again is no error; raises Invalid for a body with another digest, which leaves nothing behind.
        """
        with suppress(FileExistsError):
            self._write_new(self._path(key), _checked(parts, key.rpartition("/")[2]))

    def _write_new(self, path: Path, parts: Iterable[bytes]) -> None:
        """Raises FileExistsError, Unavailable, and what `parts` raises."""
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_new(path, parts, by_way_of=self._root)
        except FileExistsError:
            raise
        except OSError as error:
            raise _unavailable(error) from error

    def read(self, key: str) -> bytes:
        with self.open(key) as chunks:
            return b"".join(chunks)

    @contextmanager
    def open(self, key: str) -> Iterator[Iterator[bytes]]:
        try:
            file = self._path(key).open("rb")
        except FileNotFoundError:
            raise NotFound(f"There is no {key}.") from None
        except OSError as error:
            raise _unavailable(error) from error
        with file:
            yield iter(lambda: file.read(CHUNK), b"")

    def keys(self) -> list[str]:
        """Of every body there is."""
        found = (path for path in self._root.rglob("*~") if path.is_file())
        return sorted(path.relative_to(self._root).as_posix().removesuffix("~") for path in found)

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        path = self._path(key)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _unavailable(error) from error
        self._prune(path.parent)

    def _prune(self, folder: Path) -> None:
        """Remove folders that are empty now: their names are users' and agents' ids."""
        with suppress(OSError):
            while folder != self._root:
                folder.rmdir()
                folder = folder.parent

    def listed(self, prefix: str) -> Iterator[str]:
        check_key(prefix.rstrip("/"))
        for folder, _, names in os.walk(self._root / prefix.rstrip("/")):
            for name in names:
                if name.endswith("~"):
                    yield (Path(folder) / name.removesuffix("~")).relative_to(self._root).as_posix()

    def upload_url(self, key: str, length: int, expires: datetime) -> str:
        return self._url("PUT", key, length, int(expires.timestamp()))

    def download_url(self, key: str, expires: datetime) -> str:
        return self._url("GET", key, 0, int(expires.timestamp()))

    def verify(self, method: Method, key: str, length: int, expires: int, signature: str, now: datetime) -> None:
        """Whether a link with these values was given out and still holds; raises Forbidden.

        `length` is that of the link (0 for a download); comparing it with the body is left to whoever reads the body.
        """
        self._path(key)
        if not hmac.compare_digest(
            self._signature(method, key, length, expires).encode(), signature.encode(errors="replace")
        ):
            raise Forbidden("The link is not valid.", korean="올바른 링크가 아닙니다.")
        if now.timestamp() >= expires:
            raise Forbidden("The link has expired.", korean="링크가 만료되었습니다.")

    def _url(self, method: Method, key: str, length: int, expires: int) -> str:
        self._path(key)
        signature = self._signature(method, key, length, expires)
        query = urlencode({"expires": expires, "length": length, "signature": signature})
        return f"{self._prefix}/{key}?{query}"

    def _signature(self, method: Method, key: str, length: int, expires: int) -> str:
        return hmac.new(self._secret, f"{method}\n{key}\n{length}\n{expires}".encode(), sha256).hexdigest()

    def _path(self, key: str) -> Path:
        """Keys cannot hold `~`, so the mark tells the file `a` from the folder `a` of `a/b`."""
        check_key(key)
        return self._root / f"{key}~"


def _checked(parts: Iterable[bytes], digest: str) -> Iterator[bytes]:
    """The parts as they come; raises Invalid at their end when that is not their digest."""
    seen = sha256()
    for part in parts:
        seen.update(part)
        yield part
    if seen.hexdigest() != digest:
        raise Invalid.of("body", "does not have the digest of the link")


def _unavailable(error: OSError) -> Unavailable:
    return Unavailable(f"The file cannot be kept: {error.strerror}")

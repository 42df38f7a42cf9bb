"""A plain-HTTP request to the sandbox's proxy, read by the letter (RFC 9112) and kept in parts.

What goes on is put together anew from these parts, so whatever two readers could read in two ways is refused here:
two lengths, a length beside chunks, chunk extensions, trailers, folded lines, line ends of their own kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from ohmyagent.reach import Refusal

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
LINE = re.compile(rb"([A-Z]+) (?i:http)://([^/?#]*)([!-\"$-~]*) HTTP/1\.([01])")
AUTHORITY = re.compile(r"([A-Za-z0-9.-]{1,253})(?::(\d{1,5}))?")
NAME = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
VALUE = re.compile(rb"[\t -~\x80-\xff]*")
CHUNK = re.compile(rb"[0-9A-Fa-f]{1,8}")
CONNECTION = frozenset(
    {
        "connection", "host", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect", "keep-alive",
        "proxy-connection", "proxy-authorization", "proxy-authenticate",
    }
)  # fmt: skip
PIECE = 1 << 16
CHUNK_LINE = 16


class Source(Protocol):
    """A socket, as far as it is read."""

    def recv(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Plain:
    """One request: `length` of its body in bytes, None when it comes in chunks; headers of the connection left out."""

    method: str
    host: str
    port: int
    path: str
    length: int | None
    expects: bool
    """The client waits for `100 Continue` before it sends the body."""
    chunks_back: bool
    """The client understands an answer in chunks."""
    headers: list[tuple[str, str]] = field(repr=False)


def parsed(head: bytes) -> Plain:
    """The request whose head this is, without its empty line.  Raises Refusal."""
    line, *rest = head.split(b"\r\n")
    found = LINE.fullmatch(line)
    if found is None:
        raise Refusal("only CONNECT and addresses with http:// are served")
    method, path, minor = found[1].decode(), found[3].decode() or "/", found[4]
    host, port = _authority(found[2].decode("latin-1"))
    if method not in METHODS:
        raise Refusal("method not served")
    headers = [_header(text) for text in rest]
    return Plain(
        method, host, port, path if path.startswith("/") else "/" + path, _length(headers, minor),
        any(name == "expect" and value.lower() == "100-continue" for name, value in headers),
        minor == b"1", _passed(headers),
    )  # fmt: skip


def body(request: Plain, begun: bytes, source: Source) -> Iterator[bytes]:
    """The body in pieces, `begun` being what was read of it with the head.  Raises Refusal, OSError."""
    reader = _Reader(begun, source)
    if request.length is not None:
        yield from reader.exactly(request.length)
        return
    while size := _chunk_size(reader.line()):
        yield from reader.exactly(size)
        if reader.line():
            raise Refusal("a chunk that does not end")
    if reader.line():
        raise Refusal("trailers are not served")


def _authority(text: str) -> tuple[str, int]:
    if "@" in text:
        raise Refusal("an address must hold no name and password")
    found = AUTHORITY.fullmatch(text)
    if found is None:
        raise Refusal("no host")
    return found[1].lower().rstrip("."), int(found[2] or 80)


def _header(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    if not colon or not NAME.fullmatch(name) or not VALUE.fullmatch(value):
        raise Refusal("a header that is malformed")
    return name.decode("ascii").lower(), value.strip(b" \t").decode("latin-1")


def _length(headers: list[tuple[str, str]], minor: bytes) -> int | None:
    lengths = [value for name, value in headers if name == "content-length"]
    codings = [value.lower() for name, value in headers if name == "transfer-encoding"]
    hosts = [value for name, value in headers if name == "host"]
    if len(lengths) + len(codings) > 1 or len(hosts) > 1:
        raise Refusal("a request that can be read in two ways")
    if codings:
        if codings != ["chunked"] or minor == b"0":
            raise Refusal("only chunks are served as transfer encoding")
        return None
    if lengths and not (lengths[0].isascii() and lengths[0].isdigit() and len(lengths[0]) <= 12):
        raise Refusal("a length that is no number")
    return int(lengths[0]) if lengths else 0


def _passed(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without what belongs to the connection, also by the client's own word (RFC 9110, 7.6.1)."""
    named = {word.strip().lower() for name, value in headers if name == "connection" for word in value.split(",")}
    return [(name, value) for name, value in headers if name not in CONNECTION | named]


def _chunk_size(line: bytes) -> int:
    if not CHUNK.fullmatch(line):
        raise Refusal("a chunk without a plain size")
    return int(line, 16)


class _Reader:
    """Bytes of a connection, those first that were read too far."""

    def __init__(self, begun: bytes, source: Source) -> None:
        self._held, self._source = begun, source

    def line(self) -> bytes:
        while b"\r\n" not in self._held:
            if len(self._held) > CHUNK_LINE:
                raise Refusal("a chunk without a plain size")
            self._held += self._more(CHUNK_LINE)
        line, _, self._held = self._held.partition(b"\r\n")
        return line

    def exactly(self, size: int) -> Iterator[bytes]:
        while size:
            piece = self._held[:size] or self._more(min(size, PIECE))
            self._held = self._held[len(piece) :]
            size -= len(piece)
            yield piece

    def _more(self, size: int) -> bytes:
        piece = self._source.recv(size)
        if not piece:
            raise OSError("the request broke off")
        return piece

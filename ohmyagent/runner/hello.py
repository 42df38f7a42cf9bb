"""The server name that a TLS client asks for, from its first message (RFC 8446 section 4.1.2, RFC 6066 section 3)."""

from __future__ import annotations

import socket

HANDSHAKE_RECORD = 22
CLIENT_HELLO = 1
RECORD_HEADER = 5
MESSAGE_HEADER = 4
HELLO_BYTES = 64 << 10
SERVER_NAME = 0
HOST_NAME = 0
VERSION_AND_RANDOM = 34


def server_name(client: socket.socket) -> tuple[bytes, str | None]:
    """What the client sent first, and the name in it: None when it does not speak TLS.

    Raises ValueError when it speaks TLS and names nobody, or breaks off; the text is the reason.
    """
    raw = _at_least(client, b"", 1)
    if raw[0] != HANDSHAKE_RECORD:
        return raw, None
    message = b""
    read = 0
    while len(message) < MESSAGE_HEADER or len(message) < MESSAGE_HEADER + int.from_bytes(message[1:4], "big"):
        raw = _at_least(client, raw, read + RECORD_HEADER)
        if raw[read] != HANDSHAKE_RECORD:
            raise ValueError("a TLS hello that breaks off")
        end = read + RECORD_HEADER + int.from_bytes(raw[read + 3 : read + 5], "big")
        raw = _at_least(client, raw, end)
        message += raw[read + RECORD_HEADER : end]
        read = end
    try:
        name = _name(message)
    except IndexError as error:
        raise ValueError("a TLS hello that is malformed") from error
    if name is None:
        raise ValueError("a TLS hello without a server name")
    return raw, name


def _at_least(client: socket.socket, raw: bytes, size: int) -> bytes:
    if size > HELLO_BYTES:
        raise ValueError("a TLS hello that is too long")
    while len(raw) < size:
        part = client.recv(16 << 10)
        if not part:
            raise ValueError("the client said nothing")
        raw += part
    return raw


class _Reader:
    """Vectors of TLS's presentation language, in order; IndexError past the end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def more(self) -> bool:
        return self._at < len(self._data)

    def take(self, size: int) -> bytes:
        if self._at + size > len(self._data):
            raise IndexError
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def vector(self, width: int) -> bytes:
        return self.take(self.number(width))


def _name(message: bytes) -> str | None:
    reader = _Reader(message)
    if reader.number(1) != CLIENT_HELLO:
        return None
    hello = _Reader(reader.vector(3))
    hello.take(VERSION_AND_RANDOM)
    for width in (1, 2, 1):  # session id, cipher suites, compression methods
        hello.vector(width)
    extensions = _Reader(hello.vector(2))
    while extensions.more:
        kind, content = extensions.number(2), extensions.vector(2)
        if kind == SERVER_NAME:
            names = _Reader(_Reader(content).vector(2))
            if names.number(1) == HOST_NAME:
                return names.vector(2).decode("ascii", "replace").lower().rstrip(".")
    return None

"""The client's half of the WebSocket protocol (RFC 6455), for binary messages, without extensions.

No input or output: bytes that came go in, events come out; who calls it owns the connection.
"""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import ssl
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
CONTROL = 0x8
CONTROL_BYTES = 125
FRAME_BYTES = 1 << 20
HEAD_BYTES = 16 << 10
NORMAL, GOING_AWAY, PROTOCOL_ERROR, UNSUPPORTED, TOO_BIG = 1000, 1001, 1002, 1003, 1009
NO_STATUS = 1005
# Codes that may be sent; 1004 to 1006 and 1015 stand for what was never said (section 7.4).
SENDABLE = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})


class BrokenProtocol(Exception):
    """The server did not keep to the protocol; `code` is what it is told at the end."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        super().__init__(text)


class Rejected(Exception):
    """The server answered the handshake with another status than 101; the text is the answer's first line of body."""

    def __init__(self, status: int, reason: str) -> None:
        self.status, self.reason = status, reason
        super().__init__(f"{status}: {reason}")


@dataclass(frozen=True)
class Data:
    """A piece of a binary message, of at least one byte."""

    payload: bytes


@dataclass(frozen=True)
class Empty:
    """A whole binary message without a byte."""


@dataclass(frozen=True)
class Ping:
    """To be answered by a pong with the same payload."""

    payload: bytes


@dataclass(frozen=True)
class Closed:
    """The server closes; to be answered by a close, if none was sent.  Nothing follows."""

    code: int


Event = Data | Empty | Ping | Closed


class Frames:
    """Bytes of a server as events, strictly."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._message: int | None = None
        """Bytes so far of the message that is under way, as it comes in fragments."""
        self._closed = False

    def feed(self, part: bytes) -> Iterator[Event]:
        """What became complete.  Raises BrokenProtocol; nothing may be fed afterwards."""
        self._waiting += part
        while not self._closed and (frame := self._frame()):
            yield from self._event(*frame)

    def _frame(self) -> tuple[bool, int, bytes] | None:
        """Final, opcode and payload of the next frame, once it is whole; it is taken out of what waits."""
        raw = self._waiting
        if len(raw) < 2:
            return None
        final, opcode = _first(raw[0])
        size, start = self._extent(opcode, final)
        if start is None or len(raw) < start + size:
            return None
        payload = bytes(raw[start : start + size])
        del raw[: start + size]
        return final, opcode, payload

    def _extent(self, opcode: int, final: bool) -> tuple[int, int | None]:
        """Size of the payload and where it begins; no beginning while the size is not known."""
        raw = self._waiting
        if raw[1] & 0x80:
            raise BrokenProtocol(PROTOCOL_ERROR, "a masked frame from a server")
        size, start = raw[1], 2
        if opcode & CONTROL and (size > CONTROL_BYTES or not final):
            raise BrokenProtocol(PROTOCOL_ERROR, "a control frame that is long or in fragments")
        if size > CONTROL_BYTES:
            width, least = (2, 126) if size == 126 else (8, 1 << 16)
            start += width
            if len(raw) < start:
                return 0, None
            size = int.from_bytes(raw[2:start], "big")
            if size < least:
                raise BrokenProtocol(PROTOCOL_ERROR, "a length that is not in its shortest form")
        if size > FRAME_BYTES:
            raise BrokenProtocol(TOO_BIG, "a frame that is too long")
        return size, start

    def _event(self, final: bool, opcode: int, payload: bytes) -> Iterator[Event]:
        if opcode == CLOSE:
            self._closed = True
            yield Closed(_close_code(payload))
        elif opcode == PING:
            yield Ping(payload)
        elif opcode in (BINARY, CONTINUATION):
            yield from self._piece(final, opcode, payload)
        elif opcode == TEXT:
            raise BrokenProtocol(UNSUPPORTED, "a text message")

    def _piece(self, final: bool, opcode: int, payload: bytes) -> Iterator[Event]:
        if (opcode == CONTINUATION) != (self._message is not None):
            raise BrokenProtocol(PROTOCOL_ERROR, "fragments out of order")
        size = (self._message or 0) + len(payload)
        self._message = None if final else size
        if payload:
            yield Data(payload)
        elif final and not size:
            yield Empty()


def _first(byte: int) -> tuple[bool, int]:
    opcode = byte & 0x0F
    if byte & 0x70:
        raise BrokenProtocol(PROTOCOL_ERROR, "a reserved bit")
    if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
        raise BrokenProtocol(PROTOCOL_ERROR, "an unknown kind of frame")
    return bool(byte & 0x80), opcode


def _close_code(payload: bytes) -> int:
    if not payload:
        return NO_STATUS
    code = int.from_bytes(payload[:2], "big")
    if len(payload) < 2 or not (code in SENDABLE or 3000 <= code <= 4999):
        raise BrokenProtocol(PROTOCOL_ERROR, "a close without a valid code")
    try:
        payload[2:].decode()
    except UnicodeDecodeError as error:
        raise BrokenProtocol(1007, "a close whose reason is no UTF-8") from error
    return code


def frame(opcode: int, payload: bytes) -> bytes:
    """A whole frame as a client sends it: masked by fresh random bytes (section 5.3)."""
    size = len(payload)
    if size <= CONTROL_BYTES:
        head = struct.pack(">BB", 0x80 | opcode, 0x80 | size)
    elif size < 1 << 16:
        head = struct.pack(">BBH", 0x80 | opcode, 0x80 | 126, size)
    else:
        head = struct.pack(">BBQ", 0x80 | opcode, 0x80 | 127, size)
    mask = os.urandom(4)
    return head + mask + _masked(payload, mask)


def close_frame(code: int) -> bytes:
    return frame(CLOSE, code.to_bytes(2, "big"))


def _masked(payload: bytes, mask: bytes) -> bytes:
    """As one large number, which is a hundred times as fast as byte by byte."""
    size = len(payload)
    whole = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(size, "big")


def connect(url: str, headers: Mapping[str, str], seconds: float) -> tuple[socket.socket, bytes]:
    """An open connection after the handshake (section 4.1), and what the server sent behind its answer.

    `url` begins with http or https.  Raises Rejected, BrokenProtocol, OSError.
    """
    place = urlsplit(url)
    tls = place.scheme == "https"
    host, port = place.hostname or "", place.port or (443 if tls else 80)
    plain = socket.create_connection((host, port), seconds)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = ssl.create_default_context().wrap_socket(plain, server_hostname=host) if tls else plain
        key = base64.b64encode(os.urandom(16))
        lines = {"Host": place.netloc, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                 "Sec-WebSocket-Key": key.decode(), **headers}  # fmt: skip
        request = f"GET {place.path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        stream.sendall(request.encode("latin-1") + b"\r\n")
        return stream, _accepted(stream, key)
    except BaseException:
        plain.close()
        raise


def _accepted(stream: socket.socket, key: bytes) -> bytes:
    head, rest = b"", b""
    while not rest and b"\r\n\r\n" not in head:
        part = stream.recv(4096)
        head += part
        if not part or len(head) > HEAD_BYTES:
            raise BrokenProtocol(PROTOCOL_ERROR, "no answer to the handshake")
    head, _, rest = head.partition(b"\r\n\r\n")
    status, headers = _parsed(head)
    if status != 101:
        raise Rejected(status, _first_line(stream, headers, rest))
    expected = base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest()).decode()
    upgraded = headers.get("upgrade", "").lower() == "websocket" and "upgrade" in headers.get("connection", "").lower()
    unasked = {"sec-websocket-extensions", "sec-websocket-protocol"} & headers.keys()
    if not upgraded or unasked or headers.get("sec-websocket-accept") != expected:
        raise BrokenProtocol(PROTOCOL_ERROR, "an answer that is not one to this handshake")
    return rest


def _parsed(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2 or words[0] != "HTTP/1.1" or not words[1].isdigit():
        raise BrokenProtocol(PROTOCOL_ERROR, "an answer that is no HTTP")
    pairs = (line.partition(":") for line in lines)
    return int(words[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}


def _first_line(stream: socket.socket, headers: Mapping[str, str], begun: bytes) -> str:
    """Of a short body whose length was announced; empty otherwise."""
    length = headers.get("content-length", "0")
    size = min(int(length), HEAD_BYTES) if length.isascii() and length.isdigit() else 0
    while len(begun) < size and (part := stream.recv(4096)):
        begun += part
    return begun[:size].decode("utf-8", "replace").split("\n")[0].strip()

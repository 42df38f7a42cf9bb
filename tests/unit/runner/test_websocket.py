"""The WebSocket client against the library that everybody uses, and against servers that break the protocol."""

import asyncio
import os
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ohmyagent.reach import Refusal
from ohmyagent.runner import websocket
from ohmyagent.runner.tunnel import Carriage, Tunnel
from ohmyagent.runner.websocket import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    PROTOCOL_ERROR,
    TEXT,
    BrokenProtocol,
    Closed,
    Data,
    Empty,
    Frames,
    Ping,
)  # fmt: skip

Handler = Callable[[ServerConnection], Awaitable[None]]


@contextmanager
def serving(
    handler: Handler, answer: Callable[[ServerConnection, Request], Response | None] | None = None
) -> Iterator[str]:
    """The address of a real server that does with each connection what `handler` says."""
    started, urls, stop = threading.Event(), [], []

    async def main() -> None:
        stop.append((asyncio.get_running_loop(), asyncio.Event()))
        async with serve(handler, "127.0.0.1", 0, process_request=answer, compression="deflate") as server:
            urls.append(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/egress")
            started.set()
            await stop[0][1].wait()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    assert started.wait(60)
    try:
        yield urls[0]
    finally:
        stop[0][0].call_soon_threadsafe(stop[0][1].set)
        thread.join(60)


def dialled(url: str) -> socket.socket:
    stream = Tunnel(url, "model-token", "runner-token").dial("example.com", 443)
    stream.settimeout(60)
    return stream


def everything(stream: socket.socket) -> bytes:
    parts = []
    while part := stream.recv(1 << 16):
        parts.append(part)
    return b"".join(parts)


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


def raw(opcode: int, payload: bytes = b"", final: bool = True, head: int = 0, mask: bool = False) -> bytes:
    size = len(payload)
    length = struct.pack(">B", size) if size < 126 else struct.pack(">BH", 126, size)
    if mask:
        return bytes([0x80 | opcode, 0x80 | size]) + b"\0\0\0\0" + payload
    return bytes([(0x80 if final else 0) | head | opcode]) + length + payload


@pytest.mark.parametrize("size", [1, 125, 126, 127, 65_535, 65_536, 1_000_000, 5_000_001])
def test_what_is_sent_comes_back_whatever_its_length(size: int) -> None:
    sent = os.urandom(size)
    with serving(echo) as url, closing(dialled(url)) as stream:
        threading.Thread(target=lambda: (stream.sendall(sent), stream.shutdown(socket.SHUT_WR))).start()
        assert everything(stream) == sent


def test_the_tokens_and_the_host_are_in_the_handshake_and_no_extension_is_asked_for() -> None:
    seen = []

    def look(connection: ServerConnection, request: Request) -> None:
        seen.append((request.path, {name.lower(): value for name, value in request.headers.raw_items()}))

    with serving(echo, look) as url, closing(dialled(url)):
        path, headers = seen[0]
    assert path == "/egress/example.com/443"
    assert headers["authorization"] == "Bearer model-token"
    assert headers["oma-runner-token"] == "runner-token"
    assert not {"sec-websocket-extensions", "sec-websocket-protocol", "origin"} & headers.keys()


def test_fragments_with_pings_between_them_are_one_stream() -> None:
    async def fragments(connection: ServerConnection) -> None:
        async def pieces():  # type: ignore[no-untyped-def]
            for piece in (b"one ", b"", b"two ", b"three"):
                yield piece
                pong = await connection.ping(b"still there?")
                await pong

        await connection.send(pieces())
        await connection.send(b"")
        await connection.wait_closed()

    with serving(fragments) as url, closing(dialled(url)) as stream:
        assert everything(stream) == b"one two three"


def test_one_direction_may_end_before_the_other() -> None:
    async def count(connection: ServerConnection) -> None:
        size = 0
        while message := await connection.recv():
            size += len(message)
        await connection.send(f"{size} bytes".encode())
        await connection.send(b"")
        await connection.wait_closed()

    with serving(count) as url, closing(dialled(url)) as stream:
        stream.sendall(bytes(100_000))
        stream.shutdown(socket.SHUT_WR)
        assert everything(stream) == b"100000 bytes"


def test_a_server_that_closes_ends_the_stream_after_what_it_said() -> None:
    async def leave(connection: ServerConnection) -> None:
        await connection.send(b"last words")
        await connection.close(1001, "restart")

    with serving(leave) as url, closing(dialled(url)) as stream:
        assert everything(stream) == b"last words"


def test_a_text_message_ends_the_stream_and_the_server_learns_why() -> None:
    codes = []

    async def talk(connection: ServerConnection) -> None:
        await connection.send("text")
        try:
            await connection.recv()
        except ConnectionClosed as closed:
            codes.append(closed.rcvd and closed.rcvd.code)

    with serving(talk) as url, closing(dialled(url)) as stream:
        assert everything(stream) == b""
    assert codes == [1003]


def test_a_refusal_is_told_by_its_reason() -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(403, "host not allowed\n")

    with serving(echo, refuse) as url, pytest.raises(Refusal, match=r"^host not allowed$"):
        dialled(url)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n",
        b"HTTP/1.1 101 " + b"x" * 20_000,
    ],
)
def test_an_answer_that_is_none_to_this_handshake_is_a_refusal(answer: bytes) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def reply() -> None:
            with listener.accept()[0] as connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=reply)
        thread.start()
        with pytest.raises(Refusal):
            dialled(f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread.join(60)


def test_a_server_that_is_not_there_is_a_refusal() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Refusal, match="cannot be reached"):
        dialled(f"http://127.0.0.1:{port}")


def test_events_are_the_same_however_the_bytes_are_cut() -> None:
    sent = raw(BINARY, b"a" * 300, final=False) + raw(PING, b"p") + raw(CONTINUATION, b"b") + raw(BINARY) + raw(PONG)
    sent += raw(CLOSE, struct.pack(">H", 1001) + b"bye") + raw(BINARY, b"never")
    expected = [Data(b"a" * 300), Ping(b"p"), Data(b"b"), Empty(), Closed(1001)]
    for step in (1, 2, 3, 7, len(sent)):
        frames = Frames()
        found = [event for at in range(0, len(sent), step) for event in frames.feed(sent[at : at + step])]
        assert found == expected


@pytest.mark.parametrize(
    ("name", "sent", "code"),
    [
        ("a reserved bit", raw(BINARY, b"x", head=0x40), PROTOCOL_ERROR),
        ("an unknown opcode", raw(0x3, b"x"), PROTOCOL_ERROR),
        ("an unknown control opcode", raw(0xB), PROTOCOL_ERROR),
        ("a masked frame", raw(BINARY, b"x", mask=True), PROTOCOL_ERROR),
        ("a ping in fragments", raw(PING, b"x", final=False), PROTOCOL_ERROR),
        ("a long ping", raw(PING, b"x" * 126), PROTOCOL_ERROR),
        ("a continuation of nothing", raw(CONTINUATION, b"x"), PROTOCOL_ERROR),
        ("a message within a message", raw(BINARY, b"x", final=False) + raw(BINARY, b"y"), PROTOCOL_ERROR),
        ("a length of two bytes that fits into one", bytes([0x82, 126, 0, 125]) + bytes(125), PROTOCOL_ERROR),
        ("a length of eight bytes that fits into two", bytes([0x82, 127]) + struct.pack(">Q", 65_535), PROTOCOL_ERROR),
        ("a length beyond all", bytes([0x82, 127]) + struct.pack(">Q", 1 << 63), websocket.TOO_BIG),
        ("a frame of 2 MB", bytes([0x82, 127]) + struct.pack(">Q", 2 << 20), websocket.TOO_BIG),
        ("text", raw(TEXT, b"x"), websocket.UNSUPPORTED),
        ("a close of one byte", raw(CLOSE, b"x"), PROTOCOL_ERROR),
        ("a close that says it was lost", raw(CLOSE, struct.pack(">H", 1006)), PROTOCOL_ERROR),
        ("a close with bad UTF-8", raw(CLOSE, struct.pack(">H", 1000) + b"\xff"), 1007),
    ],
)
def test_what_breaks_the_protocol_is_seen_and_named(name: str, sent: bytes, code: int) -> None:
    with pytest.raises(BrokenProtocol) as broken:
        list(Frames().feed(sent))
    assert broken.value.code == code, name


def test_a_frame_that_breaks_the_protocol_ends_a_tunnel() -> None:
    near, agent = socket.socketpair()
    far, server = socket.socketpair()
    thread = threading.Thread(target=Carriage(near, far).run, args=(raw(BINARY, b"before") + raw(0x3),))
    thread.start()
    with agent, server:
        agent.settimeout(60)
        assert everything(agent) == b"before"
        thread.join(60)
        assert not thread.is_alive()
        said = server.recv(100)
    assert said[0] == 0x80 | CLOSE
    assert bytes(byte ^ said[2 + at % 4] for at, byte in enumerate(said[6:8])) == struct.pack(">H", PROTOCOL_ERROR)


def test_a_flood_of_pings_is_not_kept_in_memory() -> None:
    near, agent = socket.socketpair()
    far, server = socket.socketpair()
    carriage = Carriage(near, far)
    threading.Thread(target=carriage.run, args=(b"",), daemon=True).start()
    server.settimeout(0.5)
    flood = raw(PING, b"x" * 125) * 100_000
    with agent, server, pytest.raises(TimeoutError):
        server.sendall(flood)


def test_no_two_frames_have_the_same_mask() -> None:
    masks = {websocket.frame(BINARY, b"same")[2:6] for _ in range(100)}
    assert len(masks) == 100

"""The short way out, over real sockets: in order, and no further than a reader reads."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from websockets.asyncio.client import connect

from ohmyagent.chat.event_stream import TOO_SLOW, EventStream
from ohmyagent.chat.frames import Frame, Mailbox, push_of
from ohmyagent.chat.wire import Protocol, Streams

Application = Callable[[Any, Any, Any], Awaitable[None]]
PATIENCE = 60.0
CEILING = 64 * 2**20
"""Bytes.  The kernel holds some megabytes for a reader that does not read; we hold little."""


@asynccontextmanager
async def serving(application: Application, http: type[Streams] = Streams) -> AsyncIterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application, interface="asgi3", http=http, ws=Protocol, ws_per_message_deflate=False, lifespan="off",
        access_log=False, log_config=None, timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([listener]))
    try:
        await until(lambda: server.started)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)


def streaming(mailbox: Mailbox, pushes: list[Frame]) -> Application:
    """An event stream; what goes the short way is noted."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await EventStream(mailbox, {}, lambda frame: frame.text == "last", lambda: None)(scope, receive, send)

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        push = push_of(scope)
        assert push is not None

        def noted(frame: Frame) -> bool:
            done = push(frame)
            if done:
                pushes.append(frame)
            return done

        scope["extensions"] = {"ohmyagent.push": noted}
        await application(scope, receive, send)

    return noting


async def request(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
    return reader, writer


def body_of(answer: bytes) -> bytes:
    """What stands in the chunks; the answer must have ended."""
    _, _, rest = answer.partition(b"\r\n\r\n")
    found = b""
    while True:
        size, _, rest = rest.partition(b"\r\n")
        if int(size, 16) == 0:
            return found
        found, rest = found + rest[: int(size, 16)], rest[int(size, 16) + 2 :]


def test_words_and_kept_events_come_in_order_whichever_way_they_went():
    async def story() -> tuple[bytes, list[str]]:
        mailbox, pushes = Mailbox(), list[Frame]()
        async with serving(streaming(mailbox, pushes)) as port:
            reader, writer = await request(port)
            await reader.readuntil(b"\r\n\r\n")
            for number in range(30):
                mailbox.put(Frame(number if number % 5 == 0 else None, f"{number}"))
                if number % 3 == 0:
                    await asyncio.sleep(0.01)
            await until(lambda: mailbox.empty)
            mailbox.put(Frame(99, "last"))
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n0\r\n\r\n"), PATIENCE)
            writer.close()
        return body_of(b"\r\n\r\n" + answer), [frame.text for frame in pushes]

    body, pushed = asyncio.run(story())
    said = [line[6:].decode() for line in body.splitlines() if line.startswith(b"data: ")]
    assert said == [*map(str, range(30)), "last", "{}"]
    assert pushed, "nothing went the short way"


def test_a_reader_that_does_not_read_is_told_that_it_was_too_slow():
    async def story() -> tuple[int, bytes]:
        mailbox, pushes = Mailbox(), list[Frame]()
        async with serving(streaming(mailbox, pushes)) as port:
            reader, writer = await request(port)
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            put = 0
            while not mailbox.overflown and put < CEILING:
                frame = Frame(None, "x" * 100_000)
                mailbox.put(frame)
                put += len(frame.text)
                await asyncio.sleep(0)
            assert mailbox.overflown
            writer.transport.resume_reading()  # type: ignore[attr-defined]
            answer = await asyncio.wait_for(_all(reader), PATIENCE)
            writer.close()
        return put, body_of(b"\r\n\r\n" + answer)

    put, body = asyncio.run(story())
    assert put < CEILING
    assert TOO_SLOW.encode() in body[-200:]


def test_a_connection_that_nobody_reads_goes_when_its_stream_was_given_up():
    gone = asyncio.Event()

    class Hasty(Streams):
        farewell_seconds = 0.05

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            gone.set()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * (CEILING // 2), "more_body": True})
        raise TimeoutError

    async def story() -> None:
        async with serving(application, Hasty) as port:
            _, writer = await request(port)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            async with asyncio.timeout(PATIENCE):
                await gone.wait()
            writer.close()

    asyncio.run(story())


def test_a_socket_takes_no_more_the_short_way_than_its_reader_reads():
    pushed = [0]
    done = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        push = push_of(scope)
        assert push is not None
        while push(Frame(None, f"{pushed[0]} " + "x" * 100_000)) and pushed[0] < 1_000:
            pushed[0] += 1
            await asyncio.sleep(0)
        done.set()
        while (await receive())["type"] != "websocket.disconnect":
            continue

    async def story() -> list[str]:
        async with (
            serving(application) as port,
            connect(f"ws://127.0.0.1:{port}/", max_queue=1, max_size=None, compression=None) as opened,
        ):
            async with asyncio.timeout(PATIENCE):
                await done.wait()
                return [str(await opened.recv()).partition(" ")[0] for _ in range(pushed[0])]

    said = asyncio.run(story())
    assert 0 < pushed[0] < 1_000
    assert said == [str(number) for number in range(pushed[0])]


async def _all(reader: asyncio.StreamReader) -> bytes:
    found = b""
    while not found.endswith(b"\r\n0\r\n\r\n"):
        piece = await reader.read(2**20)
        assert piece, "the answer broke off"
        found += piece
    return found

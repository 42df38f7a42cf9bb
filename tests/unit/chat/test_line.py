"""The way to the gateway: what was read before a break still comes, and each break has its name."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from ohmyagent.chat.inside import Inside
from ohmyagent.chat.line import Line
from ohmyagent.designer.model import Answer, Model, ModelCutOff, ModelFailed

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def event(kind: str, **data: object) -> bytes:
    raw = f"event: {kind}\ndata: {json.dumps({'type': kind} | data)}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(raw), raw)


def word(text: str) -> bytes:
    return event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


OPENING = event("content_block_start", index=0, content_block={"type": "text", "text": ""})
ENDING = (
    event("content_block_stop", index=0)
    + event("message_delta", delta={"stop_reason": "end_turn"})
    + event("message_stop")
    + b"0\r\n\r\n"
)


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def asked(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return head + await reader.readexactly(length)


async def heard(url: str, said: list[str], *, silence: float = 30.0, rest: float = 0.0) -> Answer | None:
    """The answer, and in `said` the text as it came."""
    model = Model(url, silence=silence, retries=0, http=lambda: httpx2.AsyncClient(transport=Line()), rest=lambda: rest)
    try:
        async for piece in model.stream("t", "m", "", [{"role": "user", "content": "?"}], max_tokens=9):
            if isinstance(piece, Answer):
                return piece
            said.append(piece)
    finally:
        await model.aclose()
    return None


def test_words_come_in_order_and_a_second_call_uses_the_connection_again():
    requests: list[bytes] = []
    connections: list[None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(None)
        for _ in range(2):
            requests.append(await asked(reader))
            writer.write(HEAD + OPENING + word("하나 ") + word("둘 "))
            await writer.drain()
            writer.write(word("셋") + ENDING)
            await writer.drain()

    async def story() -> list[str]:
        async with serving(serve) as url:
            model = Model(url, retries=0, http=lambda: httpx2.AsyncClient(transport=Line()), rest=lambda: 0.01)
            said = []
            for _ in range(2):
                pieces = [p async for p in model.stream("t", "m", "", [{"role": "user", "content": "?"}], max_tokens=9)]
                assert isinstance(pieces[-1], Answer)
                said.append("".join(str(piece) for piece in pieces[:-1]))
            await model.aclose()
            return said

    assert asyncio.run(story()) == ["하나 둘 셋"] * 2
    assert len(connections) == 1
    assert all(
        request.lower().count(b"content-length:") == request.lower().count(b"host:") == 1 for request in requests
    )


def test_what_was_said_before_the_connection_broke_is_heard():
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        writer.write(HEAD + OPENING + word("하나 ") + word("둘 "))
        await writer.drain()

    async def story(said: list[str]) -> None:
        async with serving(serve) as url:
            await heard(url, said, rest=0.3)

    said: list[str] = []
    with pytest.raises(ModelCutOff):
        asyncio.run(story(said))
    assert "".join(said) == "하나 둘 "


def test_what_was_said_before_an_error_event_is_heard():
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        wrong = event("error", error={"type": "api_error", "message": "?"})
        writer.write(HEAD + OPENING + word("하나 ") + wrong + b"0\r\n\r\n")
        await writer.drain()

    async def story(said: list[str]) -> None:
        async with serving(serve) as url:
            await heard(url, said)

    said: list[str] = []
    with pytest.raises(ModelFailed):
        asyncio.run(story(said))
    assert said == ["하나 "]


@pytest.mark.parametrize("begun", [True, False])
def test_a_gateway_that_falls_silent_is_left(begun: bool):
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        if begun:
            writer.write(HEAD + OPENING + word("하나 "))
        await reader.read()  # until the other side has left

    async def story() -> None:
        async with serving(serve) as url:
            await heard(url, [], silence=0.8)

    with pytest.raises(ModelCutOff if begun else ModelFailed):
        asyncio.run(story())


def test_a_gateway_that_is_not_there_is_a_named_problem():
    async def story() -> None:
        async with serving(lambda reader, writer: asyncio.sleep(0)) as url:
            pass
        await heard(url, [])

    with pytest.raises(ModelFailed):
        asyncio.run(story())


class Gateway:
    """In this process.  It says its pieces, then ends, fails, or waits until nobody reads; `gone` notes that."""

    def __init__(self, *pieces: bytes, then: str = "end") -> None:
        self._pieces = pieces
        self._then = then
        self.asked: list[bytes] = []
        self.paths: list[str] = []
        self.sent = 0
        self.gone = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.paths.append(scope["path"])
        self.asked.append((await receive())["body"])
        if self._then == "silence":
            await self._until_gone(receive)
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            self.sent += 1
        if self._then == "end":
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        elif self._then == "wait":
            await self._until_gone(receive)
        else:
            raise ValueError("the gateway failed")

    async def _until_gone(self, receive: Any) -> None:
        assert (await receive())["type"] == "http.disconnect"
        self.gone.set()


def plain(chunks: bytes) -> bytes:
    """The body of these chunks."""
    found = b""
    while chunks:
        size, _, rest = chunks.partition(b"\r\n")
        found, chunks = found + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return found


def beside(gateway: Gateway, silence: float = 30.0) -> Model:
    return Model(
        "http://gateway.example.com/gateway", silence=silence, retries=0,
        http=lambda: httpx2.AsyncClient(transport=Inside(gateway)),
    )  # fmt: skip


async def told(model: Model) -> tuple[str, bool, Exception | None]:
    """What was said, whether it was whole, and how it failed."""
    said, whole = "", False
    try:
        async for piece in model.stream("t", "m", "", [{"role": "user", "content": "?"}], max_tokens=9):
            whole = whole or isinstance(piece, Answer)
            said += piece if isinstance(piece, str) else ""
    except ModelFailed as error:
        return said, whole, error
    return said, whole, None


def test_a_gateway_in_the_same_process_is_called_as_one_behind_a_socket_would_be():
    gateway = Gateway(plain(OPENING), plain(word("하나 ") + word("둘")), plain(ENDING))
    assert asyncio.run(told(beside(gateway))) == ("하나 둘", True, None)
    assert gateway.paths == ["/gateway/v1/messages"]
    assert json.loads(gateway.asked[0])["stream"] is True


def test_a_gateway_in_the_same_process_that_fails_leaves_what_it_said():
    said, whole, error = asyncio.run(told(beside(Gateway(plain(OPENING + word("하나 ")), then="fail"))))
    assert (said, whole, type(error)) == ("하나 ", False, ModelCutOff)


@pytest.mark.parametrize("then", ["wait", "silence"])
def test_a_gateway_in_the_same_process_learns_that_it_is_left(then: str):
    async def story() -> tuple[str, Exception | None]:
        gateway = Gateway(plain(OPENING + word("하나 ")), then=then)
        said, _, error = await told(beside(gateway, silence=0.2))
        async with asyncio.timeout(30):
            await gateway.gone.wait()
        return said, error

    said, error = asyncio.run(story())
    assert isinstance(error, ModelFailed)
    assert said == ("하나 " if then == "wait" else "")


def test_a_gateway_in_the_same_process_is_held_back_by_who_does_not_read():
    pieces = [plain(OPENING), *[plain(word("x" * 10_000))] * 50, plain(ENDING)]

    async def story() -> tuple[int, str]:
        gateway = Gateway(*pieces)
        model = beside(gateway)
        stream = model.stream("t", "m", "", [{"role": "user", "content": "?"}], max_tokens=9)
        said = str(await anext(stream))
        for _ in range(100):
            await asyncio.sleep(0)
        held = gateway.sent
        async for piece in stream:
            said += piece if isinstance(piece, str) else ""
        return held, said

    held, said = asyncio.run(story())
    assert held < 25
    assert said == "x" * 500_000


def test_nothing_that_waits_to_be_said_in_the_same_process_is_forgotten():
    """A ping may wait beside a piece of an answer."""

    async def two(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
        said = ({"type": "http.response.body", "body": body, "more_body": True} for body in (b"piece", b"ping"))
        await asyncio.gather(*(send(message) for message in said))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def story() -> bytes:
        async with (
            asyncio.timeout(30),
            httpx2.AsyncClient(transport=Inside(two)) as client,
            client.stream("POST", "http://gateway.example.com/", content=b"") as answer,
        ):
            for _ in range(10):
                await asyncio.sleep(0)
            return await answer.aread()

    assert asyncio.run(story()) == b"x" * 100_000 + b"pieceping"

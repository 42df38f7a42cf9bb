"""The way to the gateway: what was read before a break still comes, and each break has its name."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from ohmyagent.chat import line
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
    model = Model(url, silence=silence, retries=0, http=line.client, rest=lambda: rest)
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
            model = Model(url, retries=0, http=line.client, rest=lambda: 0.01)
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
            await heard(url, [], silence=0.3)

    with pytest.raises(ModelCutOff if begun else ModelFailed):
        asyncio.run(story())


def test_a_gateway_that_is_not_there_is_a_named_problem():
    async def story() -> None:
        async with serving(lambda reader, writer: asyncio.sleep(0)) as url:
            pass
        await heard(url, [])

    with pytest.raises(ModelFailed):
        asyncio.run(story())

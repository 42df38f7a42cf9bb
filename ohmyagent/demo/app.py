"""The demo model as an ASGI application.  It keeps nothing between requests: the conversation says where it stands."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ohmyagent.demo.acting import reply_to
from ohmyagent.demo.conversation import Conversation
from ohmyagent.demo.reply import KIND_TOOL, MODEL, Failure, encoded, error, events, message, tokens

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PACE = 0.015
"""Seconds between two words, so that a live log is seen to be live."""
LARGEST = 32 * 1024 * 1024


class DemoModel:
    """Works under any prefix."""

    def __init__(self, pace: float = PACE) -> None:
        self._pace = pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await _live(receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1008})
        path, method = str(scope["path"]), scope["method"]
        if method == "POST" and path.endswith("/v1/messages/count_tokens"):
            return await self._count(receive, send)
        if method == "POST" and path.endswith("/v1/messages"):
            return await self._message(receive, send)
        if method == "GET" and path.endswith("/health"):
            return await _json(send, 200, {"status": "ok", "model": MODEL})
        return await _refuse(send, 404, "not_found_error", "The demo model has POST /v1/messages.")

    async def _count(self, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if _request(body) is None:
            return await _refuse(send, 400, "invalid_request_error", "The body is not a JSON object.")
        return await _json(send, 200, {"input_tokens": tokens(body or b"")})

    async def _message(self, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is not None and len(body) > LARGEST:
            return await _refuse(send, 413, "request_too_large", "The request is too large.")
        request = _request(body)
        if request is None:
            return await _refuse(send, 400, "invalid_request_error", "The body is not a JSON object.")
        conversation = Conversation.of(request)
        reply = reply_to(conversation)
        stream = request.get("stream") is True
        if isinstance(reply, Failure):
            return await (_stream_error(send, reply) if stream else _answer_error(send, reply))
        whole = message(reply, tokens(body or b""), asked_for_kind=KIND_TOOL in conversation.tools)
        return await (self._stream(send, whole) if stream else _json(send, 200, whole))

    async def _stream(self, send: Send, whole: dict[str, Any]) -> None:
        await _start_stream(send)
        for event in events(whole):
            if event[0] == "content_block_delta" and self._pace:
                await asyncio.sleep(self._pace)
            await send({"type": "http.response.body", "body": encoded(event), "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _start_stream(send: Send) -> None:
    headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _stream_error(send: Send, failure: Failure) -> None:
    """An error event before the message begins: the CLI then ends the run at once, with this text as the reason."""
    await _start_stream(send)
    await send({"type": "http.response.body", "body": encoded(("error", error(failure.text)))})


async def _answer_error(send: Send, failure: Failure) -> None:
    await _json(send, 500, error(failure.text), (b"x-should-retry", b"false"))


async def _refuse(send: Send, status: int, kind: str, text: str) -> None:
    await _json(send, status, {"type": "error", "error": {"type": kind, "message": text}})


async def _json(send: Send, status: int, value: dict[str, Any], *headers: tuple[bytes, bytes]) -> None:
    body = json.dumps(value).encode()
    sized = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": sized})
    await send({"type": "http.response.body", "body": body})


async def _body(receive: Receive) -> bytes | None:
    """The body, read no further than just past the limit; None when the client is gone."""
    pieces, size, more = [], 0, True
    while more and size <= LARGEST:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        pieces.append(event.get("body", b""))
        size += len(pieces[-1])
        more = event.get("more_body", False)
    return b"".join(pieces)


def _request(body: bytes | None) -> dict[str, Any] | None:
    try:
        request = json.loads(body or b"")
    except (ValueError, RecursionError):
        return None
    return request if isinstance(request, dict) else None


async def _live(receive: Receive, send: Send) -> None:
    while True:
        event = await receive()
        await send({"type": f"{event['type']}.complete"})
        if event["type"] == "lifespan.shutdown":
            return

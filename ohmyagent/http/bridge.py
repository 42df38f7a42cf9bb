"""The Flask application as ASGI, for the server of one machine."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextlib import nullcontext
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from flask import Flask
from werkzeug.exceptions import ClientDisconnected

from ohmyagent.http.bodies import DEFAULT_LIMIT

BUFFER = DEFAULT_LIMIT
SILENCE = 20.0
"""Seconds without a byte of a body, and then it is taken for broken off."""
LONGEST = 300.0
"""Seconds that a body may take."""
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


def asgi(flask: Flask, threads: int, silence: float = SILENCE) -> Application:
    """Serve `flask` in threads.  A body that breaks off is refused, never taken for whole; one in chunks is read.

    A small body is waited for here, so that whoever sends slowly holds no thread; large ones never hold more than half.
    """
    large = asyncio.Semaphore(max(1, threads // 2))
    # the casts: a2wsgi's own protocol types are narrower
    bridge = cast(Application, WSGIMiddleware(cast(Any, _ended(flask)), workers=threads))

    async def application(scope: Message, receive: Receive, send: Send) -> None:
        whole = _whole(receive, silence)
        try:
            received = await _start_of_body(whole)
        except ClientDisconnected:
            return
        more = not received or received[-1].get("more_body", False)
        async with large if more else nullcontext():
            await bridge(scope, _replayed(received, whole), send)

    return application


async def _start_of_body(receive: Receive) -> list[Message]:
    """The messages up to the body's end or a long silence, or to BUFFER bytes of a larger one.

    Raises ClientDisconnected.
    """
    messages: list[Message] = []
    size = 0
    while size <= BUFFER:
        try:
            message = await receive()
        except Silent:
            break  # whoever reads on is told so, and answers
        messages.append(message)
        size += len(message.get("body", b""))
        if not message.get("more_body", False):
            break
    return messages


def _replayed(messages: list[Message], receive: Receive) -> Receive:
    waiting = iter(messages)

    async def replayed() -> Message:
        message = next(waiting, None)
        return await receive() if message is None else message

    return replayed


class Silent(ClientDisconnected):
    """The rest of a body did not come in time."""


def _whole(receive: Receive, silence: float) -> Receive:
    """a2wsgi reads a body only when it is wanted, and takes a disconnect for its end."""
    left = LONGEST

    async def received() -> Message:
        nonlocal left
        loop = asyncio.get_running_loop()
        if left <= 0:
            raise Silent()
        begun = loop.time()
        try:
            async with asyncio.timeout(min(silence, left)):
                message = await receive()
        except TimeoutError:
            left = 0
            raise Silent() from None
        left -= loop.time() - begun
        if message["type"] == "http.disconnect":
            raise ClientDisconnected()
        return message

    return received


def _ended(flask: Flask) -> Callable[..., Iterable[bytes]]:
    """Flask reads a body without a length only from a server that says that it ends it."""

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if "CONTENT_LENGTH" not in environ:
            environ["wsgi.input_terminated"] = True
        return flask(environ, start_response)

    return application

"""The Flask application as ASGI, for the server of one machine."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from flask import Flask
from werkzeug.exceptions import ClientDisconnected

from ohmyagent.http.bodies import DEFAULT_LIMIT

BUFFER = DEFAULT_LIMIT
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


def asgi(flask: Flask, threads: int) -> Application:
    """Serve `flask` in threads.  A body that breaks off is refused, never taken for whole; one in chunks is read.

    A small body is waited for here, so that whoever sends slowly holds no thread.
    """
    # the casts: a2wsgi's own protocol types are narrower
    bridge = cast(Application, WSGIMiddleware(cast(Any, _ended(flask)), workers=threads))

    async def application(scope: Message, receive: Receive, send: Send) -> None:
        whole = _whole(receive)
        try:
            received = await _start_of_body(whole)
        except ClientDisconnected:
            return
        await bridge(scope, _replayed(received, whole), send)

    return application


async def _start_of_body(receive: Receive) -> list[Message]:
    """The messages up to the body's end, or to BUFFER bytes of a larger one.  Raises ClientDisconnected."""
    messages: list[Message] = []
    size = 0
    while size <= BUFFER:
        message = await receive()
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


def _whole(receive: Receive) -> Receive:
    """a2wsgi reads a body only when it is wanted, and takes a disconnect for its end."""

    async def received() -> Message:
        message = await receive()
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

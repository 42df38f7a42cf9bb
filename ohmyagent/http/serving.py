"""A group of routes as one function of functions-framework."""

import io
from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Flask, Request
from werkzeug.wrappers import Response

from ohmyagent.http.app import application
from ohmyagent.http.context import Platform
from ohmyagent.http.guards import WsgiGuard

CHUNK = 2**16
LEFT_OVER = 2**20
"""So much of a body that nobody wanted is still taken, as most clients listen only when they have sent theirs."""


def serve(request: Request, group: str, platform: Callable[[], Platform]) -> Response:
    """Answer with the routes of `group`.  `platform` is first called here, in the worker, never at import.

    The edge and the sign-in see the headers before anything of the body is read; then the route reads what it takes.
    """
    body = _Body(request.environ["wsgi.input"], request.content_length)
    answer = Response.from_app(_guarded(group, platform), {**request.environ, "wsgi.input": body})
    left = LEFT_OVER
    while left > 0 and (part := body.read(min(CHUNK, left))):
        left -= len(part)
    # the framework reads the body again after the answer: all of it, or into an error where it has been read
    request.environ["wsgi.input"] = io.BytesIO()
    request.environ["CONTENT_LENGTH"] = "0"
    return answer


class _Body(io.RawIOBase):
    """A request's body as it comes; it knows its end, which not every server's stream does."""

    def __init__(self, source: Any, length: int | None) -> None:
        self._source, self._left = source, length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wanted = len(buffer) if self._left is None else min(len(buffer), self._left)
        part = self._source.read(wanted) if wanted else b""
        buffer[: len(part)] = part
        if self._left is not None:
            self._left -= len(part)
        return len(part)


@cache
def _guarded(group: str, platform: Callable[[], Platform]) -> WsgiGuard:
    return WsgiGuard(_application(group, platform).wsgi_app, platform())


@cache
def _application(group: str, platform: Callable[[], Platform]) -> Flask:
    return application(platform(), (group,))

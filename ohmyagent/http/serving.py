"""A group of routes as one function of functions-framework."""

import io
from collections.abc import Callable
from functools import cache

from flask import Flask, Request
from werkzeug.wrappers import Response

from ohmyagent.http.app import application
from ohmyagent.http.context import Platform
from ohmyagent.http.guards import WsgiGuard
from ohmyagent.http.operations import largest_body

CHUNK = 2**16


def serve(request: Request, group: str, platform: Callable[[], Platform]) -> Response:
    """Answer with the routes of `group`.  `platform` is first called here, in the worker, never at import."""
    flask = _application(group, platform)
    environ = dict(request.environ)
    body = _body(request, largest_body(flask.view_functions.values()) + 1)
    # the framework reads the body again after the answer: without an end of its own that ends in an error
    request.environ["wsgi.input"] = io.BytesIO(body)
    request.environ["CONTENT_LENGTH"] = str(len(body))
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return Response.from_app(_guarded(group, platform), environ)


def _body(request: Request, most: int) -> bytes:
    """At most so many bytes of the body: one more than any route takes makes it too large there."""
    source = request.environ["wsgi.input"]
    length = request.content_length
    left = most if length is None else min(most, length)
    parts: list[bytes] = []
    while left > 0 and (part := source.read(min(CHUNK, left))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


@cache
def _guarded(group: str, platform: Callable[[], Platform]) -> WsgiGuard:
    return WsgiGuard(_application(group, platform).wsgi_app, platform())


@cache
def _application(group: str, platform: Callable[[], Platform]) -> Flask:
    return application(platform(), (group,))

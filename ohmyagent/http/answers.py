"""Answers, and what every answer carries."""

import json
from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack
from typing import Any
from urllib.parse import quote

from flask import Response
from pydantic import BaseModel

from ohmyagent.http.bodies import JSON
from ohmyagent.http.policy import DOWNLOAD_POLICY

BINARY = "application/octet-stream"


def answer(view: BaseModel, status: int = 200) -> Response:
    return Response(view.model_dump_json(by_alias=True), status, mimetype=JSON)


def plain(document: dict[str, Any]) -> Response:
    """What is JSON already."""
    return Response(json.dumps(document, ensure_ascii=False), mimetype=JSON)


def nothing() -> Response:
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


def attachment(name: str, body: AbstractContextManager[Iterable[bytes]], size: int | None = None) -> Response:
    """A file to save, never to show: what a run wrote is not ours.  Raises NotFound before anything is sent."""
    stack = ExitStack()
    chunks = stack.enter_context(body)
    response = Response(chunks, mimetype=BINARY)
    response.call_on_close(stack.close)
    if size is not None:
        response.content_length = size
    response.headers["Content-Disposition"] = disposition(name)
    response.headers["Content-Security-Policy"] = DOWNLOAD_POLICY
    return response


def disposition(name: str) -> str:
    """`attachment` with the name for every browser (RFC 6266 and 5987)."""
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\%' else "_" for letter in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"

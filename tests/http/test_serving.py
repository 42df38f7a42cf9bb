"""A function reads of a body what its route takes, and only once it has decided to."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from ohmyagent.http.addresses import Approach
from ohmyagent.http.edge import PACES, Kind, Pace
from ohmyagent.http.serving import LEFT_OVER, serve
from tests.http.world import Api

HUGE = 50_000_000
FORM = "multipart/form-data; boundary=b"
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'


class Sent(io.RawIOBase):
    """What a client sends: `head`, then so many bytes of nothing, all of it announced."""

    def __init__(self, head: bytes, more: int = 0) -> None:
        self.length = len(head) + more
        self._head, self._more, self.read_so_far = io.BytesIO(head), more, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        found = self._head.read(len(buffer)) or bytes(min(len(buffer), self._more))
        self._more -= len(found) if self._head.tell() == len(self._head.getvalue()) and not any(found) else 0
        buffer[: len(found)] = found
        self.read_so_far += len(found)
        return len(found)


Call = Callable[..., Response]


@pytest.fixture
def call(api: Api) -> Call:
    """Ask a function as the framework does, from far away."""
    platform = replace(api.platform, approach=Approach())

    def asked(path: str, sent: Sent, token: str = "", kind: str = FORM, length: int | None = None) -> Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        builder = EnvironBuilder(path, method="POST", headers=headers)
        announced = sent.length if length is None else length
        environ = builder.get_environ() | {"wsgi.input": sent, "CONTENT_LENGTH": str(announced), "CONTENT_TYPE": kind}
        request = Request(environ)
        answer = serve(request, "agents", here)
        assert request.get_data() == b""  # what the framework does afterwards
        return answer

    def here() -> object:
        return platform

    return asked


def test_a_stranger_cannot_make_a_function_read_an_upload(call: Call) -> None:
    sent = Sent(HEAD, HUGE)
    assert call("/api/uploads", sent).status_code == 401
    assert sent.read_so_far <= LEFT_OVER


def test_who_is_too_fast_is_refused_before_the_body_is_read(
    call: Call, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PACES, Kind.COSTLY, Pace(0.001, 1))
    token = api.guest().token
    first = call("/api/uploads", Sent(HEAD + b"hello\r\n--b--\r\n"), token)
    assert first.status_code == 201, first.get_data()

    sent = Sent(HEAD, 10_000_000)
    assert call("/api/uploads", sent, token).status_code == 429
    assert sent.read_so_far <= LEFT_OVER


def test_only_uploads_may_be_large(call: Call, api: Api) -> None:
    sent = Sent(b'{"name": "', HUGE)
    assert call("/api/agents", sent, api.guest().token, "application/json").status_code == 413
    assert sent.read_so_far <= LEFT_OVER


def test_a_body_that_breaks_off_is_not_taken_for_whole(call: Call, api: Api) -> None:
    person = api.guest()
    whole = b'{"name": "half", "finalPrompt": "x"}'
    assert call("/api/agents", Sent(whole), person.token, "application/json", len(whole) + 9).status_code == 400
    assert person.get("/api/agents").json["items"] == []
    assert call("/api/agents", Sent(whole), person.token, "application/json").status_code == 201

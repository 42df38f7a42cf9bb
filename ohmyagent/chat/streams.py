"""GET /api/executions/{id}/stream: a run's log as server-sent events, live and from any point on."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from ohmyagent.chat.following import Follower, Run, inline
from ohmyagent.domain.accounts import User
from ohmyagent.domain.errors import Invalid, NotFound, Problem, Unauthenticated
from ohmyagent.domain.text import ID
from ohmyagent.http import credentials, problems
from ohmyagent.http.language import language_of
from ohmyagent.http.policy import SECURITY_HEADERS, request_id_of
from ohmyagent.ports import Store
from ohmyagent.use_cases import running, signing_in

log = structlog.get_logger()

LONGEST_SEQ = 9


class Platform(Protocol):
    """The parts of the program that streams use."""

    @property
    def store(self) -> Store: ...
    @property
    def now(self) -> Callable[[], datetime]: ...


def build(platform: Platform, run: Run = inline) -> Starlette:
    """The streaming service; `run` makes the calls to the store."""

    async def execution(request: Request) -> Response:
        id, after = _id(request), _after(request)

        def user() -> User:
            return _user(platform, request)

        def find() -> None:
            running.find(platform.store, user(), id)

        await run(find)
        follower = Follower(platform.store, id, user, run)
        log.info("stream", route="/api/executions/{id}/stream", execution=id, after=after)
        return StreamingResponse(follower.frames(after), media_type="text/event-stream", headers=_headers(request))

    service = Starlette(routes=[Route("/api/executions/{id}/stream", execution, methods=["GET"])])
    service.add_exception_handler(Problem, _refuse)
    service.add_exception_handler(HTTPException, _refuse_by_framework)
    return service


def _user(platform: Platform, request: Request) -> User:
    # two Authorization headers are as bad as a malformed one
    authorization = ",".join(request.headers.getlist("authorization")) if "authorization" in request.headers else None
    found = credentials.credential_of(authorization, request.cookies.get(credentials.COOKIE))
    if found is None:
        raise Unauthenticated()
    return signing_in.authenticate(platform.store, found.secret, platform.now())[0]


def _id(request: Request) -> str:
    id: str = request.path_params["id"]
    if not ID.match(id) or id.startswith("__"):
        raise NotFound()
    return id


def _after(request: Request) -> int:
    """The last seq the reader has: Last-Event-ID (a browser's reconnect repeats the old query) before `after`."""
    for field, text in (("Last-Event-ID", request.headers.get("last-event-id")), ("after", _only_after(request))):
        if text:
            if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_SEQ):
                raise Invalid.of(field, "must be a whole number")
            return int(text)
    return 0


def _only_after(request: Request) -> str | None:
    found = request.query_params.getlist("after")
    if len(found) > 1:
        raise Invalid.of("after", "is given twice")
    return found[0] if found else None


def _headers(request: Request) -> dict[str, str]:
    # nginx and its like would hold events back
    return {**SECURITY_HEADERS, "X-Accel-Buffering": "no", "X-Request-Id": _request_id(request)}


def _request_id(request: Request) -> str:
    if not hasattr(request.state, "request_id"):
        request.state.request_id = request_id_of(request.headers.get("x-request-id"))
    return str(request.state.request_id)


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    body = problems.document_of(error, language_of(request.headers.get("accept-language")), _request_id(request))
    headers = _headers(request) | problems.headers_of(error)
    return Response(body, problems.status_of(error), headers, problems.MEDIA_TYPE)


async def _refuse_by_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    language = language_of(request.headers.get("accept-language"))
    body = problems.framework_document(error.status_code, language, _request_id(request))
    headers = _headers(request) | dict(error.headers or {})
    return Response(body, error.status_code, headers, problems.MEDIA_TYPE)

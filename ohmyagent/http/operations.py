"""What a route takes and answers, said once: it is checked before the view runs, and the OpenAPI document reads it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any

from flask import Response, request
from pydantic import BaseModel

from ohmyagent.domain.accounts import Scope
from ohmyagent.http import bodies, context, origins
from ohmyagent.http.bodies import DEFAULT_LIMIT, JSON
from ohmyagent.http.scales import Scales

View = Callable[..., Response]

FILES = Scales()


class Access(StrEnum):
    """Who may call a route."""

    PUBLIC = "public"
    USER = "user"
    ADMIN = "admin"
    RUNNER = "runner"
    INTERNAL = "internal"


Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """A route's face.  `takes`: media type → model or JSON schema; `answers`: status → model, media type or None.

    `also`: the media type in which a caller that prefers it gets the same.
    """

    summary: str
    access: Access
    takes: Mapping[str, type[BaseModel] | Schema]
    body_optional: bool
    query: type[BaseModel] | None
    answers: Mapping[int, type[BaseModel] | str | None]
    also: str | None
    problems: tuple[int, ...]
    creates: bool
    versioned: bool
    limit: int


def operation(
    summary: str,
    *,
    answers: Mapping[int, type[BaseModel] | str | None],
    access: Access = Access.USER,
    body: type[BaseModel] | None = None,
    body_optional: bool = False,
    takes: Mapping[str, type[BaseModel] | Schema] | None = None,
    query: type[BaseModel] | None = None,
    problems: tuple[int, ...] = (),
    also: str | None = None,
    creates: bool = False,
    versioned: bool = False,
    limit: int = DEFAULT_LIMIT,
    scopes: frozenset[Scope] = frozenset(),
) -> Callable[[View], View]:
    """Describe a view, sign its caller in, and hand it the checked `body` (JSON) and `query` it asks for.

    A view with `takes` reads the body itself.  `creates`: an Idempotency-Key is honoured; `versioned`: If-Match is.
    `limit` is the largest body in bytes; `scopes` what an API key must have, by default `read` or `write` by method.
    """
    media = takes or ({JSON: body} if body is not None else {})
    described = Operation(
        summary, access, media, body_optional, query, answers, also, problems, creates, versioned, limit
    )

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(**path: Any) -> Response:
            request.max_content_length = limit
            _admit(access, scopes)
            if query is not None:
                path["query"] = bodies.query(query)
            if body is not None:
                path["body"] = bodies.valid(body, bodies.json_object(JSON, may_be_absent=body_optional))
            with FILES.holding(_weight(described)):
                return view(**path)

        checked.operation = described  # type: ignore[attr-defined]
        return checked

    return decorate


def _admit(access: Access, scopes: frozenset[Scope]) -> None:
    """Raises Unauthenticated, Forbidden, and NotFound for what only administrators have."""
    if access in (Access.USER, Access.ADMIN):
        context.signed_in(*_scopes(scopes, request.method))
    if access is Access.ADMIN:
        context.admin()
    if access is not Access.INTERNAL:  # no browser calls these, and their tokens are longer than ours
        check_origin()


def _weight(operation: Operation) -> int:
    """The bytes of a form with a file that the view will hold."""
    if bodies.MULTIPART not in operation.takes or operation.limit <= DEFAULT_LIMIT:
        return 0
    length = request.content_length
    return operation.limit if length is None else min(length, operation.limit)


def _scopes(wanted: frozenset[Scope], method: str) -> frozenset[Scope]:
    return wanted or frozenset({Scope.READ if method in origins.SAFE else Scope.WRITE})


def operation_of(view: Callable[..., Any]) -> Operation | None:
    found = getattr(view, "operation", None)
    return found if isinstance(found, Operation) else None


def check_origin() -> None:
    """What may change something must come from our own page if a cookie signs it in or a page sent it at all.

    The latter keeps other sites from signing a browser in as somebody else.  Raises Forbidden.
    """
    if request.method in origins.SAFE:
        return
    found, origin = context.credential(), request.headers.get("Origin")
    if found is None and origin is None:
        return
    if found is None or found.by_cookie:
        origins.check_origin(origin, context.app().settings.public_url, request.host)

"""The identity token of a request that only the platform itself makes."""

import re
from typing import Protocol, cast

from flask import Request, abort

from ohmyagent.domain.errors import Unauthenticated
from ohmyagent.ports import Callers

_BEARER = re.compile(r"Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)", re.IGNORECASE)


class Program(Protocol):
    """The part of the program that knows callers; only Google Cloud has it."""

    @property
    def callers(self) -> Callers: ...


def check(request: Request, callers: Callers, audience: str | None) -> None:
    """Raises Unauthenticated unless the platform's own account calls."""
    bearer = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    if bearer is None:
        raise Unauthenticated()
    callers.check(bearer[1], audience)


def check_event(request: Request, program: object) -> None:
    """The same for an event, answered with 401.  Eventarc chooses the audience, so Cloud Run alone compares it."""
    try:
        check(request, cast(Program, program).callers, None)
    except Unauthenticated:
        abort(401)

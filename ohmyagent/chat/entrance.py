"""Who may open a stream: a ticket, a session or a key as bearer; a cookie only from our own page."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from starlette.requests import HTTPConnection

from ohmyagent.chat.running import Run
from ohmyagent.domain.accounts import Scope, User
from ohmyagent.domain.errors import Forbidden, Unauthenticated
from ohmyagent.http import credentials, origins
from ohmyagent.ports import Store
from ohmyagent.settings import Settings
from ohmyagent.use_cases import ticketing


class Platform(Protocol):
    """The parts of the program that decide who comes in."""

    @property
    def settings(self) -> Settings: ...
    @property
    def store(self) -> Store: ...
    @property
    def now(self) -> Callable[[], datetime]: ...


@dataclass(frozen=True)
class Visitor:
    """Somebody who came in.  `still` asks again, now and then: whoever signs out stops reading."""

    user: User
    still: Callable[[], User]


async def visitor(platform: Platform, run: Run, connection: HTTPConnection) -> Visitor:
    """Who opens this stream by a bearer or the cookie; raises Unauthenticated, and Forbidden for another site's page.

    A cookie comes by itself, so its page is checked: always where something is sent (`POST`), and where a reading
    browser says whose page it is.
    """
    headers = connection.headers
    # two Authorization headers are as bad as a malformed one
    authorization = ",".join(headers.getlist("authorization")) if "authorization" in headers else None
    found = credentials.credential_of(authorization, connection.cookies.get(credentials.COOKIE))
    if found is None:
        raise Unauthenticated()
    if found.by_cookie:
        check_page(platform, connection, strict=connection.scope.get("method") not in origins.SAFE)
    scope = Scope.READ if connection.scope.get("method") in origins.SAFE else Scope.RUN
    return await entered(platform, run, found.secret, scope)


async def entered(platform: Platform, run: Run, credential: str, *scopes: Scope) -> Visitor:
    """Who comes with a ticket (used up by it), a session's token or a key that has the scopes.

    Raises Unauthenticated, and Forbidden for a key that lacks a scope.
    """
    entering = run(partial(ticketing.enter, platform.store, credential, platform.now(), *scopes))
    # a ticket that is used up must let somebody in: hanging up does not come in between
    entry = await asyncio.shield(asyncio.ensure_future(entering))

    def still() -> User:
        return ticketing.stayed(platform.store, entry.user.id, entry.credential_id, platform.now()).user

    return Visitor(entry.user, still)


def check_page(platform: Platform, connection: HTTPConnection, *, strict: bool) -> None:
    """Raises Forbidden when a page of another site opened this; `strict`: also when nobody says whose page it is."""
    origin = connection.headers.get("origin")
    if origin is None and not strict:
        if connection.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise Forbidden("The request comes from another site.", korean="다른 사이트에서 온 요청입니다.")
        return
    origins.check_origin(origin, platform.settings.public_url, connection.headers.get("host", ""))

"""What a request is served with: the program's parts, who asks, in which language."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, cast

from flask import current_app, g, request

from ohmyagent.domain.accounts import Scope, Session, User
from ohmyagent.domain.blocks import Counted
from ohmyagent.domain.costs import ModelTable
from ohmyagent.domain.errors import FieldError, Invalid, NotFound, Unauthenticated
from ohmyagent.domain.permissions import Action, Site, may
from ohmyagent.domain.runner import Pace, SandboxState
from ohmyagent.http import credentials
from ohmyagent.http.addresses import Approach
from ohmyagent.http.language import Language, language_of
from ohmyagent.ports import Files, Identities, Metronome, Queue, Reader, Store, Vault
from ohmyagent.settings import Settings
from ohmyagent.use_cases import guarding, signing_in
from ohmyagent.use_cases.vouching import Office

LONGEST_KEY = 200
NEVER = -1
_TAG = re.compile(r'"([0-9]{1,9})"')


class Platform(Protocol):
    """The parts of the program that the routes use, as the wiring puts them together."""

    @property
    def settings(self) -> Settings: ...
    @property
    def approach(self) -> Approach: ...
    @property
    def store(self) -> Store: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def files(self) -> Files: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def reader(self) -> Reader: ...
    @property
    def models(self) -> ModelTable: ...
    @property
    def pace(self) -> Pace: ...
    @property
    def office(self) -> Office: ...
    @property
    def identities(self) -> Identities: ...
    @property
    def cloud_rate(self) -> int | None: ...
    @property
    def metronome(self) -> Metronome | None: ...
    @property
    def gateway_url(self) -> str: ...
    @property
    def egress_url(self) -> str | None: ...
    @property
    def sandbox(self) -> SandboxState | None: ...
    @property
    def now(self) -> Callable[[], datetime]: ...
    @property
    def version(self) -> str: ...


def app() -> Platform:
    return cast(Platform, current_app.extensions["oma"])


def language() -> Language:
    return language_of(request.headers.get("Accept-Language"))


def credential() -> credentials.Credential | None:
    """What the request signs in with; raises Unauthenticated when it is not well formed."""
    cookie = request.cookies.get(credentials.COOKIE)
    return credentials.credential_of(request.headers.get("Authorization"), cookie)


def signed_in(*scopes: Scope) -> tuple[User, Session | None]:
    """Who asks, and by which session (None for an API key).

    Raises Unauthenticated; Forbidden when the request's first asking is for a scope that its key lacks.
    """
    if "signed_in" not in g:
        found = credential()
        if found is None:
            raise Unauthenticated()
        g.signed_in = signing_in.authenticate(app().store, found.secret, app().now(), *scopes)
    return cast(tuple[User, Session | None], g.signed_in)


def user() -> User:
    return signed_in()[0]


def count(what: Counted, subject: str | None = None) -> None:
    """One more of it by the request's address, or by `subject`; raises RateLimited.  Not at one's own machine."""
    approach, forwarded = app().approach, request.headers.getlist("X-Forwarded-For")
    address = approach.client(request.remote_addr, forwarded)
    if approach.at_home(address):
        return
    front = approach.front(forwarded)
    if what is Counted.GUEST and front is not None:
        guarding.count(app().store, Counted.FRONT, front, app().now())
    guarding.count(app().store, what, subject or address, app().now())


def admin() -> User:
    """Who asks, if they administer the platform; raises NotFound for everybody else."""
    found = user()
    if not may(found, Action.ADMINISTER, Site(admin_emails=app().settings.admin_emails)):
        raise NotFound()
    return found


def runner_token() -> str:
    """The token a runner speaks with; raises Unauthenticated without one."""
    found = credentials.credential_of(request.headers.get("Authorization"), None)
    if found is None:
        raise Unauthenticated()
    return found.secret


def idempotency_key() -> str | None:
    """Raises Invalid unless it is 1 to 200 visible ASCII characters."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= LONGEST_KEY and all("!" <= letter <= "~" for letter in key)):
        raise Invalid(FieldError("Idempotency-Key", f"must be 1 to {LONGEST_KEY} visible ASCII characters"))
    return key


def expected_version() -> int | None:
    """The version in If-Match, or None without one and for `*`.

    What can match no version (a weak tag, another tag, several) is a version that never is: whether the thing is
    there and the body is sound is judged first.  Source: RFC 9110, 13.2.1
    """
    tag = request.headers.get("If-Match", "*").strip()
    if tag == "*":
        return None
    found = _TAG.fullmatch(tag)
    return int(found[1]) if found else NEVER

"""People, and how they are signed in."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field

from ohmyagent.domain.errors import Forbidden, Suspended, Unauthenticated
from ohmyagent.domain.record import Instant, Record
from ohmyagent.domain.schedules import Zone
from ohmyagent.domain.text import Line, digest

SESSION_LENGTH = timedelta(days=30)
SESSION_IDLE = timedelta(days=7)
LINK_LENGTH = timedelta(hours=1)
API_KEY_PREFIX = "oma_"
MOST_API_KEYS = 20
NONCE_LENGTH = timedelta(minutes=10)
LONGEST_NAME = 80
TICKET_PREFIX = "omt_"
TICKET_LENGTH = timedelta(seconds=60)

Locale = Literal["ko", "en"]


class UserKind(StrEnum):
    GUEST = "guest"
    GOOGLE = "google"
    OWNER = "owner"


class User(Record):
    """Somebody.  `owner` is the one person of a `local` platform.

    Sessions of another `sessionEpoch` are over.  `movedTo`: the account that took a guest's work over, and the guest is
    nobody any more.
    """

    id: str
    kind: UserKind
    google_id: str | None = None
    email: str | None = None
    verified_email: bool = False
    name: Annotated[Line, Field(max_length=80)]
    picture: str | None = None
    locale: Locale = "ko"
    timezone: Zone = "Asia/Seoul"
    plan: str = "guest"
    beta_approved: bool = False
    suspended_at: Instant | None = None
    deleted_at: Instant | None = None
    session_epoch: int = 0
    moved_to: str | None = None
    created_at: Instant

    def signed_out_everywhere(self) -> Self:
        """With all sessions and unused sign-in links so far void."""
        return self.replace(session_epoch=self.session_epoch + 1)

    def able(self) -> Self:
        """Itself; raises Suspended when administrators keep this account from doing anything."""
        if self.suspended_at is not None:
            raise Suspended()
        return self


def administers(user: User, admin_emails: tuple[str, ...]) -> bool:
    """Whether somebody administers the platform: by a verified mail address, or as the owner of a local one."""
    known = user.verified_email and user.email is not None and user.email.lower() in admin_emails
    return user.kind is UserKind.OWNER or (user.kind is UserKind.GOOGLE and known)


class SessionStatus(StrEnum):
    ACTIVE = "active"
    CLOSED = "closed"


class Session(Record):
    """A signed-in browser.  Its id is the digest of the token, which only the browser has."""

    id: str
    user_id: str
    status: SessionStatus = SessionStatus.ACTIVE
    epoch: int = 0
    created_at: Instant
    seen_at: Instant
    expires_at: Instant

    @classmethod
    def opened(cls, token: str, user: User, now: datetime) -> Self:
        return cls(
            id=digest(token), user_id=user.id, epoch=user.session_epoch, created_at=now, seen_at=now,
            expires_at=now + SESSION_LENGTH,
        )  # fmt: skip

    def of_user(self, user: User) -> Self:
        """Itself; raises Unauthenticated when the user has closed all sessions since, or is nobody any more."""
        if self.epoch != user.session_epoch or user.moved_to is not None:
            raise Unauthenticated()
        return self

    def valid(self, now: datetime) -> Self:
        """Itself; raises Unauthenticated when closed, idle for too long or expired."""
        if self.status is not SessionStatus.ACTIVE or now >= self.expires_at or now >= self.seen_at + SESSION_IDLE:
            raise Unauthenticated()
        return self

    def closed(self) -> Self:
        return self.replace(status=SessionStatus.CLOSED)


class Scope(StrEnum):
    """What a key may do: look; start, stop and repeat runs and talk; change everything else."""

    READ = "read"
    RUN = "run"
    WRITE = "write"


ALL_SCOPES = frozenset(Scope)


class ApiKey(Record):
    """A key for commands and programs; its id is the digest of the key, `number` names it in addresses.

    A guest's key ends with the guest: `byGuest` keys do not sign an account in that the guest became.
    """

    id: str
    number: str | None = None
    user_id: str
    name: Annotated[Line, Field(max_length=80)]
    scopes: tuple[Scope, ...] = tuple(Scope)
    by_guest: bool = False
    created_at: Instant
    last_used_at: Instant | None = None

    def of_user(self, user: User) -> Self:
        """Itself; raises Unauthenticated when the user is not who it was made for any more."""
        if user.moved_to is not None or (self.by_guest and user.kind is not UserKind.GUEST):
            raise Unauthenticated()
        return self

    def permitting(self, scopes: Iterable[Scope]) -> Self:
        """Itself; raises Forbidden naming the first scope that it lacks."""
        lacking = next((scope for scope in scopes if scope not in self.scopes), None)
        if lacking is not None:
            raise Forbidden(
                f"This API key does not have the scope {lacking.value}.",
                korean=f"이 API 키에는 {lacking.value} 권한이 없습니다.",
            )
        return self


class SigninCode(Record):
    """A one-use link to sign a browser in; its id is the digest of the code."""

    id: str
    user_id: str
    epoch: int = 0
    expires_at: Instant


class Nonce(Record):
    """What a Google sign-in must bring back, once; `holder` is the digest of the cookie of the browser that asked."""

    id: str
    holder: str
    expires_at: Instant


class GoogleIdentity(Record):
    """Which user a Google account is.  Its id is the digest of Google's `sub`: never of a mail address."""

    id: str
    user_id: str
    created_at: Instant


class Identity(Record):
    """What Google says of whoever signed in; `nonce` is what the browser was to bring back."""

    sub: str
    nonce: str | None
    email: str | None
    verified_email: bool
    name: str | None
    picture: str | None


class Ticket(Record):
    """A pass to one stream, for one use within a minute; its id is the digest of the pass.

    `credentialId` is the session or the key that asked for it: a stream lasts no longer than that.
    """

    id: str
    user_id: str
    credential_id: str
    expires_at: Instant

"""People, and how they are signed in."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field

from ohmyagent.domain.errors import Suspended, Unauthenticated
from ohmyagent.domain.record import Instant, Record
from ohmyagent.domain.schedules import Zone
from ohmyagent.domain.text import Line, digest

SESSION_LENGTH = timedelta(days=30)
SESSION_IDLE = timedelta(days=7)
LINK_LENGTH = timedelta(hours=1)
API_KEY_PREFIX = "oma_"
TICKET_PREFIX = "omt_"
TICKET_LENGTH = timedelta(seconds=60)

Locale = Literal["ko", "en"]


class UserKind(StrEnum):
    GUEST = "guest"
    GOOGLE = "google"
    OWNER = "owner"


class User(Record):
    """Somebody.  `owner` is the one person of a `local` platform."""

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
    created_at: Instant

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
    created_at: Instant
    seen_at: Instant
    expires_at: Instant

    @classmethod
    def opened(cls, token: str, user_id: str, now: datetime) -> Self:
        return cls(id=digest(token), user_id=user_id, created_at=now, seen_at=now, expires_at=now + SESSION_LENGTH)

    def valid(self, now: datetime) -> Self:
        """Itself; raises Unauthenticated when closed, idle for too long or expired."""
        if self.status is not SessionStatus.ACTIVE or now >= self.expires_at or now >= self.seen_at + SESSION_IDLE:
            raise Unauthenticated()
        return self

    def closed(self) -> Self:
        return self.replace(status=SessionStatus.CLOSED)


class ApiKey(Record):
    """A key for commands and programs; its id is the digest of the key."""

    id: str
    user_id: str
    name: Annotated[Line, Field(max_length=80)]
    created_at: Instant
    last_used_at: Instant | None = None


class SigninCode(Record):
    """A one-use link to sign a browser in; its id is the digest of the code."""

    id: str
    user_id: str
    expires_at: Instant


class Ticket(Record):
    """A pass to one stream, for one use within a minute; its id is the digest of the pass.

    `credentialId` is the session or the key that asked for it: a stream lasts no longer than that.
    """

    id: str
    user_id: str
    credential_id: str
    expires_at: Instant

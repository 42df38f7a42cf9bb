"""Mails as they wait, go out and are kept: written with what causes them, so that neither is without the other.

queued → sending → sent | kept | failed | unknown;  queued → suppressed;
queued again when a server says later;  no_address from the start.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from ohmyagent.domain.accounts import Locale
from ohmyagent.domain.record import Instant, Record

ADMINS = "admins"
"""Whose mails those to `ADMIN_EMAILS` are: administrators read them together."""
PAUSES = (60, 300, 900, 3_600, 10_800, 21_600, 43_200)
"""Seconds before each further attempt: about a day in all."""


class MailKind(StrEnum):
    FAILED = "failed"
    DIGEST = "digest"
    RECOVERED = "recovered"
    RESULT = "result"
    MISSED = "missed"
    PAUSED = "paused"
    RESUMED = "resumed"
    BETA_RECEIVED = "beta_received"
    BETA_NOTICE = "beta_notice"
    BETA_APPROVED = "beta_approved"
    BETA_REJECTED = "beta_rejected"
    TICK_SILENT = "tick_silent"
    TICK_BACK = "tick_back"

    @property
    def is_notification(self) -> bool:
        """Whether it tells of an agent, which somebody may not want to hear; others answer somebody, or alarm."""
        return not self.value.startswith(("beta_", "tick_"))


class MailState(StrEnum):
    """`kept`: there is no mail server, so it stays where it can be read.  `suppressed`: its address
    refused mails for good, or its owner wants none.  `unknown`: it may have arrived or not."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    KEPT = "kept"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NO_ADDRESS = "no_address"
    SUPPRESSED = "suppressed"


class Fact(Record):
    """A line such as `Cost: $0.01`."""

    name: str
    value: str


class OutboxMail(Record):
    """One mail.  Its id follows from its cause, so that a cause mails once.

    `userId` is who may read it, and `subjectId` whose data stands in it when that is somebody else.
    `count` is how many events it tells of; `place` is the page's address that belongs to it; `dueAt` is when it may
    go out, `attemptAt` when its latest attempt began.  `messageId` stays the same over all attempts, so that a server
    may recognise a repetition.
    """

    id: str
    user_id: str
    subject_id: str | None = None
    agent_id: str | None = None
    execution_id: str | None = None
    kind: MailKind
    to: str | None
    language: Locale
    subject: str
    lines: tuple[str, ...]
    facts: tuple[Fact, ...] = ()
    body: str | None = None
    place: str
    count: int = 1
    state: MailState = MailState.QUEUED
    message_id: str | None = None
    attempts: int = 0
    attempt_at: Instant | None = None
    reason: str | None = None
    created_at: Instant
    due_at: Instant
    ended_at: Instant | None = None

    @property
    def untouched(self) -> bool:
        """Whether no attempt has begun: until then it may be changed or taken back."""
        return self.ended_at is None and self.attempts == 0

    def sending(self, domain: str, now: datetime) -> Self:
        """An attempt begins; from here on it may have arrived."""
        message_id = self.message_id or f"<{self.id}@{domain}>"
        attempts = self.attempts + 1
        return self.replace(state=MailState.SENDING, attempts=attempts, attempt_at=now, message_id=message_id)

    def ended(self, state: MailState, reason: str | None, now: datetime) -> Self:
        return self.replace(state=state, reason=reason, ended_at=now)

    def again(self, reason: str | None, now: datetime) -> Self:
        """Queued for a later attempt, or failed when there have been enough."""
        if self.attempts > len(PAUSES):
            return self.ended(MailState.FAILED, reason, now)
        due = now + timedelta(seconds=PAUSES[self.attempts - 1])
        return self.replace(state=MailState.QUEUED, reason=reason, due_at=due)

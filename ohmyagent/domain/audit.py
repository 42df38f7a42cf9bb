"""What administrators (and the platform itself) did, entry by entry.

None is ever changed, but for the ids of people who become others or go.
"""

from datetime import datetime
from enum import StrEnum
from typing import Self

from ohmyagent.domain.record import Instant, Record
from ohmyagent.domain.text import new_id


class Act(StrEnum):
    BETA_APPROVED = "beta_approved"
    BETA_REJECTED = "beta_rejected"
    SUSPENDED = "suspended"
    UNSUSPENDED = "unsuspended"
    PLAN_SET = "plan_set"
    SCHEDULES_PAUSED = "schedules_paused"
    SCHEDULES_RESUMED = "schedules_resumed"
    CLOCK_PAUSED = "clock_paused"
    CLOCK_RESUMED = "clock_resumed"
    BOUNCE_NOTED = "bounce_noted"
    UNBLOCKED = "unblocked"
    EXPORTED = "exported"
    ERASURE_ASKED = "erasure_asked"


class AuditEntry(Record):
    """`actorId` did `act`; `userId` is whose account it concerns, None for the platform as a whole.

    `how`: `page` or `link`.  `detail` is a slug such as a plan's name, never what a person typed.
    """

    id: str
    at: Instant
    act: Act
    actor_id: str
    how: str = "page"
    user_id: str | None = None
    detail: str | None = None

    @classmethod
    def made(
        cls, act: Act, actor_id: str, now: datetime, *, user_id: str | None = None, how: str = "page", **more: str
    ) -> Self:
        return cls(id=new_id("au"), at=now, act=act, actor_id=actor_id, user_id=user_id, how=how, **more)

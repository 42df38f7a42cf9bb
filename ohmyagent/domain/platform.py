"""What holds for the whole platform, and what people say to those who run it."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field

from ohmyagent.domain.record import Instant, Record
from ohmyagent.domain.text import Line, Remark, new_id

PRESENT = "present"
PAUSED = "platform_paused"
"""The error code of what did not run because all schedules stood still."""


class Platform(Record):
    """The switches.  While `schedulesPausedAt` is set no schedule runs; what somebody starts by hand does."""

    schedules_paused_at: Instant | None = None
    tended_until: str | None = None
    tended_at: Instant | None = None


class FeedbackRequest(Record):
    """What somebody says, and on which part of the page."""

    text: Remark
    place: Annotated[Line, Field(max_length=200)] | None = None
    mood: Literal["good", "bad"] | None = None


class Feedback(FeedbackRequest):
    """What somebody said."""

    id: str
    user_id: str
    created_at: Instant

    @classmethod
    def given(cls, said: FeedbackRequest, user_id: str, now: datetime) -> Self:
        return cls(**dict(said), id=new_id("fb"), user_id=user_id, created_at=now)


class Erasure(Record):
    """The end of an account.  Its id is a digest of the user's, whose own id stands here only until all is gone.

    `deleted`: documents and files by collection.  `cleanSince`: since when scans found nothing.
    """

    id: str
    user_id: str | None
    requested_at: Instant
    deleted: dict[str, int] = Field(default_factory=dict)
    clean_since: Instant | None = None
    finished_at: Instant | None = None
    remaining: int | None = None

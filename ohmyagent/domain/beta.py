"""Applying for the beta programme: once, then received, approved or rejected."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator

from ohmyagent.domain.errors import Conflict
from ohmyagent.domain.record import Instant, Record
from ohmyagent.domain.text import Remark, derived_id


def _given(consent: bool) -> bool:
    if not consent:
        raise ValueError("must be true: without your consent there is no application")
    return consent


class BetaStatus(StrEnum):
    RECEIVED = "received"
    APPROVED = "approved"
    REJECTED = "rejected"


class BetaRequest(Record):
    """What a person says: what for, and that what they say may be kept and read."""

    purpose: Remark
    consent: Annotated[bool, AfterValidator(_given)]


class BetaApplication(Record):
    """One person's application; its id follows from theirs."""

    id: str
    user_id: str
    purpose: str
    consent: bool
    status: BetaStatus = BetaStatus.RECEIVED
    created_at: Instant
    decided_at: Instant | None = None

    @classmethod
    def received(cls, user_id: str, wanted: BetaRequest, now: datetime) -> Self:
        return cls(
            id=application_id(user_id), user_id=user_id, purpose=wanted.purpose, consent=wanted.consent, created_at=now
        )

    def decided(self, status: BetaStatus, now: datetime) -> Self:
        """Approved or rejected.  A rejection may be taken back later; an approval raises Conflict when it would be."""
        if self.status is status:
            return self
        if self.status is BetaStatus.APPROVED:
            raise Conflict("This application has been approved.", korean="이미 승인된 신청입니다.")
        return self.replace(status=status, decided_at=now)


def application_id(user_id: str) -> str:
    return derived_id("b", user_id)

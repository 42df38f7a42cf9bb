"""Deliveries: telling somebody's address that a run has ended."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Self

from ohmyagent.domain.costs import ModelMode, TokenUsage
from ohmyagent.domain.executions import Execution, Status, Trigger
from ohmyagent.domain.record import Instant, MicroUsd, Record
from ohmyagent.domain.signatures import Keys
from ohmyagent.domain.text import derived_id

PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=8),
    timedelta(hours=8),
)
"""Between attempts, close to a day in all.  Standard Webhooks advises such a schedule."""
GONE = 410
"""The receiver wants no more."""


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Attempt(Record):
    """One try: the status of the answer, or a slug for why there was none."""

    at: Instant
    http_status: int | None = None
    error: str | None = None

    @property
    def done(self) -> bool:
        return self.http_status is not None and 200 <= self.http_status < 300


class Delivery(Record):
    """What is owed to one address for one run's end.  What is sent is read from the run, which changes no more."""

    id: str
    agent_id: str
    user_id: str
    execution_id: str
    url: str
    status: DeliveryStatus = DeliveryStatus.PENDING
    attempts: tuple[Attempt, ...] = ()
    created_at: Instant
    next_attempt_at: Instant | None

    @classmethod
    def owed(cls, execution: Execution, url: str, now: datetime) -> Self:
        """One for each execution, whose id follows from it."""
        return cls(
            id=derived_id("d", execution.id), agent_id=execution.agent_id, user_id=execution.user_id,
            execution_id=execution.id, url=url, created_at=now, next_attempt_at=now,
        )  # fmt: skip

    def attempted(self, attempt: Attempt) -> Self:
        """After one more try: done, to be tried again, or given up."""
        tried = self.replace(attempts=(*self.attempts, attempt), next_attempt_at=None)
        if attempt.done:
            return tried.replace(status=DeliveryStatus.DELIVERED)
        if attempt.http_status == GONE or len(tried.attempts) > len(PAUSES):
            return tried.replace(status=DeliveryStatus.FAILED)
        return tried.replace(next_attempt_at=attempt.at + PAUSES[len(self.attempts)])

    def given_up(self) -> Self:
        return self.replace(status=DeliveryStatus.FAILED, next_attempt_at=None)


class WebhookSecret(Record):
    """What an agent's deliveries are signed with; `id` is the agent's."""

    id: str
    user_id: str
    keys: Keys
    created_at: Instant

    @property
    def context(self) -> str:
        """What the keys are sealed for."""
        return f"webhook/{self.user_id}/{self.id}"


class LeftFile(Record):
    """A file that the run left, by its path."""

    path: str
    bytes: int


class EndedExecution(Record):
    """A run as its owner's receiver sees it."""

    id: str
    agent_id: str
    agent_version: int
    trigger: Trigger
    due_time: Instant | None
    retry_of: str | None
    retried_by: str | None
    status: Status
    created_at: Instant
    start_time: Instant | None
    end_time: Instant | None
    attempt: int
    result: str | None
    result_kind: str | None
    error_code: str | None
    error: str | None
    token_usage: TokenUsage | None
    cost_micro_usd: MicroUsd | None
    cost_partial: bool
    model: str
    model_mode: ModelMode | None
    artifacts: tuple[LeftFile, ...]

    @classmethod
    def shown(cls, execution: Execution, error: str | None) -> Self:
        """`error` in the owner's language."""
        shared = {name: getattr(execution, name) for name in cls.model_fields}
        files = tuple(LeftFile(path=file.path, bytes=file.bytes) for file in execution.artifacts)
        return cls.model_construct(**shared | {"error": error, "artifacts": files})


class Announcement(Record):
    """The body of a delivery."""

    type: Literal["execution.ended"] = "execution.ended"
    timestamp: Instant
    data: EndedExecution

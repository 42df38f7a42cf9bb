"""The cards of a conversation: what is shown as a thing that can be acted on, and never acts by itself."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field

from ohmyagent.domain.costs import TokenUsage
from ohmyagent.domain.drafts import Draft, PartialDraft
from ohmyagent.domain.executions import Execution, Host, Status
from ohmyagent.domain.record import Instant, MicroUsd, Record
from ohmyagent.domain.schedule_words import words
from ohmyagent.domain.schedules import Schedule
from ohmyagent.domain.text import Line, Text

MOST_OPTIONS = 6


class Said(Record):
    """The same in both languages."""

    ko: str
    en: str


class Range(Record):
    """Micro-dollars, from the least to the most that was measured."""

    low: MicroUsd
    high: MicroUsd

    def times(self, runs: int, most: int) -> Self:
        """For so many runs, and never more than `most`."""
        return self.replace(low=min(self.low * runs, most), high=min(self.high * runs, most))


class DraftCard(Record):
    """`agentId` is null while there is no such agent; `missing` has to be said before it can be saved."""

    revision: int
    agent_id: str | None
    agent: PartialDraft
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    saved: bool
    schedule_text: Said | None

    @classmethod
    def shown(cls, draft: Draft) -> Self:
        return cls(
            revision=draft.revision,
            agent_id=draft.agent_id if draft.base_version is not None else None,
            agent=draft.agent,
            missing=draft.agent.missing,
            changed=draft.changed,
            saved=draft.saved,
            schedule_text=said(draft.agent.schedule),
        )


class ScheduleCard(Record):
    """A schedule read back; `next` has its first five instants, fewer where no more come."""

    schedule: Schedule
    text: Said
    next: tuple[Instant, ...]
    timezone: str


class PriceCard(Record):
    """What a revision costs, in micro-dollars.  Null is not known; then the caps are all that is certain.

    `runs`: due instants of the next 31 days; `rehearsals`: how many trial runs the figures were measured by.
    """

    revision: int
    per_run: Range | None
    runs: int
    per_month: Range | None
    cap_per_run: MicroUsd
    cap_per_month: MicroUsd
    basis: Literal["rehearsal", "none"]
    rehearsals: int


class RehearsalState(StrEnum):
    PROPOSED = "proposed"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"


STATES = {
    Status.LAUNCHING: RehearsalState.QUEUED,
    Status.SKIPPED: RehearsalState.FAILED,
    Status.MISSED: RehearsalState.FAILED,
}


class Artifact(Record):
    """A file that the trial run left."""

    path: str
    bytes: int


class RehearsalCard(Record):
    """A trial run, proposed or begun.  `cap` is the most it may cost; `error` says in words why it came to nothing."""

    revision: int
    state: RehearsalState = RehearsalState.PROPOSED
    execution_id: str | None = None
    cap: MicroUsd
    seconds: int | None = None
    result: str | None = None
    result_kind: str | None = None
    error_code: str | None = None
    error: Said | None = None
    token_usage: TokenUsage | None = None
    cost_micro_usd: MicroUsd | None = None
    hosts: tuple[Host, ...] = ()
    allowable: tuple[str, ...] = ()
    """Hosts that nobody allowed.  To allow one that is allowed and could not be reached would not help."""
    artifacts: tuple[Artifact, ...] = ()

    @classmethod
    def shown(cls, execution: Execution, revision: int, now: Instant, error: Said | None) -> Self:
        end = execution.end_time or now
        return cls(
            revision=revision,
            state=STATES.get(execution.status) or RehearsalState(execution.status.value),
            execution_id=execution.id,
            cap=execution.agent.limits.max_cost_micro_usd,
            seconds=None if execution.start_time is None else max(0, int((end - execution.start_time).total_seconds())),
            result=execution.result,
            result_kind=execution.result_kind,
            error_code=execution.error_code,
            error=error,
            token_usage=execution.token_usage,
            cost_micro_usd=execution.cost_micro_usd,
            hosts=execution.hosts,
            artifacts=tuple(Artifact(path=file.path, bytes=file.bytes) for file in execution.artifacts),
        )


class AgentCard(Record):
    """A saved agent, shortly."""

    agent_id: str
    name: str
    status: str
    next_run_at: Instant | None
    schedule_text: Said | None


class Option(Record):
    """A quick reply: clicking it sends `text` as the next message."""

    label: Annotated[Line, Field(min_length=1, max_length=80)]
    text: Annotated[Text, Field(min_length=1, max_length=500)]


class ChoiceCard(Record):
    """A question with quick replies."""

    question: Annotated[Line, Field(min_length=1, max_length=300)]
    options: Annotated[tuple[Option, ...], Field(min_length=1, max_length=MOST_OPTIONS)]


def said(schedule: Schedule | None) -> Said | None:
    """A schedule in words."""
    if schedule is None:
        return None
    found = words(schedule)
    return Said(ko=found.ko, en=found.en)

"""Agents: what a person designed, version by version."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self, TypeVar

from pydantic import AfterValidator, Field

from ohmyagent.domain.costs import TokenUsage
from ohmyagent.domain.due import next_due
from ohmyagent.domain.errors import AgentRunning, Conflict, NotFound, PreconditionFailed
from ohmyagent.domain.hosts import normal_host
from ohmyagent.domain.pauses import PausedReason
from ohmyagent.domain.record import Instant, MicroUsd, Record
from ohmyagent.domain.results import ResultKind
from ohmyagent.domain.schedules import Schedule
from ohmyagent.domain.text import Instructions, Line, Name

T = TypeVar("T")
KEPT_AFTER_DELETION = timedelta(days=30)
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")


class Tool(StrEnum):
    """The CLI's tools that an agent may have."""

    BASH = "Bash"
    READ = "Read"
    WRITE = "Write"
    EDIT = "Edit"
    GLOB = "Glob"
    GREP = "Grep"
    WEB_FETCH = "WebFetch"
    WEB_SEARCH = "WebSearch"


DEFAULT_TOOLS = (Tool.BASH, Tool.READ, Tool.WRITE, Tool.EDIT)


class AgentStatus(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"


class NotifyMail(StrEnum):
    NEVER = "never"
    ON_FAILURE = "on_failure"
    ALWAYS = "always"


def _slug(text: str) -> str:
    if not SLUG.match(text):
        raise ValueError("may hold a-z, 0-9 and single hyphens only")
    return text


def _distinct(values: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))


def _webhook(url: str) -> str:
    if not re.match(r"https://[^\s/@?#]+(?:[/?#]\S*)?\Z", url):
        raise ValueError("is not an https address")
    return url


Slug = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_slug)]
Host = Annotated[str, Field(max_length=255), AfterValidator(normal_host)]
Tag = Annotated[Line, Field(min_length=1, max_length=30)]
Tools = Annotated[tuple[Tool, ...], Field(max_length=len(Tool)), AfterValidator(_distinct)]


class Network(Record):
    """Hosts the agent may reach over HTTP(S)."""

    allow: Annotated[tuple[Host, ...], Field(max_length=50), AfterValidator(_distinct)] = ()


class Limits(Record):
    """What one run, and one month, may take."""

    timeout_seconds: int = Field(default=900, ge=10, le=3600)
    max_turns: int = Field(default=30, ge=1, le=200)
    max_cost_micro_usd: int = Field(default=500_000, ge=1_000, le=100_000_000)
    monthly_cost_micro_usd: int = Field(default=5_000_000, ge=1_000, le=10_000_000_000)


class Retry(Record):
    """How often a run is repeated that ended for a reason of the platform's own, such as a machine that went down.

    A run whose model was called is repeated only with `afterCalls`: what it did by then would be done again.
    """

    times: int = Field(default=1, ge=0, le=2)
    after_calls: bool = False


class Notify(Record):
    """Who hears of a run's end."""

    email: NotifyMail = NotifyMail.ON_FAILURE
    webhook_url: Annotated[str, Field(max_length=2_000), AfterValidator(_webhook)] | None = None


class AgentDraft(Record):
    """What a person may set."""

    name: Name
    slug: Slug | None = None
    description: Annotated[Line, Field(max_length=500)] = ""
    tags: Annotated[tuple[Tag, ...], Field(max_length=10), AfterValidator(_distinct)] = ()
    color: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None
    icon: Annotated[Line, Field(min_length=1, max_length=16)] | None = None
    status: AgentStatus = AgentStatus.ACTIVE
    final_prompt: Instructions
    model: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,99}$")] = "haiku"
    tools: Tools = DEFAULT_TOOLS
    network: Network = Network()
    schedule: Schedule | None = None
    limits: Limits = Limits()
    retry: Retry = Retry()
    notify: Notify = Notify()


class LastExecution(Record):
    """How the latest run ended, for the card."""

    id: str
    status: str
    result_kind: ResultKind | None = None
    end_time: Instant | None = None


class Agent(AgentDraft):
    """A person's agent.  `activeExecutionId` is the one run that may use its workspace now.

    `nextRunAt` is the next due instant that has no document yet, `planned` the runs made ahead of their time, and
    `pausedAt` when its schedule stopped.  While `pausedReason` holds, it runs by hand only; `failures` counts its runs
    that came to nothing since the last that did not.
    """

    id: str
    slug: Slug
    user_id: str
    next_run_at: Instant | None = None
    last_execution: LastExecution | None = None
    active_execution_id: str | None = None
    planned: tuple[str, ...] = ()
    paused_at: Instant | None = None
    paused_reason: PausedReason | None = None
    failures: int = 0
    total_runs: int = 0
    successful_runs: int = 0
    total_token_usage: TokenUsage = TokenUsage()
    total_cost_micro_usd: MicroUsd = 0
    version: int = 1
    request_digest: str | None = None
    created_at: Instant
    updated_at: Instant
    deleted_at: Instant | None = None

    @classmethod
    def designed(cls, draft: AgentDraft, *, id: str, user_id: str, now: datetime) -> Self:
        """The first version.  Without a slug it gets one from its id."""
        fields = dict(draft) | {"slug": draft.slug or id.replace("_", "-").lower()}
        return cls(**fields, id=id, user_id=user_id, created_at=now, updated_at=now).clocked(None, now)

    @property
    def draft(self) -> AgentDraft:
        return AgentDraft(**{name: getattr(self, name) for name in AgentDraft.model_fields})

    def redesigned(self, draft: AgentDraft, now: datetime) -> Self:
        """The next version, of which no failure is known yet; a missing slug keeps the present one."""
        fields = dict(draft) | {"slug": draft.slug or self.slug}
        reason = None if self.paused_reason is PausedReason.FAILURES else self.paused_reason
        after = self.replace(**fields, failures=0, paused_reason=reason, version=self.version + 1, updated_at=now)
        return after.clocked(self, now)

    @property
    def scheduled(self) -> bool:
        """Whether its schedule counts now."""
        wanted = self.schedule is not None and self.status is AgentStatus.ACTIVE and self.deleted_at is None
        return wanted and self.paused_reason is None

    def halted(self, reason: PausedReason | None, now: datetime) -> Self:
        """Standing still for that reason from now on, or going on when there is none."""
        return self.replace(paused_reason=reason).clocked(self, now)

    def clocked(self, before: Self | None, now: datetime) -> Self:
        """With the clock as schedule and status want it: set anew from `now` when either changed, so that nothing
        comes due in the past, else left alone."""
        if before is not None and before.scheduled == self.scheduled and before.schedule == self.schedule:
            return self
        if not self.scheduled or self.schedule is None:
            stopped = now if before is not None and before.scheduled else self.paused_at
            return self.replace(next_run_at=None, planned=(), paused_at=stopped if self.schedule else None)
        return self.replace(next_run_at=next_due(self.schedule, now), planned=(), paused_at=None)

    def at_version(self, expected: int | None) -> Self:
        """Itself, if it is still the version the caller saw; raises PreconditionFailed."""
        if expected is not None and expected != self.version:
            raise PreconditionFailed()
        return self

    def idle(self) -> Self:
        """Itself, if no run uses it; raises AgentRunning."""
        if self.active_execution_id is not None:
            raise AgentRunning()
        return self

    def deleted(self, now: datetime) -> Self:
        return self.replace(deleted_at=now, updated_at=now).clocked(self, now)

    def restored(self, now: datetime) -> Self:
        """Back from deletion, paused; raises Conflict if it was not deleted, NotFound when it is too late."""
        if self.deleted_at is None:
            raise Conflict("The agent is not deleted.", korean="삭제된 에이전트가 아닙니다.")
        if now > self.deleted_at + KEPT_AFTER_DELETION:
            raise NotFound()
        return self.replace(deleted_at=None, updated_at=now, status=AgentStatus.PAUSED)

    def taken_by(self, execution_id: str) -> Self:
        return self.replace(active_execution_id=execution_id)

    def released_by(self, execution_id: str) -> Self:
        free = self.active_execution_id == execution_id
        return self.replace(active_execution_id=None) if free else self


class AgentVersion(Record):
    """What an agent was at one version.  `source` is the text of the file it was imported from, if it was.

    The first one is kept only when there is a second, or a source: until then the agent itself says what it is.
    """

    agent_id: str
    user_id: str
    version: int
    draft: AgentDraft
    source: str | None = None
    created_at: Instant

    @classmethod
    def of_agent(cls, agent: Agent, source: str | None, now: datetime) -> Self:
        return cls(
            agent_id=agent.id, user_id=agent.user_id, version=agent.version, draft=agent.draft, source=source,
            created_at=now,
        )  # fmt: skip

    @property
    def id(self) -> str:
        return version_id(self.agent_id, self.version)


class SlugLock(Record):
    """Kept a slug unique once; nothing reads it any more, but it goes with its user."""

    id: str
    user_id: str
    slug: str
    agent_id: str


def version_id(agent_id: str, version: int) -> str:
    return f"{agent_id}.{version:06d}"

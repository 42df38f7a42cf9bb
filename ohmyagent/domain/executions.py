"""Executions: one run each, from the request to a named end.

queued → launching → running → succeeded | failed | cancelled | timed_out;  queued → skipped | missed.
Terminal states never change.  The epoch fences owners: it rises with each launch, and a claim works once.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from ohmyagent.domain.agents import Agent, AgentDraft
from ohmyagent.domain.conversations import USAGE_AGENT
from ohmyagent.domain.costs import Model, ModelMode, TokenUsage
from ohmyagent.domain.errors import Conflict, Forbidden, Gone, NotFound, StaleEpoch
from ohmyagent.domain.record import Instant, MicroUsd, Record
from ohmyagent.domain.results import ResultKind, ResultKindSource
from ohmyagent.domain.text import Text, digest
from ohmyagent.domain.usage import Ledger

TOKEN_MARGIN = timedelta(minutes=5)
"""How much longer than its hard deadline a run's model token lives."""


class Status(StrEnum):
    QUEUED = "queued"
    LAUNCHING = "launching"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    SKIPPED = "skipped"
    MISSED = "missed"


ENDED = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.TIMED_OUT, Status.SKIPPED, Status.MISSED})
OWNED = frozenset({Status.LAUNCHING, Status.RUNNING})


class Trigger(StrEnum):
    MANUAL = "manual"
    SCHEDULE = "schedule"
    WEBHOOK = "webhook"
    CHAT = "chat"
    RETRY = "retry"


class Host(Record):
    """A host the run tried, and whether it might."""

    host: Annotated[str, Field(max_length=255)]
    allowed: bool
    requests: int = Field(ge=0)


class StoredFile(Record):
    """A file by its content; `path` is relative, with `/`."""

    path: Annotated[Text, Field(min_length=1, max_length=1_000)]
    bytes: int = Field(ge=0, le=2**40)
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Lease(Record):
    """Until when its owner counts as alive without a word; the hard deadline ends it in any case."""

    expires_at: Instant
    deadline: Instant


class Span(Record):
    """Due instants that share one document: the first, the last, and how many (None: not counted)."""

    since: Instant
    until: Instant
    count: int | None = Field(default=None, ge=1)


class ExecutionRequest(Record):
    """`input` is data for this run: it reaches the agent as a file, never as instructions."""

    input: Annotated[Text, Field(max_length=256_000)] | None = None


class ExecutionInput(Record):
    """The input of one run, a document of its own: with it an execution could outgrow the store's documents."""

    id: str
    user_id: str
    text: str


class Purse(Record):
    """What a run's ledger begins with, kept from the claim until its first model call writes the ledger."""

    token_digest: str
    models: tuple[str, ...]
    cap: MicroUsd
    expires_at: Instant


class Execution(Record):
    """One run.  `errorCode` is a slug, `error` a sentence in both languages.

    A launch of one has no document of its own: its id is the run's.
    `handle` is what its runner said of itself, `task` its number there.
    `talkId` names the conversation that it answers in; its input then is the person's message.
    A rehearsal is a trial run of a draft, asked for in a conversation: it works on a copy of the workspace of which
    nothing is kept, and its agent, which need not exist, is never touched by it.
    """

    id: str
    agent_id: str
    agent_version: int
    agent: AgentDraft
    user_id: str
    trigger: Trigger
    rehearsal: bool = False
    conversation_id: str | None = None
    uploads: tuple[str, ...] = ()
    launch_id: str
    launch_index: int = 0
    due_time: Instant | None = None
    span: Span | None = None
    retry_of: str | None = None
    retried_by: str | None = None
    start_after: Instant | None = None
    talk_id: str | None = None
    has_input: bool = False
    request_digest: str | None = None
    status: Status = Status.QUEUED
    created_at: Instant
    start_time: Instant | None = None
    end_time: Instant | None = None
    attempt: int = 1
    epoch: int = 0
    nonce_digest: str | None = None
    claim_digest: str | None = None
    token_digest: str | None = None
    handle: str | None = None
    task: int = 0
    purse: Purse | None = None
    lease: Lease | None = None
    cancel_requested_at: Instant | None = None
    result: str | None = None
    result_kind: ResultKind | None = None
    result_kind_source: ResultKindSource | None = None
    error_code: str | None = None
    error: str | None = None
    token_usage: TokenUsage | None = None
    cost_micro_usd: MicroUsd | None = None
    cost_partial: bool = False
    model: str
    model_mode: ModelMode | None
    hosts: tuple[Host, ...] = ()
    artifacts: tuple[StoredFile, ...] = ()
    notes: tuple[str, ...] = ()
    sandbox: dict[str, Any] | None = None
    last_seq: int = 0

    @classmethod
    def queued(cls, agent: Agent, model: Model | None, *, id: str, trigger: Trigger, now: datetime) -> Self:
        """A run of the agent as it is now, alone in its launch.  Without a model it can only be closed."""
        return cls(
            id=id, agent_id=agent.id, agent_version=agent.version, agent=agent.draft, user_id=agent.user_id,
            trigger=trigger, launch_id=id, created_at=now,
            model=model.id if model else agent.model, model_mode=model.mode if model else None,
        )  # fmt: skip

    @classmethod
    def rehearsed(
        cls, draft: AgentDraft, model: Model, *, id: str, agent_id: str, version: int, user_id: str,
        conversation_id: str, uploads: tuple[str, ...], now: datetime,
    ) -> Self:  # fmt: skip
        """A trial run of a draft for a conversation, alone in its launch."""
        return cls(
            id=id, agent_id=agent_id, agent_version=version, agent=draft, user_id=user_id, trigger=Trigger.CHAT,
            rehearsal=True, conversation_id=conversation_id, uploads=uploads, launch_id=id,
            created_at=now,
            model=model.id, model_mode=model.mode,
        )  # fmt: skip

    @property
    def account(self) -> str:
        """In whose row of the user's month its cost is booked: its agent's, or that of conversations."""
        return USAGE_AGENT if self.rehearsal else self.agent_id

    @property
    def waits(self) -> bool:
        return self.status is Status.QUEUED

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def attended(self) -> bool:
        """Somebody is there and sees how it ends: no mail says so, and a failure says nothing of the agent."""
        return self.talk_id is not None

    @property
    def came_to_nothing(self) -> bool:
        """It failed, took too long, or says itself that something kept it from its work; a retry may yet do it."""
        if self.retried_by is not None:
            return False
        return self.status in (Status.FAILED, Status.TIMED_OUT) or self.result_kind is ResultKind.BLOCKED

    @property
    def came_to_something(self) -> bool:
        return self.status is Status.SUCCEEDED and not self.came_to_nothing

    def is_due(self, now: datetime) -> bool:
        """Whether its instant has come, if it has one: runs are made ahead of it, retries before their pause."""
        return all(instant is None or instant <= now for instant in (self.due_time, self.start_after))

    def repeated(self, id: str, start_after: datetime, now: datetime) -> Self:
        """Another attempt at the same: the agent as it was, the same input, under its own id."""
        return type(self)(
            id=id, agent_id=self.agent_id, agent_version=self.agent_version, agent=self.agent, user_id=self.user_id,
            trigger=Trigger.RETRY, launch_id=id, retry_of=self.id, start_after=start_after,
            has_input=self.has_input, created_at=now, attempt=self.attempt + 1, model=self.model,
            model_mode=self.model_mode,
        )  # fmt: skip

    def launching(self, nonce: str, expires: datetime, deadline: datetime) -> Self:
        """Its launch is under way, for whoever knows the nonce; raises Gone unless it was queued."""
        if self.status is not Status.QUEUED:
            raise Gone()
        return self.replace(
            status=Status.LAUNCHING, epoch=self.epoch + 1, nonce_digest=digest(nonce),
            lease=Lease(expires_at=expires, deadline=deadline),
        )  # fmt: skip

    def reached(self, nonce: str, handle: str, task: int) -> Self:
        """With where its runner is, if that launch is still under way."""
        known = self.status is Status.LAUNCHING and self.nonce_digest == digest(nonce)
        return self.replace(handle=handle, task=task) if known else self

    def requeued(self) -> Self:
        """Back to the queue: its launch came to nothing before anybody claimed it."""
        if self.status is not Status.LAUNCHING:
            raise Gone()
        return self.replace(status=Status.QUEUED, nonce_digest=None, handle=None, lease=None)

    def claimed(
        self,
        nonce: str,
        token: str,
        now: datetime,
        lease: timedelta,
        *,
        claim_id: str | None = None,
        handle: str | None = None,
        task: int = 0,
    ) -> Self:
        """It belongs to the holder of `token` from now on; the same `claim_id` may claim it again.

        Raises NotFound for a wrong nonce, Conflict if another has claimed it, Gone if it has ended.
        """
        if self.nonce_digest is None or not compare_digest(self.nonce_digest, digest(nonce)):
            raise NotFound()
        again = claim_id is not None and self.claim_digest == digest(claim_id)
        if self.token_digest is not None and not again:
            raise Conflict("This execution has been claimed.", korean="이미 시작된 실행입니다.")
        if self.ended or self.cancel_requested_at is not None:
            raise Gone()
        timeout = timedelta(seconds=self.agent.limits.timeout_seconds)
        deadline = now + timeout + timedelta(seconds=60)
        return self.replace(
            status=Status.RUNNING, start_time=self.start_time or now, token_digest=digest(token),
            handle=handle or self.handle, task=task if handle else self.task,
            claim_digest=digest(claim_id) if claim_id else None,
            lease=Lease(expires_at=now + lease, deadline=self.lease.deadline if again and self.lease else deadline),
        )  # fmt: skip

    def funded(self, model_token: str, models: tuple[str, ...], cap: int) -> Self:
        """With what its runner may spend; a run whose lease has begun."""
        assert self.lease is not None
        expires = self.lease.deadline + TOKEN_MARGIN
        return self.replace(
            purse=Purse(token_digest=digest(model_token), models=models, cap=max(0, cap), expires_at=expires)
        )

    @property
    def ledger(self) -> Ledger | None:
        """Its ledger before the first model call; None before the claim."""
        if self.purse is None:
            return None
        return Ledger(
            id=self.id, user_id=self.user_id, agent_id=self.agent_id, epoch=self.epoch, **dict(self.purse)
        )  # fmt: skip

    def held_by(self, token: str, epoch: int) -> Self:
        """Itself, for the runner that owns it; raises Forbidden, StaleEpoch or Gone."""
        if self.token_digest is None or not compare_digest(self.token_digest, digest(token)):
            raise Forbidden("This token is not valid for the execution.")
        if epoch != self.epoch:
            raise StaleEpoch()
        if self.ended:
            raise Gone()
        return self

    def renewed(self, now: datetime, lease: timedelta) -> Self:
        assert self.lease is not None
        return self.replace(lease=self.lease.replace(expires_at=now + lease))

    def cancelling(self, now: datetime) -> Self:
        """Somebody asked to stop it: at once while it waits, else by its runner; raises Gone when it has ended."""
        if self.ended:
            raise Gone("The run has ended already.", korean="이미 끝난 실행입니다.")
        if self.status is Status.QUEUED:
            return self.closed(Status.CANCELLED, now)
        return self if self.cancel_requested_at else self.replace(cancel_requested_at=now)

    def closed(self, status: Status, now: datetime, **found: Any) -> Self:
        """Its end, once; raises Gone when it has one."""
        if self.ended:
            raise Gone()
        return self.replace(status=status, end_time=now, lease=None, **found)


LAUNCH = "l"
"""The prefix of ids of launches that have a document; any other is a run's, which is alone in its launch."""


class Launch(Record):
    """Runs that start in one transaction.  The nonce is kept hashed; that a run is claimed once is kept with the run.

    `places` are those of its runs that the last start began, in the order of their tasks; without any, all of them.
    `offset` is the first of these tasks among all that one call started.
    """

    id: str
    executions: tuple[str, ...]
    created_at: Instant
    nonce_digest: str | None = None
    places: tuple[int, ...] = ()
    handle: str | None = None
    offset: int = 0

    def started(self, nonce: str, places: tuple[int, ...]) -> Self:
        """A new attempt for some of its runs, with its own nonce."""
        return self.replace(nonce_digest=digest(nonce), places=places, handle=None, offset=0)

    @staticmethod
    def is_document(id: str) -> bool:
        """Whether a launch of that id has one: a run that is alone in its launch has not."""
        return id.startswith(f"{LAUNCH}_")

    def run(self, nonce: str, task: int) -> str:
        """The id of the run that the task is for; raises NotFound for a wrong nonce or task."""
        if self.nonce_digest is None or not compare_digest(self.nonce_digest, digest(nonce)):
            raise NotFound()
        places = self.places or range(len(self.executions))
        if not 0 <= task < len(places):
            raise NotFound()
        return self.executions[places[task]]

    def task(self, place: int) -> int | None:
        """The index in `handle` of the run at that place; None when the last start was not for it."""
        if not self.places:
            return place
        return self.offset + self.places.index(place) if place in self.places else None


EventType = Literal["status", "text", "tool_call", "tool_result", "usage", "network", "log", "artifact", "result"]


class Event(Record):
    """One line of an execution's log; fields beside these depend on the type (docs/contract)."""

    model_config = Record.model_config | {"extra": "allow"}

    seq: int = Field(ge=1, le=10**9)
    time: Instant
    type: EventType


class EventBatch(Record):
    """Events as they are kept: a batch a document, named by its first seq."""

    from_seq: int
    last_seq: int
    epoch: int
    events: tuple[dict[str, Any], ...]
    created_at: Instant

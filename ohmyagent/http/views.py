"""What the API shows of each record: never digests, launches, leases or tokens."""

from typing import Any, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from ohmyagent.domain.accounts import Locale, Session, User, UserKind
from ohmyagent.domain.agents import Agent, AgentDraft, AgentVersion, LastExecution, Slug
from ohmyagent.domain.costs import PRICES_AS_OF, Model, ModelMode, Price, TokenUsage
from ohmyagent.domain.executions import Event, Execution, Host, Span, Status, StoredFile, Trigger
from ohmyagent.domain.pauses import PausedReason
from ohmyagent.domain.record import Instant, MicroUsd, Record
from ohmyagent.domain.results import ResultKind, ResultKindSource
from ohmyagent.domain.runner import SandboxState
from ohmyagent.domain.schedule_words import Words, words
from ohmyagent.use_cases import explaining
from ohmyagent.use_cases.accounting import UsageSum

T = TypeVar("T")


def same(view: type[Record], record: BaseModel, **other: Any) -> dict[str, Any]:
    """The fields that a view shares with a record; they were checked when the record was made."""
    return {name: getattr(record, name) for name in view.model_fields if name not in other} | other


class Listing(Record, Generic[T]):
    """A page of a list; `nextCursor` asks for the next one."""

    items: tuple[T, ...]
    next_cursor: str | None = None


class UserView(Record):
    """The signed-in user."""

    id: str
    kind: UserKind
    google_id: str | None
    email: str | None
    verified_email: bool
    name: str
    picture: str | None
    locale: Locale
    timezone: str
    plan: str
    beta_approved: bool
    created_at: Instant

    @classmethod
    def shown(cls, user: User) -> Self:
        return cls.model_construct(**same(cls, user))


class SignedInView(Record):
    """`token` is shown this once; browsers have it in the cookie as well."""

    token: str
    expires_at: Instant
    user: UserView


class SessionView(Record):
    """`expiresAt` is null for an API key, which does not expire."""

    valid: bool
    user: UserView | None
    expires_at: Instant | None

    @classmethod
    def shown(cls, user: User | None, session: Session | None) -> Self:
        return cls(
            valid=user is not None,
            user=None if user is None else UserView.shown(user),
            expires_at=None if session is None else session.expires_at,
        )


class ValidityView(Record):
    """Whether a session's token is good."""

    valid: bool
    user: UserView | None = None


class LinkView(Record):
    """An address that signs one browser in, once."""

    url: str
    expires_at: Instant


class WordsView(Record):
    """The same in both languages."""

    ko: str
    en: str

    @classmethod
    def shown(cls, said: Words) -> Self:
        return cls(ko=said.ko, en=said.en)


class AgentView(AgentDraft):
    """An agent as its owner sees it.  `scheduleText`: its schedule in words.

    While `pausedReason` holds, it runs by hand only.  `failures`: runs in a row that came to nothing.
    """

    id: str
    slug: Slug
    user_id: str
    schedule_text: WordsView | None
    next_run_at: Instant | None
    last_execution: LastExecution | None
    active_execution_id: str | None
    paused_reason: PausedReason | None
    failures: int
    total_runs: int
    successful_runs: int
    total_token_usage: TokenUsage
    total_cost_micro_usd: MicroUsd
    version: int
    created_at: Instant
    updated_at: Instant

    @classmethod
    def shown(cls, agent: Agent) -> Self:
        said = None if agent.schedule is None else WordsView.shown(words(agent.schedule))
        return cls.model_construct(**same(cls, agent, schedule_text=said))


class AgentVersionView(Record):
    """An agent as it was at a version."""

    version: int
    draft: AgentDraft
    created_at: Instant

    @classmethod
    def shown(cls, version: AgentVersion) -> Self:
        return cls.model_construct(**same(cls, version))


class FileView(Record):
    """A file of a workspace, or one that a run left."""

    path: str
    bytes: int

    @classmethod
    def shown(cls, file: StoredFile) -> Self:
        return cls.model_construct(path=file.path, bytes=file.bytes)


class ExecutionView(Record):
    """A run.  Cost and tokens are null while nothing is known of them."""

    id: str
    agent_id: str
    agent_version: int
    user_id: str
    trigger: Trigger
    rehearsal: bool
    due_time: Instant | None
    retry_of: str | None
    retried_by: str | None
    start_after: Instant | None
    status: Status
    created_at: Instant
    start_time: Instant | None
    end_time: Instant | None
    cancel_requested_at: Instant | None
    attempt: int
    result: str | None
    result_kind: ResultKind | None
    result_kind_source: ResultKindSource | None
    error_code: str | None
    error: str | None
    token_usage: TokenUsage | None
    cost_micro_usd: MicroUsd | None
    cost_partial: bool
    model: str
    model_mode: ModelMode | None
    span: Span | None
    hosts: tuple[Host, ...]
    artifacts: tuple[FileView, ...]
    notes: tuple[str, ...]
    last_seq: int

    @classmethod
    def shown(cls, execution: Execution, language: str) -> Self:
        return cls.model_construct(
            **same(
                cls,
                execution,
                error=explaining.sentence(execution.error_code, execution.error, language),
                artifacts=tuple(FileView.shown(file) for file in execution.artifacts),
            )
        )


class EventView(Event):
    """One line of a run's log; which fields it has beside these depends on its type."""


class LogView(Record):
    """Events after a seq; `done` means that no more will come."""

    items: tuple[EventView, ...]
    last_seq: int
    done: bool


class UsageView(Listing[UsageSum]):
    """Sums by day or by agent."""

    by: Literal["day", "agent"]


class ModelView(Record):
    """A model on offer.  Prices are micro-dollars per token, null when they are not known."""

    id: str
    name: str
    aliases: tuple[str, ...]
    mode: ModelMode
    context: int
    max_output: int
    price: Price | None
    prices_as_of: str = PRICES_AS_OF
    default: bool

    @classmethod
    def shown(cls, model: Model, *, default: bool) -> Self:
        return cls.model_construct(**same(cls, model, prices_as_of=PRICES_AS_OF, default=default))


class LocalisedDraft(Record):
    """The same agent in two languages."""

    ko: AgentDraft
    en: AgentDraft


class TemplateView(Record):
    """An agent to start from."""

    id: str
    icon: str
    draft: LocalisedDraft


class ConfigModel(Record):
    """What answers, and by which model when none is named."""

    mode: ModelMode
    default: str


class ConfigUploads(Record):
    """How large a file may be that goes with a message."""

    max_bytes: int


class ConfigView(Record):
    """What the static page needs to know.  `streamUrl` is null where streams have the page's own origin."""

    stream_url: str | None
    google_client_id: str | None
    model: ConfigModel
    schedules: bool
    schedules_paused: bool = False
    chat: bool
    uploads: ConfigUploads
    version: str


class HealthView(Record):
    """`checks` says `ok` or what is wrong, by part.  `schedules`: `paused` while administrators keep all of them still.

    `sandbox` is null where no runs are started."""

    status: Literal["ok", "failing"]
    target: str
    version: str
    checks: dict[str, str]
    sandbox: SandboxState | None
    schedules: Literal["running", "paused"] | None = None


class FieldErrorView(Record):
    """What is wrong with one field."""

    field: str
    message: str


class ProblemView(Record):
    """A refusal (RFC 9457)."""

    model_config = ConfigDict(title="Problem")

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: tuple[FieldErrorView, ...] | None = Field(default=None, json_schema_extra={"type": "array"})

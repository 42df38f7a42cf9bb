"""What the platform and a runner say to each other (docs/runner-protocol.md), and how fast."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from ohmyagent.domain.agents import Tool
from ohmyagent.domain.executions import Event, Host, Status, StoredFile
from ohmyagent.domain.record import MicroUsd, Record
from ohmyagent.domain.text import Text


@dataclass(frozen=True)
class Pace:
    """How long silence is tolerated, and how often a runner speaks."""

    lease: timedelta = timedelta(seconds=6)
    launch: timedelta = timedelta(seconds=30)
    heartbeat_seconds: float = 2.0
    flush_seconds: float = 0.2
    orphan_seconds: float = 30.0
    cancel_grace: timedelta = timedelta(seconds=4)


class SandboxLimits(Record):
    """What one run may take of the machine."""

    memory_bytes: int = 2**30
    cpus: int = 1
    processes: int = 64
    disk_bytes: int = 256 * 2**20
    open_files: int = 256
    output_bytes: int = 8 * 2**20


class SandboxState(Record):
    """Whether this machine can isolate runs, by which strategy, and what holds each limit; else why not."""

    works: bool
    strategy: str
    limits: dict[str, str] = Field(default_factory=dict)
    reason: str | None = None


class WorkspaceFile(StoredFile):
    """A file to restore, and where its body is."""

    url: str


class SpecNetwork(Record):
    allow: tuple[str, ...]


class SpecWorkspace(Record):
    files: tuple[WorkspaceFile, ...]
    save: bool = True


class SpecSession(Record):
    """The conversation of the CLI's that the run goes on with; `record` is None when it is the first."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    record: WorkspaceFile | None = None


class Spec(Record):
    """All a runner needs to know of its run."""

    prompt: str
    system_prompt: str
    model: str
    small_model: str
    model_token: str
    tools: tuple[Tool, ...]
    max_turns: int
    max_cost_micro_usd: MicroUsd
    timeout_seconds: int
    network: SpecNetwork
    limits: SandboxLimits
    input: str | None
    workspace: SpecWorkspace
    heartbeat_seconds: float
    flush_seconds: float
    orphan_seconds: float
    gateway_url: str
    egress_url: str | None = None
    session: SpecSession | None = None


class ClaimRequest(Record):
    """`claimId` is a secret of the runner's own, the same when it asks again; `handle` is what it is to Jobs."""

    nonce: Annotated[str, Field(max_length=200)]
    task_index: int = Field(ge=0, le=10_000)
    claim_id: Annotated[str, Field(min_length=20, max_length=200)] | None = None
    handle: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9:/_-]{0,199}$")] | None = None


class Claim(Record):
    """`token` speaks for the runner; the sandbox gets only `spec.modelToken`, which the gateway alone accepts."""

    execution_id: str
    token: str
    epoch: int
    spec: Spec


class EventsRequest(Record):
    epoch: int
    from_seq: int = Field(ge=1)
    events: Annotated[tuple[Event, ...], Field(max_length=2_000)]


class EventsReply(Record):
    cancel: bool
    last_seq: int


class FilesRequest(Record):
    epoch: int
    files: Annotated[tuple[StoredFile, ...], Field(max_length=20_000)]


class Upload(Record):
    sha256: str
    url: str


class FilesReply(Record):
    uploads: tuple[Upload, ...]


class Outcome(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"

    @property
    def status(self) -> Status:
        return Status(self.value)


class SavedWorkspace(Record):
    files: Annotated[tuple[StoredFile, ...], Field(max_length=20_000)]
    notes: tuple[Text, ...] = ()


class FinishRequest(Record):
    """The runner's report of the end.  What was spent is not in it: the gateway knows."""

    epoch: int
    outcome: Outcome
    last_seq: int = Field(ge=0)
    error_code: Annotated[str, Field(max_length=40)] | None = None
    error: Annotated[str, Field(max_length=2_000)] | None = None
    result: Annotated[str, Field(max_length=100_000)] | None = None
    structured: Any = None
    cli: dict[str, Any] | None = None
    sandbox: dict[str, Any] | None = None
    workspace: SavedWorkspace | None = None
    artifacts: Annotated[tuple[StoredFile, ...], Field(max_length=20_000)] = ()
    session: StoredFile | None = None
    hosts: Annotated[tuple[Host, ...], Field(max_length=2_000)] = ()

"""The program over the local adapters, with a clock that stands still and runners that are only counted."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from ohmyagent import records
from ohmyagent.adapters.local.files import FolderFiles
from ohmyagent.adapters.local.queue import SqliteQueue
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.domain.accounts import User, UserKind
from ohmyagent.domain.agents import Agent, AgentDraft
from ohmyagent.domain.costs import CLAUDE, DEMO, Model, ModelTable, TokenUsage
from ohmyagent.domain.errors import NoRoom
from ohmyagent.domain.executions import Execution, ExecutionRequest
from ohmyagent.domain.runner import Claim, FinishRequest, Outcome, Pace
from ohmyagent.ports import Liveness
from ohmyagent.use_cases import designing, metering, running

MODELS = ModelTable((*CLAUDE, DEMO.replace(aliases=())), default="haiku")


@dataclass
class CountedJobs:
    """Jobs that start nothing: they note what was asked of them and say what they are told to say."""

    room: bool = True
    liveness: Liveness = Liveness.ALIVE
    launched: list[tuple[str, str, int]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    def launch(self, launch_id: str, nonce: str, tasks: int) -> str:
        if not self.room:
            raise NoRoom()
        self.launched.append((launch_id, nonce, tasks))
        return f"handle-{len(self.launched)}"

    def probe(self, handle: str, index: int) -> Liveness:
        return self.liveness

    def stop(self, handle: str, index: int) -> None:
        self.stopped.append(handle)


class World:
    """Everything a use case takes, and short ways through the path of a run."""

    def __init__(self, store: SqliteStore, queue: SqliteQueue, folder: Path, now: datetime) -> None:
        self.store, self.queue, self.now = store, queue, now
        self.files = FolderFiles(folder, b"k" * 32)
        self.jobs = CountedJobs()
        self.models = MODELS
        self.pace = Pace()

    def later(self, **delta: float) -> datetime:
        self.now += timedelta(**delta)
        return self.now

    def user(self, id: str = "u1", plan: str = "owner") -> User:
        user = User(id=id, kind=UserKind.GUEST, name=id, plan=plan, created_at=self.now)
        return records.users.put(self.store, id, user)

    def agent(self, user: User, **fields: object) -> Agent:
        draft = AgentDraft.model_validate({"name": "뉴스 요약", "finalPrompt": "요약해 줘"} | fields)
        return designing.create(self.store, self.models, user, draft, now=self.now)

    def request(self, user: User, agent: Agent, text: str | None = None, key: str | None = None) -> Execution:
        wanted = ExecutionRequest(input=text)
        return running.request(self.store, self.queue, self.models, user, agent.id, wanted, now=self.now, key=key)

    def launch(self, execution: Execution) -> str:
        """The nonce that its runner would be started with."""
        running.launch(self.store, self.jobs, execution.launch_id, self.pace, self.now)
        return self.jobs.launched[-1][1]

    def claim(self, execution: Execution, nonce: str, index: int = 0, **more: str | None) -> Claim:
        """By a runner that says what it is, unless `handle` says otherwise."""
        told = {"handle": f"handle-{len(self.jobs.launched)}"} | more
        return running.claim(
            self.store, self.queue, self.files, self.models, execution.launch_id, nonce, index, **told,
            gateway_url="http://gateway", pace=self.pace, now=self.now,
        )  # fmt: skip

    def started(self, user: User, agent: Agent, text: str | None = None) -> tuple[Execution, Claim]:
        execution = self.request(user, agent, text)
        claim = self.claim(execution, self.launch(execution))
        return self.execution(execution.id), claim

    def call(self, claim: Claim, cost: int | None = 100, model: Model = CLAUDE[0], output: int = 7) -> None:
        """One model call, settled at `cost`."""
        call = metering.reserve(self.store, claim.spec.model_token, model, 1_000, 1_000, self.now)
        usage = TokenUsage(input=10, output=output)
        metering.settle(self.store, call, cost, usage, 0, partial=False, now=self.now)

    def finish(self, claim: Claim, outcome: Outcome = Outcome.SUCCEEDED, **fields: object) -> Execution:
        done = FinishRequest(epoch=claim.epoch, outcome=outcome, last_seq=0, result="끝", **fields)  # type: ignore[arg-type]
        return running.finish(self.store, self.queue, self.files, claim.execution_id, claim.token, done, self.now)

    def sweep(self) -> None:
        running.sweep(self.store, self.queue, self.jobs, pace=self.pace, now=self.now)

    def execution(self, id: str) -> Execution:
        return records.executions.get(self.store, id)


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


__all__ = ["MODELS", "CountedJobs", "World", "sha256"]

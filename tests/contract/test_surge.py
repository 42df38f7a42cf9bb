"""Many runs due at one instant, over the real client libraries: how often Cloud Tasks and Cloud Run are called."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ohmyagent import records
from ohmyagent.adapters.gcp.jobs import CloudRunJobs
from ohmyagent.adapters.gcp.queue import CloudTasksQueue
from ohmyagent.adapters.local.files import FolderFiles
from ohmyagent.adapters.local.queue import SqliteQueue
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.domain.accounts import User, UserKind
from ohmyagent.domain.agents import Agent, AgentDraft
from ohmyagent.domain.executions import Execution, Launch, Status, Trigger
from ohmyagent.records.indexes import INDEXES
from ohmyagent.use_cases import running, ticking
from ohmyagent.use_cases.running.logs import members
from ohmyagent.wiring import FAR, LAUNCH_BATCH, LAUNCHES_TOGETHER, MINUTE
from tests.googleapi.identity import INVOKER
from tests.googleapi.run import RunStandIn
from tests.googleapi.tasks import TasksStandIn
from tests.googleapi.wire import Wire
from tests.world import MODELS, CountedJobs

PLACE = ("demo-project", "asia-northeast3")
DUE = datetime(2026, 11, 20, 9, tzinfo=UTC)
CLOCK = ticking.Clock(MINUTE, LAUNCH_BATCH, LAUNCHES_TOGETHER)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path / "oma.db", indexes=INDEXES)
    yield made
    made.close()


def agents_due(store: SqliteStore, number: int) -> None:
    draft = AgentDraft.model_validate(
        {"name": "함께", "finalPrompt": "아무 일도 하지 않는다", "schedule": {"cron": "0 9 * * *", "timezone": "UTC"}}
    )
    for user in range(10):
        owner = User(id=f"u{user}", kind=UserKind.GUEST, name="함께", plan="owner", created_at=DUE)
        records.users.put(store, owner.id, owner)
    for index in range(number):
        agent = Agent.designed(draft, id=f"a_{index:05d}", user_id=f"u{index % 10}", now=DUE - timedelta(hours=1))
        records.agents.put(store, agent.id, agent)


@pytest.mark.parametrize("number", [250, pytest.param(10_000, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
def test_what_is_due_together_is_one_call_of_cloud_run(
    number: int, store: SqliteStore, wire: Wire, tmp_path: Path
) -> None:
    tasks, cloud_run = TasksStandIn(wire), RunStandIn(wire)
    wire.start()
    queue = CloudTasksQueue(*PLACE, INVOKER, lambda kind: f"https://{kind}.example.com", wire.address)
    jobs = CloudRunJobs(*PLACE, "agent-runner", wire.address)
    agents_due(store, number)

    assert ticking.tick(store, queue, MODELS, CLOCK, DUE - MINUTE / 2).runs == number
    [entry] = tasks.entries.values()
    ids = json.loads(entry.task.http_request.body)["body"]["launchIds"].split()
    running.launch_together(store, queue, jobs, ids, FAR, DUE)

    assert (wire.calls["CreateTask"], wire.calls["RunJob"]) == (1, 1)
    [execution] = cloud_run.executions.values()
    assert len(execution.processes) == number
    runs = [id for launch in ids for id in members(store, launch)]
    assert len(set(runs)) == number
    assert {records.executions.get(store, id).status for id in runs} == {Status.LAUNCHING}
    files = FolderFiles(tmp_path / "files", b"k" * 32)
    for index in (0, LAUNCH_BATCH - 1, LAUNCH_BATCH, number // 2, number - 1):
        claimed = running.claim(
            store, queue, files, MODELS, execution.env["OMA_LAUNCH_ID"], execution.env["OMA_LAUNCH_NONCE"], index,
            gateway_url="http://gateway", pace=FAR, now=DUE,
        )  # fmt: skip
        run = records.executions.get(store, claimed.execution_id)
        launch = records.launches.get(store, run.launch_id)
        assert (launch.handle, launch.task(run.launch_index)) == (f"agent-runner-00000/{number}", index)


@pytest.mark.emulator
def test_many_runners_of_one_launch_that_claim_at_once_all_get_theirs(
    firestore: Callable[[], Any], tmp_path: Path
) -> None:
    store = firestore()
    files, number = FolderFiles(tmp_path / "files", b"k" * 32), 40
    draft = AgentDraft.model_validate({"name": "함께", "finalPrompt": "아무 일도 하지 않는다"})

    def enter(index: int) -> str:
        owner = User(id=f"u{index}", kind=UserKind.GUEST, name="함께", plan="owner", created_at=DUE)
        agent = Agent.designed(draft, id=f"a_{index:05d}", user_id=owner.id, now=DUE)
        run = Execution.queued(agent, MODELS.find("haiku"), id=f"x_{index:05d}", trigger=Trigger.SCHEDULE, now=DUE)
        records.users.put(store, owner.id, owner)
        records.agents.put(store, agent.id, agent)
        return records.executions.put(store, run.id, run.replace(launch_id="l_1", launch_index=index)).id

    with ThreadPoolExecutor(4) as threads:
        ids = tuple(threads.map(enter, range(number)))
    records.launches.put(store, "l_1", Launch(id="l_1", executions=ids, created_at=DUE))
    jobs, queue = CountedJobs(), SqliteQueue(tmp_path / "queue.db")
    running.launch(store, jobs, "l_1", FAR, DUE)
    [(_, nonce, _)] = jobs.launched

    def claim(index: int) -> str:
        return running.claim(
            store, queue, files, MODELS, "l_1", nonce, index, gateway_url="http://gateway", pace=FAR, now=DUE
        ).execution_id  # fmt: skip

    begun = time.perf_counter()
    with ThreadPoolExecutor(number) as runners:
        claimed = tuple(runners.map(claim, range(number)))
    print(f"{number} claims at once: {time.perf_counter() - begun:.1f} s")
    assert claimed == ids

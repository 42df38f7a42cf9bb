"""Launches that one call starts: each run once, whatever happens between the tick, the call and the claims."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from ohmyagent import records
from ohmyagent.domain.errors import Conflict, Contention, NotFound, Unavailable
from ohmyagent.domain.executions import Execution, Status
from ohmyagent.ports import Liveness, Task, Transaction
from ohmyagent.use_cases import running, ticking
from ohmyagent.use_cases.running.launches import start, unstart
from ohmyagent.use_cases.running.logs import members
from ohmyagent.use_cases.ticking import Clock
from tests.world import CountedJobs, World

HOURLY = {"cron": "0 * * * *", "timezone": "Asia/Seoul"}
CLOCK = Clock(batch=2, together=10)


class Noted:
    """A queue whose tasks are looked at and done by hand."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []

    def enqueue(self, task: Task) -> bool:
        self.tasks.append(task)
        return True

    def ids(self, number: int = -1) -> list[str]:
        return " ".join(self.tasks[number].body.values()).split()


@pytest.fixture
def queue() -> Noted:
    return Noted()


@pytest.fixture
def runs(world: World, queue: Noted) -> list[Execution]:
    """Seven that are due now, in four launches."""
    user = world.user()
    world.now = world.now.replace(minute=30)
    for number in range(7):
        world.agent(user, name=f"에이전트 {number}", schedule=HOURLY)
    world.later(minutes=30)
    assert ticking.tick(world.store, queue, world.models, CLOCK, world.now).runs == 7
    found, _ = records.executions.page(world.store)
    return found


def wave(world: World, queue: Noted, ids: list[str], **more: Any) -> None:
    running.launch_together(world.store, queue, world.jobs, ids, world.pace, world.now, **more)


def claimed(world: World, number: int = -1) -> list[str]:
    """The runs that the runners of that call get, in the order of their tasks."""
    id, nonce, tasks = world.jobs.launched[number]
    return [claim(world, id, nonce, task).execution_id for task in range(tasks)]


def claim(world: World, id: str, nonce: str, task: int) -> Any:
    return running.claim(
        world.store, world.queue, world.files, world.models, id, nonce, task,
        gateway_url="http://gateway", pace=world.pace, now=world.now,
    )  # fmt: skip


def test_what_is_due_together_is_one_task_and_one_call(world: World, queue: Noted, runs: list[Execution]) -> None:
    [task] = queue.tasks
    assert (len(queue.ids()), task.due) == (4, world.now)
    wave(world, queue, queue.ids())
    assert [tasks for _, _, tasks in world.jobs.launched] == [7]
    assert sorted(claimed(world)) == sorted(run.id for run in runs)
    id, nonce, _ = world.jobs.launched[0]
    for bad in (7, -1):
        with pytest.raises(NotFound):
            claim(world, id, nonce, bad)
    with pytest.raises(NotFound):
        claim(world, id, "another nonce", 0)
    with pytest.raises(Conflict):
        claim(world, id, nonce, 3)


def test_a_wave_is_no_larger_than_allowed_and_one_launch_alone_is_no_wave(world: World, queue: Noted) -> None:
    user = world.user()
    world.now = world.now.replace(minute=30)
    for number in range(7):
        world.agent(user, name=f"에이전트 {number}", schedule=HOURLY)
    world.later(minutes=30)
    ticking.tick(world.store, queue, world.models, Clock(batch=2, together=3), world.now)
    assert [sorted(task.body) for task in queue.tasks] == [["launchIds"], ["launchId"]]
    assert [len(queue.ids(number)) for number in range(2)] == [3, 1]


def test_a_wave_delivered_again_starts_nothing_more(world: World, queue: Noted, runs: list[Execution]) -> None:
    wave(world, queue, queue.ids())
    wave(world, queue, queue.ids())
    assert len(world.jobs.launched) == 1


class Meanwhile:
    """A store before whose third transaction something else happens."""

    def __init__(self, store: Any, event: Callable[[], None]) -> None:
        self._store, self._event, self._number = store, event, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def transact(self, work: Callable[[Transaction], Any]) -> Any:
        self._number += 1
        if self._number == 3:
            self._event()
        return self._store.transact(work)


def test_waves_at_once_start_each_run_once(world: World, queue: Noted, runs: list[Execution]) -> None:
    ids = queue.ids()
    store = Meanwhile(world.store, lambda: wave(world, queue, ids))
    running.launch_together(store, queue, world.jobs, ids, world.pace, world.now, threads=1)
    assert sum(tasks for _, _, tasks in world.jobs.launched) == 7
    both = [*claimed(world, 0), *claimed(world, 1)]
    assert sorted(both) == sorted(run.id for run in runs)


def test_what_a_killed_wave_had_begun_is_started_again_by_the_sweep(
    world: World, queue: Noted, runs: list[Execution]
) -> None:
    for id in queue.ids()[:2]:
        world.store.transact(partial(start, launch_id=id, nonce="lost", pace=world.pace, now=world.now))
    wave(world, queue, queue.ids())
    assert [tasks for _, _, tasks in world.jobs.launched] == [3]
    world.later(seconds=world.pace.launch.total_seconds() + 1)
    world.jobs.liveness = Liveness.GONE
    running.sweep(world.store, queue, world.jobs, pace=world.pace, now=world.now)
    for task in queue.tasks[1:]:
        running.launch(world.store, world.jobs, task.body["launchId"], world.pace, world.now)
    assert sum(tasks for _, _, tasks in world.jobs.launched[1:]) >= 4
    assert {run.status for run in records.executions.page(world.store)[0]} == {Status.LAUNCHING}


def test_a_tick_that_died_before_the_wave_is_healed_by_the_sweep(
    world: World, queue: Noted, runs: list[Execution]
) -> None:
    launches = {run.launch_id for run in runs}
    queue.tasks.clear()
    world.later(seconds=30)
    running.sweep(world.store, queue, world.jobs, pace=world.pace, now=world.now)
    assert {task.body["launchId"] for task in queue.tasks} == launches


def test_without_room_for_all_each_half_tries_by_itself(world: World, queue: Noted, runs: list[Execution]) -> None:
    ids = queue.ids()
    world.jobs.room = False
    wave(world, queue, ids)
    assert {world.execution(run.id).status for run in runs} == {Status.QUEUED}
    assert all(agent.active_execution_id is None for agent in records.agents.page(world.store)[0])
    assert [queue.ids(-2), queue.ids(-1)] == [ids[:2], ids[2:]]
    assert {task.due for task in queue.tasks[-2:]} == {world.now + timedelta(seconds=1)}
    wave(world, queue, queue.ids(-1))
    assert [task.body for task in queue.tasks[-2:]] == [{"launchId": id} for id in ids[2:]]
    world.jobs.room = True
    wave(world, queue, ids[:2])
    first = sum(len(members(world.store, id)) for id in ids[:2])
    assert [tasks for _, _, tasks in world.jobs.launched] == [first]


class Lost(CountedJobs):
    """Their answers do not arrive."""

    def launch(self, launch_id: str, nonce: str, tasks: int) -> str:
        super().launch(launch_id, nonce, tasks)
        raise Unavailable


def test_a_call_that_timed_out_after_it_worked_starts_each_run_once(
    world: World, queue: Noted, runs: list[Execution]
) -> None:
    world.jobs = Lost()
    with pytest.raises(Unavailable):
        wave(world, queue, queue.ids())
    wave(world, queue, queue.ids())
    assert len(world.jobs.launched) == 1
    assert sorted(claimed(world)) == sorted(run.id for run in runs)


class Contended:
    """A store of whose documents one is always being written by somebody else."""

    def __init__(self, store: Any, path: str) -> None:
        self._store, self._path = store, path

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def transact(self, work: Callable[[Transaction], Any]) -> Any:
        def watched(tx: Transaction) -> Any:
            find = tx.get

            def get(path: str) -> Any:
                if path == self._path:
                    raise Contention
                return find(path)

            tx.get = get  # type: ignore[method-assign]
            return work(tx)

        return self._store.transact(watched)


def test_a_launch_that_cannot_be_had_holds_no_other(world: World, queue: Noted, runs: list[Execution]) -> None:
    ids = queue.ids()
    store = Contended(world.store, records.launches.path(ids[1]))
    running.launch_together(store, queue, world.jobs, ids, world.pace, world.now)
    [(_, _, tasks)] = world.jobs.launched
    held = len(members(world.store, ids[1]))
    assert tasks == 7 - held
    assert queue.tasks[-1].body == {"launchId": ids[1]}
    assert len(claimed(world)) == tasks


class Asked(CountedJobs):
    """They remember after whom they were asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, int]] = []

    def probe(self, handle: str, index: int) -> Liveness:
        self.asked.append((handle, index))
        return Liveness.ALIVE


def test_runners_of_a_wave_are_looked_for_where_they_are(world: World, queue: Noted, runs: list[Execution]) -> None:
    wave(world, queue, queue.ids())
    order = claimed(world)
    jobs = Asked()
    world.later(seconds=7)
    for id in order:
        running.check(world.store, queue, jobs, id, pace=world.pace, now=world.now)
    assert jobs.asked == [("handle-1", index) for index in range(7)]


def test_one_run_of_a_launch_that_is_started_again_asks_for_one_runner(
    world: World, queue: Noted, runs: list[Execution]
) -> None:
    wave(world, queue, queue.ids())
    late = next(run for run in runs if len(_mates(world, run)) == 2)
    world.store.transact(partial(unstart, started=[late]))
    running.launch(world.store, world.jobs, late.launch_id, world.pace, world.now)
    assert world.jobs.launched[-1][2] == 1
    assert claimed(world) == [late.id]


def _mates(world: World, run: Execution) -> tuple[str, ...]:
    return members(world.store, run.launch_id)


def test_a_runner_that_has_yet_to_begin_is_waited_for(world: World, queue: Noted, runs: list[Execution]) -> None:
    wave(world, queue, queue.ids())
    queue.tasks.clear()
    world.later(seconds=2 * world.pace.launch.total_seconds())
    running.sweep(world.store, queue, world.jobs, pace=world.pace, now=world.now)
    assert queue.tasks == []
    assert len(claimed(world)) == 7


def test_a_runner_that_never_begins_is_not_waited_for_for_ever(
    world: World, queue: Noted, runs: list[Execution]
) -> None:
    wave(world, queue, queue.ids())
    queue.tasks.clear()
    world.later(seconds=6 * world.pace.launch.total_seconds() + 1)
    running.sweep(world.store, queue, world.jobs, pace=world.pace, now=world.now)
    assert {task.body["launchId"] for task in queue.tasks} == {run.launch_id for run in runs}


def test_a_launch_of_which_a_run_was_erased_starts_the_others(
    world: World, queue: Noted, runs: list[Execution]
) -> None:
    gone = next(run for run in runs if len(_mates(world, run)) == 2)
    records.executions.delete(world.store, gone.id)
    running.launch(world.store, world.jobs, gone.launch_id, world.pace, world.now)
    [other] = claimed(world)
    assert other in _mates(world, gone)
    assert other != gone.id

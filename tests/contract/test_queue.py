"""What every Queue must do, on the rows of a SQLite file and its worker threads."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ohmyagent.adapters.local.queue import SqliteQueue
from ohmyagent.adapters.local.task_rows import Retries
from ohmyagent.domain.errors import Invalid
from ohmyagent.ports import Later, Task
from tests.contract.killing import killed_after

QUICK = Retries(attempts=3, first_pause=0.02, lease=6.0)
BRIEF = Retries(attempts=3, first_pause=0.02, lease=1.0)


@pytest.fixture
def queue(tmp_path: Path) -> SqliteQueue:
    return SqliteQueue(tmp_path / "oma.db", QUICK)


@contextmanager
def working(queue: SqliteQueue, handlers: Mapping[str, Callable[[Task], None]], threads: int = 2) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=queue.run, args=(handlers, threads, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def until(condition: Callable[[], Any], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


class Done:
    """A handler that remembers, with the time of each call."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []
        self.times: list[float] = []

    def __call__(self, task: Task) -> None:
        self.times.append(time.time())
        self.tasks.append(task)

    @property
    def names(self) -> list[str]:
        return [task.name for task in self.tasks]


def test_a_task_is_handled_once_with_its_body(queue: SqliteQueue) -> None:
    done = Done()
    task = Task("mail", "m1", {"to": "한국어 <a@example.com>"})
    assert queue.enqueue(task)
    with working(queue, {"mail": done}):
        until(lambda: done.tasks)
        time.sleep(1)
    assert done.tasks == [task]
    assert queue.depth().due == queue.depth().running == 0


def test_a_name_is_taken_for_ever_within_its_kind(queue: SqliteQueue) -> None:
    done = Done()
    with working(queue, {"launch": done, "mail": done}):
        assert queue.enqueue(Task("launch", "l1"))
        assert not queue.enqueue(Task("launch", "l1", {"other": "body"}))
        assert queue.enqueue(Task("mail", "l1"))
        until(lambda: len(done.tasks) == 2)
        assert not queue.enqueue(Task("launch", "l1"))
        time.sleep(0.3)
    assert sorted(task.kind for task in done.tasks) == ["launch", "mail"]


def test_of_many_threads_that_enqueue_one_name_one_succeeds(queue: SqliteQueue) -> None:
    wins: list[bool] = []
    threads = [threading.Thread(target=lambda: wins.append(queue.enqueue(Task("launch", "l1")))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(wins) == [False] * 7 + [True]


def test_done_names_are_remembered_for_two_days_and_then_forgotten(queue: SqliteQueue) -> None:
    done = Done()
    queue.enqueue(Task("mail", "m1"))
    with working(queue, {"mail": done}):
        until(lambda: done.tasks)
    now = datetime.now(UTC)
    assert queue.purge(now + timedelta(days=1, hours=23)) == 0
    assert not queue.enqueue(Task("mail", "m1"))
    assert queue.purge(now + timedelta(days=2, seconds=1)) == 1
    assert queue.enqueue(Task("mail", "m1"))


def test_nothing_is_forgotten_that_is_not_done(queue: SqliteQueue) -> None:
    queue.enqueue(Task("mail", "m1"))
    assert queue.purge(datetime.now(UTC) + timedelta(days=100)) == 0


def test_a_task_is_not_handled_before_it_is_due(queue: SqliteQueue) -> None:
    done = Done()
    now = datetime.now(UTC)
    queue.enqueue(Task("mail", "past", due=now - timedelta(days=1)))
    queue.enqueue(Task("mail", "far", due=now + timedelta(days=1)))
    with working(queue, {"mail": done}):
        until(lambda: done.tasks)
        later = datetime.now(UTC) + timedelta(seconds=0.6)
        queue.enqueue(Task("mail", "later", due=later))
        until(lambda: len(done.tasks) == 2)
    assert done.names == ["past", "later"]
    assert done.times[1] >= later.timestamp()
    assert queue.depth().later == 1


def test_an_idle_worker_is_woken_and_does_not_wait_for_its_next_look(
    queue: SqliteQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ohmyagent.adapters.local.queue.POLL_SECONDS", 300)
    done = Done()
    with working(queue, {"mail": done}):
        for number in range(5):
            time.sleep(0.05)
            queue.enqueue(Task("mail", f"m{number}"))
            until(lambda n=number: len(done.tasks) > n)


def test_a_task_of_another_process_is_seen(queue: SqliteQueue, tmp_path: Path) -> None:
    done = Done()
    program = """
import sys
from ohmyagent.adapters.local.queue import SqliteQueue
from ohmyagent.ports import Task
queue = SqliteQueue(sys.argv[1])
queue.enqueue(Task("mail", "m1"))
"""
    with working(queue, {"mail": done}):
        subprocess.run([sys.executable, "-c", program, str(tmp_path / "oma.db")], check=True)
        until(lambda: done.tasks)


def test_a_handler_that_fails_is_called_again_with_growing_pauses(queue: SqliteQueue) -> None:
    done = Done()

    def handler(task: Task) -> None:
        done(task)
        if len(done.tasks) < 3:
            raise ValueError("not yet")

    queue.enqueue(Task("mail", "m1"))
    with working(queue, {"mail": handler}):
        until(lambda: len(done.tasks) == 3)
        time.sleep(0.2)
    first, second = (later - earlier for earlier, later in zip(done.times, done.times[1:], strict=False))
    assert first >= 0.01
    assert second >= 0.02
    assert len(done.tasks) == 3
    assert queue.dead() == []


def test_after_the_last_attempt_a_task_is_kept_as_a_dead_letter(queue: SqliteQueue) -> None:
    done = Done()

    def handler(task: Task) -> None:
        done(task)
        raise ValueError("never")

    queue.enqueue(Task("mail", "m1", {"a": "b"}))
    with working(queue, {"mail": handler}):
        until(queue.dead)
        time.sleep(0.2)
    (dead,) = queue.dead()
    assert (dead.task, dead.attempts, dead.error) == (Task("mail", "m1", {"a": "b"}), 3, "ValueError: never")
    assert len(done.tasks) == 3
    assert queue.depth().dead == 1
    assert not queue.enqueue(Task("mail", "m1"))


def test_a_dead_letter_can_be_revived(queue: SqliteQueue) -> None:
    broken = True
    done = Done()

    def handler(task: Task) -> None:
        if broken:
            raise ValueError("broken")
        done(task)

    queue.enqueue(Task("mail", "m1"))
    with working(queue, {"mail": handler}):
        until(queue.dead)
        broken = False
        assert not queue.revive("mail", "m2")
        assert queue.revive("mail", "m1")
        until(lambda: done.tasks)
        assert not queue.revive("mail", "m1")
    assert queue.dead() == []


def test_later_puts_a_task_off_without_counting_as_an_attempt(queue: SqliteQueue) -> None:
    done = Done()

    def handler(task: Task) -> None:
        done(task)
        if len(done.tasks) <= 2 * QUICK.attempts:
            raise Later(0.02)

    queue.enqueue(Task("mail", "m1"))
    with working(queue, {"mail": handler}):
        until(lambda: len(done.tasks) == 2 * QUICK.attempts + 1)
    assert queue.dead() == []
    assert all(later - earlier >= 0.02 for earlier, later in zip(done.times, done.times[1:], strict=False))


def test_a_whole_kind_may_be_told_to_rest_while_others_work_on(queue: SqliteQueue) -> None:
    launches, mails = Done(), Done()

    def no_room(task: Task) -> None:
        launches(task)
        raise Later(0.5, whole_kind=True)

    for number in range(20):
        queue.enqueue(Task("launch", f"l{number}"))
    begun = time.monotonic()
    with working(queue, {"launch": no_room, "mail": mails}, threads=1):
        until(lambda: launches.tasks)
        queue.enqueue(Task("mail", "m1"))
        until(lambda: mails.tasks)
        until(lambda: len(launches.tasks) >= 2)
    assert len(launches.tasks) <= 2 + (time.monotonic() - begun) / 0.5


def test_only_kinds_with_a_handler_are_taken(queue: SqliteQueue) -> None:
    done = Done()
    queue.enqueue(Task("unknown", "u1"))
    queue.enqueue(Task("mail", "m1"))
    with working(queue, {"mail": done}):
        until(lambda: done.tasks)
        time.sleep(0.3)
    assert done.names == ["m1"]
    assert queue.depth().due == 1


def test_a_long_handler_keeps_its_task_to_itself(tmp_path: Path) -> None:
    queue = SqliteQueue(tmp_path / "oma.db", BRIEF)
    done, enough = Done(), threading.Event()

    def handler(task: Task) -> None:
        done(task)
        enough.wait(60)

    queue.enqueue(Task("mail", "m1"))
    with working(queue, {"mail": handler}, threads=3):
        until(lambda: done.tasks)
        time.sleep(2 * BRIEF.lease)
        assert queue.depth().running == 1
        enough.set()
    assert done.names == ["m1"]
    assert queue.depth().running == 0


def test_stopping_waits_for_the_handlers_under_way_and_takes_nothing_new(queue: SqliteQueue) -> None:
    begun, ended = threading.Event(), threading.Event()

    def handler(task: Task) -> None:
        begun.set()
        time.sleep(0.3)
        ended.set()

    queue.enqueue(Task("mail", "m1"))
    queue.enqueue(Task("mail", "m2"))
    with working(queue, {"mail": handler}, threads=1):
        begun.wait(40)
    assert ended.is_set()
    assert queue.depth().due == 1


def test_a_thousand_due_tasks_are_each_handled_once(queue: SqliteQueue) -> None:
    done = Done()
    due = datetime.now(UTC) - timedelta(seconds=1)
    for number in range(1000):
        queue.enqueue(Task("mail", f"m{number}", due=due))
    assert queue.depth().due == 1000
    assert queue.depth().late >= 1
    with working(queue, {"mail": done}, threads=4):
        until(lambda: len(done.tasks) >= 1000)
    assert sorted(done.names) == sorted(f"m{number}" for number in range(1000))


def test_many_slow_tasks_of_one_kind_do_not_starve_another(queue: SqliteQueue) -> None:
    done = Done()

    def slow(task: Task) -> None:
        time.sleep(0.05)
        done(task)

    due = datetime.now(UTC) - timedelta(seconds=10)
    for number in range(100):
        queue.enqueue(Task("archive", f"s{number}", due=due))
        queue.enqueue(Task("zip", f"z{number}", due=due))
    with working(queue, {"archive": slow, "mail": done, "zip": slow}, threads=3):
        until(lambda: len(done.tasks) >= 4)
        before = len(done.tasks)
        queue.enqueue(Task("mail", "m1"))
        until(lambda: "m1" in done.names)
    assert done.names.index("m1") < before + 60


@pytest.mark.parametrize(
    ("field", "task"),
    [
        ("kind", Task("", "n")),
        ("kind", Task("Mail Box", "n")),
        ("name", Task("mail", "")),
        ("name", Task("mail", "a/b")),
        ("name", Task("mail", "한")),
        ("name", Task("mail", "n" * 201)),
        ("due", Task("mail", "n", due=datetime(2026, 1, 1))),
        ("body", Task("mail", "n", {"a": 1})),  # type: ignore[dict-item]
        ("body", Task("mail", "n", {"a": "x" * 70_000})),
        ("body.a", Task("mail", "n", {"a": "\ud800"})),
    ],
)
def test_what_no_queue_can_keep_is_refused_by_field(queue: SqliteQueue, field: str, task: Task) -> None:
    with pytest.raises(Invalid) as caught:
        queue.enqueue(task)
    assert [error.field for error in caught.value.errors] == [field]
    assert queue.depth().due == 0


ENQUEUER = """
import sys
from ohmyagent.adapters.local.queue import SqliteQueue
from ohmyagent.ports import Task
queue = SqliteQueue(sys.argv[1])
number = 0
while True:
    number += 1
    queue.enqueue(Task("mail", f"m{number}"))
    print(number, flush=True)
"""

WORKER = """
import os, sys, threading, time
from ohmyagent.adapters.local.queue import SqliteQueue
from ohmyagent.adapters.local.task_rows import Retries
def handler(task):
    os.write(1, f"{task.name}\\n".encode())  # in one piece, as three threads write
    time.sleep(0.02)
SqliteQueue(sys.argv[1], Retries(lease=1.5)).run({"mail": handler}, 3, threading.Event())
"""


def test_no_task_is_lost_when_enqueuers_and_workers_are_killed(queue: SqliteQueue, tmp_path: Path) -> None:
    database = tmp_path / "oma.db"
    enqueued = {f"m{number}" for number in killed_after(ENQUEUER, database, 200)}
    handled = [name for _ in range(2) for name in killed_after(WORKER, database, 30)]
    done = Done()
    with working(queue, {"mail": done}, threads=4):
        until(lambda: enqueued <= {*handled, *done.names})
        until(lambda: queue.depth() == queue.depth().__class__(0, 0, 0, 0, 0.0))
    again = [*handled, *done.names]
    # Each of the two dead workers had at most three tasks in hand, and those are what may come twice.
    assert len(again) - len(set(again)) <= 6


def test_a_task_that_kills_its_worker_is_dead_after_the_last_attempt(tmp_path: Path) -> None:
    program = """
import os, signal, sys, threading
from ohmyagent.adapters.local.queue import SqliteQueue
from ohmyagent.adapters.local.task_rows import Retries
def handler(task):
    os.kill(os.getpid(), signal.SIGKILL)
SqliteQueue(sys.argv[1], Retries(attempts=2, lease=0.3)).run({"mail": handler}, 1, threading.Event())
"""
    retries = Retries(attempts=2, lease=0.3)
    queue = SqliteQueue(tmp_path / "oma.db", retries)
    queue.enqueue(Task("mail", "m1"))
    for _ in range(2):
        assert killed_after(program, tmp_path / "oma.db", 1) == []
    done = Done()
    with working(queue, {"mail": done}):
        until(queue.dead)
    (dead,) = queue.dead()
    assert (dead.attempts, done.tasks) == (2, [])
    assert "died" in dead.error

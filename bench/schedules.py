"""Due together, due on time, and what a due run costs the store.

Usage: python -m bench.schedules [--crowd 10000] [--punctual 1000] [--minutes 15]
A crowd is due on a platform in a process of its own, whose one place for a runner is taken: nothing starts, and every
launch keeps asking for room, which is its worst case.  The day is the scheduling code alone, on a clock set by hand.
"""

import argparse
import asyncio
import fcntl
import os
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import aiohttp

from bench.api import Times, call
from bench.machine import quantile, table
from ohmyagent import records
from ohmyagent.adapters.local.queue import SqliteQueue
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.domain.agents import Agent, AgentDraft
from ohmyagent.domain.costs import DEMO, ModelTable
from ohmyagent.domain.runner import Pace
from ohmyagent.ports import Document, Page, Query, Task, Transaction
from ohmyagent.records.indexes import INDEXES
from ohmyagent.use_cases import running, ticking
from ohmyagent.use_cases.running.logs import members
from tests.platform_process import PlatformProcess

T = TypeVar("T")
MILLION = 1_000_000
MODELS = ModelTable((DEMO,), default="demo")
READERS, RATE = 20, 50
LONGEST = 90.0
LATENESS = (0.5, 0.9, 0.99, 0.999, 1)
"""Quantiles of the seconds from due to queued."""
Growth = list[tuple[float, int, int]]
"""(seconds since 1970, executions, tasks), again and again."""


def agents_due(store: SqliteStore, number: int, due: datetime) -> None:
    """So many agents of as many users whose schedule comes due then, and next on another day."""
    draft = AgentDraft.model_validate(
        {"name": "측정용", "finalPrompt": "아무 일도 하지 않는다",
         "schedule": {"cron": f"{due.minute} {due.hour} * * *", "timezone": "UTC"}}
    )  # fmt: skip
    for index in range(number):
        id = f"a_{due:%H%M}_{index:07d}"
        agent = Agent.designed(draft, id=id, user_id=f"u{due.minute % 5}_{index}", now=due - timedelta(minutes=2))
        records.agents.put(store, id, agent)


class CountingStore:
    """A store that counts documents read and written; a query counts as one read for each document it gives."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.counts: Counter[str] = Counter()

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def get(self, path: str) -> Document:
        self.counts["reads"] += 1
        return self._store.get(path)

    def find(self, path: str) -> Document | None:
        self.counts["reads"] += 1
        return self._store.find(path)

    def update(self, path: str, fields: Document) -> None:
        self.counts["writes"] += 1
        self._store.update(path, fields)

    def query(self, query: Query) -> Page:
        page = self._store.query(query)
        self.counts["queries"] += 1
        self.counts["found"] += len(page.items)
        return page

    def transact(self, work: Callable[[Transaction], T]) -> T:
        def counted(tx: Transaction) -> T:
            result = work(tx)
            self.counts["reads"] += len(tx.read) + len(tx.glanced)  # type: ignore[attr-defined]
            self.counts["writes"] += len(tx.writes)  # type: ignore[attr-defined]
            return result

        return self._store.transact(counted)


@contextmanager
def full_platform(number: int) -> Iterator[tuple[PlatformProcess, float]]:
    """A platform with so many agents due at the instant given (seconds since 1970), and no room for runners."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        platform = PlatformProcess(data, {"OMA_SLOTS": "1"}).start()
        for index in range(READERS):
            platform.agent(name=f"에이전트 {index}")
        platform.stop()
        (data / "slots").mkdir(exist_ok=True)
        with (data / "slots" / "0.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lead = timedelta(seconds=25 + number / 500)
            due = (datetime.now(UTC) + lead).replace(second=0, microsecond=0) + timedelta(minutes=1)
            store = SqliteStore(data / "oma.db", indexes=INDEXES)
            agents_due(store, number, due)
            store.close()
            platform.start()
            try:
                yield platform, due.timestamp()
            finally:
                platform.kill()
                lock.close()  # whoever holds a slot counts as a runner, and runners that are left are ended
                platform.end()


async def watched(platform: PlatformProcess, due: float, number: int) -> tuple[Growth, Times]:
    """How executions and tasks grow after the instant, and the API's times from then until two seconds after."""
    while time.time() < due - 0.5:
        await asyncio.sleep(0.05)
    done = asyncio.Event()
    growing = asyncio.create_task(asyncio.to_thread(growth, platform.data / "oma.db", due, number))
    reading = asyncio.create_task(readers(platform, done))
    found = await growing
    await asyncio.sleep(2)
    done.set()
    return found, await reading


def growth(database: Path, due: float, number: int) -> Growth:
    found: Growth = []
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        while not found or (found[-1][2] < number and time.time() < due + LONGEST):
            runs = connection.execute("SELECT count(*) FROM docs WHERE collection = 'executions'").fetchone()[0]
            tasks = connection.execute(
                "SELECT count(*) FROM tasks WHERE kind = 'launch' AND instr(name, '-') = 0"
            ).fetchone()[0]
            found.append((time.time(), runs, tasks))
            time.sleep(0.1)  # counting is work, too, on the machine that is measured
    return found


async def readers(platform: PlatformProcess, done: asyncio.Event) -> Times:
    """RATE lists and reads a second, sent when their time has come."""
    times: Times = {"list": [], "read": [], "error": []}
    agents = [item["id"] for item in platform.ask("GET", f"/api/agents?limit={READERS}")["items"]]
    headers = {"Authorization": f"Bearer {platform.key}"}
    async with aiohttp.ClientSession(platform.url, headers=headers) as session:
        begun, tasks = time.perf_counter(), []
        while not done.is_set():
            due = begun + len(tasks) / RATE
            await asyncio.sleep(max(0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(call(session, times, ("list", "read")[len(tasks) % 2], due, agents)))
        await asyncio.gather(*tasks)
    return times


def crowd(number: int) -> list[object]:
    """One line: so many agents due in one minute."""
    with full_platform(number) as (platform, due):
        before = cpu_seconds(platform)
        found, times = asyncio.run(watched(platform, due, number))
        used = cpu_seconds(platform) - before
    made = next((at - due for at, runs, _ in found if runs >= number), None)
    queued = next((at - due for at, _, tasks in found if tasks >= number), None)
    late = lateness(found, due)
    api = [f"{quantile(times[kind], 0.99) * 1000:.0f}" for kind in ("list", "read")]
    shown = ["never" if value is None else f"{value:.2f}" for value in (made, queued)]
    return [
        number,
        *shown,
        *(f"{quantile(late, share):.2f}" for share in (0.5, 0.99)),
        *api,
        len(times["error"]),
        f"{used:.1f}",
    ]


def cpu_seconds(platform: PlatformProcess) -> float:
    """Of the platform's process so far (proc(5), fields 14 and 15): a busy machine disturbs it least."""
    assert platform.process is not None
    fields = Path(f"/proc/{platform.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def lateness(found: Growth, due: float) -> list[float]:
    """Seconds from the instant until each task was seen, 0 for those that were there before it."""
    late: list[float] = []
    for at, _, tasks in found:
        late += [max(0.0, at - due)] * (tasks - len(late))
    return late or [LONGEST]


def day(minutes: int) -> list[list[object]]:
    """Some minutes of a day on which a million agents come due once each, spread evenly; a tick a minute."""
    per_minute = MILLION // (24 * 60)
    start = datetime(2026, 11, 20, 8, tzinfo=UTC)
    rows: list[list[object]] = []
    for name, clock in (("local, at once", ticking.Clock()), ("ahead, in batches", ticking.Clock(_MINUTE, 100))):
        with tempfile.TemporaryDirectory() as folder:
            real = SqliteStore(Path(folder) / "oma.db", indexes=INDEXES)
            for minute in range(minutes):
                agents_due(real, per_minute, start + minute * _MINUTE)
            rows.append([name, *measured(real, SqliteQueue(Path(folder) / "oma.db"), clock, start, minutes)])
            real.close()
    return rows


def measured(
    real: SqliteStore, queue: SqliteQueue, clock: ticking.Clock, start: datetime, minutes: int
) -> Iterator[object]:
    """A tick comes within a second of the minute, as here, or in its first ten seconds, as a scheduler's would."""
    store = CountingStore(real)
    late: list[float] = []
    launches: list[str] = []
    runs = 0
    for minute in range(-1, minutes + 1):
        phase = minute * 7 % 11
        now = start + minute * _MINUTE + timedelta(seconds=phase if clock.ahead else phase / 11)
        begun = time.process_time()
        made = ticking.tick(store, Noting(queue, begun, now, late, launches), MODELS, clock, now)  # type: ignore[arg-type]
        runs += made.runs
    ticked = Counter(store.counts)
    for launch_id in launches[: len(launches) // 4 or 1]:
        running.launch(store, NoJobs(), launch_id, Pace(), start + minutes * 2 * _MINUTE)  # type: ignore[arg-type]
    started = store.counts - ticked
    sampled = sum(len(members(real, id)) for id in launches[: len(launches) // 4 or 1])
    yield from (runs, len(launches), f"{ticked['reads'] / runs:.2f}", f"{ticked['writes'] / runs:.2f}")
    yield f"{ticked['found'] / runs:.2f}"
    yield from (f"{started['reads'] / sampled:.2f}", f"{started['writes'] / sampled:.2f}")
    yield from (f"{quantile(late, share):.2f}" for share in LATENESS)


class Noting:
    """A queue that notes how long after its due instant each task came: the tick's own time counts, in CPU seconds.

    Wall time would measure what else the machine does.
    """

    def __init__(self, queue: SqliteQueue, begun: float, now: datetime, late: list[float], launches: list[str]) -> None:
        self._queue, self._begun, self._now, self._late, self._launches = queue, begun, now, late, launches

    def enqueue(self, task: Task) -> bool:
        new = self._queue.enqueue(task)
        at = self._now + timedelta(seconds=time.process_time() - self._begun)
        assert task.due is not None
        self._late.append(max(0.0, (at - task.due).total_seconds()))
        self._launches.append(task.body["launchId"])
        return new


class NoJobs:
    def launch(self, launch_id: str, nonce: str, tasks: int) -> str:
        return "none"


_MINUTE = timedelta(minutes=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crowd", type=int, default=10_000)
    parser.add_argument("--punctual", type=int, default=1_000)
    parser.add_argument("--minutes", type=int, default=15)
    arguments, _ = parser.parse_known_args()
    table(
        f"{MILLION:,} agents a day at their full rate for {arguments.minutes} minutes; those due at other times are not"
        " stored (goal: 2 reads and 4 writes a run until it is queued)",
        ("tick", "runs", "launches", "reads", "writes", "queried", "reads at launch", "writes at launch",
         *(f"late p{share * 100:g} s" for share in LATENESS)),
        day(arguments.minutes),
    )  # fmt: skip
    table(
        f"Due in one minute (goals: {arguments.crowd:,} in 20 s, API p99 100 ms; {arguments.punctual:,} with p99 1 s)",
        (
            "agents",
            "all made s",
            "all queued s",
            "late p50 s",
            "late p99 s",
            "list p99 ms",
            "read p99 ms",
            "errors",
            "CPU s",
        ),
        [crowd(arguments.punctual), crowd(arguments.crowd)],
    )


if __name__ == "__main__":
    main()

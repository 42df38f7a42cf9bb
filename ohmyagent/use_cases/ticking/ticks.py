"""The tick.  `nextRunAt` advances in the transaction that makes the documents, so it may come twice or late."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

import structlog

from ohmyagent import records
from ohmyagent.domain.agents import Agent
from ohmyagent.domain.costs import ModelTable
from ohmyagent.domain.errors import AlreadyExists, Contention
from ohmyagent.domain.executions import LAUNCH, Execution, Launch, Status
from ohmyagent.domain.plans import Plans
from ohmyagent.domain.platform import PRESENT
from ohmyagent.domain.text import derived_id
from ohmyagent.ports import Queue, Store, Transaction, Where
from ohmyagent.use_cases import announcing, noticing, planning, queueing
from ohmyagent.use_cases.ticking.instants import documents, due_until, kept

log = structlog.get_logger()

PAGE = 100
MOST_PAGES = 10_000


@dataclass(frozen=True)
class Clock:
    """`ahead`: how far the tick looks into the future.  `batch` runs share a launch, `together` launches a start."""

    ahead: timedelta = timedelta(0)
    batch: int = 1
    together: int = 1


@dataclass(frozen=True)
class Ticked:
    """What one tick did.  `aside` are agents that could not be advanced now; the next tick tries them again."""

    runs: int
    missed: int
    aside: tuple[str, ...]


@dataclass(frozen=True)
class Rules:
    """What holds for one tick: the plans, and whether all schedules stand still (from the next tick on, if it changes
    meanwhile)."""

    plans: Plans
    halted: bool

    @classmethod
    def of(cls, store: Store) -> Self:
        switches = records.platform.find(store, PRESENT)
        return cls(planning.table(store), switches is not None and switches.schedules_paused_at is not None)


def tick(store: Store, queue: Queue, models: ModelTable, clock: Clock, now: datetime) -> Ticked:
    """Make documents for all that is due by `now` + `clock.ahead`, and queue the runs for their exact time."""
    runs = missed = 0
    aside: list[str] = []
    cursor: str | None = None
    rules = Rules.of(store)
    waiting = Waiting(queue, clock.together)
    for _ in range(MOST_PAGES):
        agents, cursor = _due(store, now + clock.ahead, cursor, PAGE)
        for made in _pages(store, models, [agent.id for agent in agents], clock, rules, now, aside):
            waiting.add(made)
            runs += sum(execution.status is Status.QUEUED for execution in made)
            missed += sum(execution.status is Status.MISSED for execution in made)
        if cursor is None:
            break
    waiting.flush()
    return Ticked(runs, missed, tuple(aside))


def _due(store: Store, until: datetime, cursor: str | None, limit: int) -> tuple[list[Agent], str | None]:
    return records.agents.page(store, Where("nextRunAt", "<=", until), oldest="nextRunAt", limit=limit, after=cursor)


def _pages(
    store: Store, models: ModelTable, ids: list[str], clock: Clock, rules: Rules, now: datetime, aside: list[str]
) -> Iterator[list[Execution]]:
    """One transaction for all; if that cannot be had, one for each, and who cannot even then is set aside."""
    if not ids:
        return
    try:
        try:
            yield store.transact(lambda tx: _advance(tx, models, ids, clock, rules, now))
        except AlreadyExists:  # a clock was set back: instants come again that have their document
            yield store.transact(lambda tx: _advance(tx, models, ids, clock, rules, now, again=True))
    except Contention:
        if len(ids) > 1:
            for id in ids:
                yield from _pages(store, models, [id], clock, rules, now, aside)
        else:
            log.warning("An agent is set aside", agent=ids[0])
            aside.append(ids[0])


def _advance(
    tx: Transaction,
    models: ModelTable,
    ids: list[str],
    clock: Clock,
    rules: Rules,
    now: datetime,
    *,
    again: bool = False,
) -> list[Execution]:
    """What is due of these agents, written; their clocks moved on.  An instant that has its document keeps it.

    Raises AlreadyExists when some have theirs, unless `again`: then each instant is looked up, a read for every one.
    """
    agents = [agent for agent in (records.agents.find(tx, id) for id in ids) if agent is not None and agent.scheduled]
    due = {agent.id: due_until(agent, now + clock.ahead) for agent in agents}
    rations = planning.Rations(tx, rules.plans)
    looking = again or rules.halted  # one document stands for all instants of a halt: none of them may have its own
    made = [
        rations.admitted(execution, now)
        for agent in agents
        for execution in documents(
            agent,
            models.find(agent.model),
            due[agent.id][0],
            now,
            kept(tx, agent) if looking else _never,
            halted=rules.halted,
        )
    ]
    theirs = {agent.id: [run for run in made if run.agent_id == agent.id] for agent in agents}
    missed = {id: [run for run in runs if run.status is Status.MISSED] for id, runs in theirs.items()}
    notices = [noticing.of_missed(tx, agent, missed[agent.id], now) for agent in agents]
    for agent in agents:
        records.agents.put(tx, agent.id, _clocked(agent, theirs[agent.id], due[agent.id][1], now))
    for notice in notices:
        notice.write(tx)
    rations.write()
    made = [*_launched(tx, [e for e in made if e.waits], clock.batch, now), *(e for e in made if not e.waits)]
    by_id = {agent.id: agent for agent in agents}
    for execution in made:
        records.executions.create(tx, execution.id, execution)
        if execution.ended:
            announcing.announce(tx, by_id[execution.agent_id], execution, now)
    return made


def _clocked(agent: Agent, made: list[Execution], following: datetime | None, now: datetime) -> Agent:
    """The agent with its clock moved on; it remembers the runs that were made ahead of their time."""
    ahead = tuple(run.id for run in made if run.waits and run.due_time and run.due_time > now)
    return agent.replace(next_run_at=following, planned=(*agent.planned[-2:], *ahead))


def _never(due: datetime) -> bool:
    """Whether the instant has its document: creating it would show that."""
    return False


def _launched(tx: Transaction, runs: list[Execution], batch: int, now: datetime) -> Iterator[Execution]:
    """The runs with their launches, which are written: up to `batch` of one instant together, one alone is its own."""
    by_instant: dict[datetime | None, list[Execution]] = {}
    for run in runs:
        by_instant.setdefault(run.due_time, []).append(run)
    for same in by_instant.values():
        for start in range(0, len(same), batch):
            group = same[start : start + batch]
            if len(group) == 1:
                yield group[0]
                continue
            ids = tuple(run.id for run in group)
            launch_id = derived_id(LAUNCH, *ids)
            records.launches.put(tx, launch_id, Launch(id=launch_id, executions=ids, created_at=now))
            yield from (run.replace(launch_id=launch_id, launch_index=index) for index, run in enumerate(group))


class Waiting:
    """Launches that are not queued yet, by their instant.  A crash before that is healed by the sweep."""

    def __init__(self, queue: Queue, together: int) -> None:
        self._queue = queue
        self._together = together
        self._launches: dict[datetime | None, list[str]] = {}

    def add(self, made: list[Execution]) -> None:
        for launch_id, instant in {run.launch_id: run.due_time for run in made if run.waits}.items():
            launches = self._launches.setdefault(instant, [])
            launches.append(launch_id)
            if len(launches) == self._together:
                queueing.together(self._queue, self._launches.pop(instant), instant)

    def flush(self) -> None:
        for instant, launches in self._launches.items():
            queueing.together(self._queue, launches, instant)

"""Starting runners for what is queued."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from ohmyagent import records
from ohmyagent.domain.agents import Agent
from ohmyagent.domain.errors import NoRoom
from ohmyagent.domain.executions import Execution, Launch, Status, Trigger
from ohmyagent.domain.runner import Pace
from ohmyagent.domain.schedules import Overlap
from ohmyagent.domain.text import new_secret
from ohmyagent.ports import Jobs, Later, Store, Transaction
from ohmyagent.use_cases import announcing
from ohmyagent.use_cases.running.logs import agent_of

log = structlog.get_logger()

MILLISECOND = timedelta(milliseconds=1)
NO_ROOM_PAUSE = 0.3
BEGIN = 6
"""A runner that is alive may claim until so many times the launch's pace: of thousands some begin late."""
EARLY = timedelta(seconds=1)
"""How much earlier than due a run may start: the clocks of the queue and of this process differ a little."""


def launch(store: Store, jobs: Jobs, launch_id: str, pace: Pace, now: datetime) -> None:
    """Start runners for what the launch holds and what may start now.  Calling it again changes nothing.

    Raises Later when there is no room; an execution whose agent is busy stays queued until that run ends.
    """
    nonce = new_secret()
    started = store.transact(lambda tx: start(tx, launch_id, nonce, pace, now))
    if not started:
        return
    noted(launch_id, started, now)
    try:
        handle = jobs.launch(launch_id, nonce, len(started))
    except NoRoom:
        store.transact(lambda tx: unstart(tx, started))
        raise Later(NO_ROOM_PAUSE, whole_kind=True) from None
    if Launch.is_document(launch_id):
        store.update(records.launches.path(launch_id), {"handle": handle})


def noted(id: str, started: Sequence[Execution], now: datetime) -> None:
    """One line for each instant: the lateness that is watched."""
    for due, runs in Counter(execution.due_time for execution in started if execution.due_time is not None).items():
        log.info("launched", launch=id, runs=runs, late_ms=max(0, round((now - due) / MILLISECOND)))


def start(tx: Transaction, launch_id: str, nonce: str, pace: Pace, now: datetime) -> list[Execution]:
    """Those of the launch that may start now, in the order of their tasks, taken for runners that have the nonce."""
    batch = records.launches.get(tx, launch_id) if Launch.is_document(launch_id) else None
    ids = batch.executions if batch else (launch_id,)
    found = {place: records.executions.find(tx, id) for place, id in enumerate(ids)}
    executions = {place: execution for place, execution in found.items() if execution is not None}
    agents = {e.agent_id: agent_of(tx, e) for e in executions.values()}
    started: dict[int, Execution] = {}
    until = now + pace.launch, now + BEGIN * pace.launch
    for place, execution in executions.items():
        agent = agents[execution.agent_id]
        if execution.status is not Status.QUEUED or not execution.is_due(now + EARLY):
            continue
        if execution.rehearsal:
            records.executions.put(tx, execution.id, execution.launching(nonce, *until))
            started[place] = execution
        elif agent is None or agent.deleted_at is not None:
            records.executions.put(tx, execution.id, execution.closed(Status.SKIPPED, now, error_code="agent_deleted"))
        elif code := _unwanted(agent, execution):
            skipped = execution.closed(Status.SKIPPED, now, error_code=code)
            records.executions.put(tx, execution.id, skipped)
            announcing.announce(tx, agent, skipped, now)
        elif agent.active_execution_id in (None, execution.id):
            agents[agent.id] = records.agents.put(tx, agent.id, agent.taken_by(execution.id))
            records.executions.put(tx, execution.id, execution.launching(nonce, *until))
            started[place] = execution
    if started and batch:
        records.launches.put(tx, launch_id, batch.started(nonce, tuple(started)))
    return list(started.values())


def unstart(tx: Transaction, started: Sequence[Execution]) -> None:
    """Back to the queue: there is no room for them."""
    found = (records.executions.find(tx, execution.id) for execution in started)
    executions = [execution for execution in found if execution is not None]
    agents = [agent_of(tx, execution) for execution in executions]
    for execution, agent in zip(executions, agents, strict=True):
        if execution.status is Status.LAUNCHING:
            records.executions.put(tx, execution.id, execution.requeued())
            if agent is not None:
                records.agents.put(tx, agent.id, agent.released_by(execution.id))


def _unwanted(agent: Agent, execution: Execution) -> str | None:
    """Why a run that nobody asked for by hand shall not start now."""
    if agent.paused_reason is not None and execution.trigger in (Trigger.SCHEDULE, Trigger.WEBHOOK):
        return agent.paused_reason.value
    return "overlap" if _overlaps(agent, execution) else None


def _overlaps(agent: Agent, execution: Execution) -> bool:
    """Whether it came due while another run goes on, and its schedule says to skip it then."""
    schedule = execution.agent.schedule
    waits = schedule is None or schedule.overlap is Overlap.QUEUE
    return execution.trigger is Trigger.SCHEDULE and not waits and agent.active_execution_id not in (None, execution.id)

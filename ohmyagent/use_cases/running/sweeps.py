"""Making an end where no runner does: expired leases, overdue cancellations, launches that came to nothing.

A runner whose lease expired is probed: alive and unknown wait for the hard deadline, gone ends the run.  One that did
not say how to probe it is gone once it has had the time after which a runner without an answer gives up.
"""

from datetime import datetime, timedelta

from ohmyagent import records
from ohmyagent.domain.errors import Gone
from ohmyagent.domain.executions import OWNED, Execution, Launch, Status
from ohmyagent.domain.runner import Pace
from ohmyagent.ports import Jobs, Liveness, Queue, Store, Transaction, Where
from ohmyagent.use_cases.running.ends import end, resume
from ohmyagent.use_cases.running.logs import agent_of, last_kept_seq
from ohmyagent.use_cases.running.requests import dispatch

PAGE = 100
MOST_LAUNCHES = 5
"""Launches of one execution before it counts as lost."""
FORGOTTEN = timedelta(seconds=10)
"""How long a queued execution waits before its dispatch is looked after."""


def sweep(store: Store, queue: Queue, jobs: Jobs, *, pace: Pace, now: datetime) -> int:
    """One round over what is overdue; returns how many executions it looked at.  Safe at any time and in parallel."""
    overdue = [execution for status in sorted(OWNED) for execution in _expired(store, status, now)]
    for execution in overdue:
        check(store, queue, jobs, execution.id, pace=pace, now=now)
    waiting, _ = records.executions.page(
        store,
        Where("status", "==", Status.QUEUED.value),
        Where("createdAt", "<", now - FORGOTTEN),
        oldest="createdAt",
        limit=PAGE,
    )
    for execution in waiting:
        _redispatch(store, queue, execution, now)
    return len(overdue) + len(waiting)


def check(store: Store, queue: Queue, jobs: Jobs, execution_id: str, *, pace: Pace, now: datetime) -> None:
    """End one execution, or have it launched again, if its time has come; else leave it alone."""
    execution = records.executions.get(store, execution_id)
    if execution.status not in OWNED or execution.lease is None:
        return
    runner = _runner(store, execution)
    alive = jobs.probe(*runner) if runner else _unprobed(execution, pace, now)
    verdict = _verdict(execution, alive, pace, now)
    if verdict is None:
        return
    if runner and alive is not Liveness.GONE:
        jobs.stop(*runner)
    status, code = verdict
    last_seq = last_kept_seq(store, execution)
    try:
        after = store.transact(lambda tx: _settle(tx, execution, status, code, last_seq, now))
    except Gone:
        return
    if after.ended:
        resume(store, queue, after)
    else:
        dispatch(queue, after.launch_id, f"-{after.epoch}")


def _runner(store: Store, execution: Execution) -> tuple[str, int] | None:
    """The handle of what was started, and the run's index there; None when nobody knows."""
    if execution.handle is not None:
        return execution.handle, execution.task
    if not Launch.is_document(execution.launch_id):
        return None
    batch = records.launches.get(store, execution.launch_id)
    task = batch.task(execution.launch_index)
    return (batch.handle, task) if batch.handle and task is not None else None


def _unprobed(execution: Execution, pace: Pace, now: datetime) -> Liveness:
    assert execution.lease is not None
    given_up = execution.lease.expires_at + timedelta(seconds=pace.orphan_seconds)
    return Liveness.GONE if now >= given_up else Liveness.UNKNOWN


def relieve(store: Store, queue: Queue, jobs: Jobs, code: str, now: datetime) -> Execution | None:
    """End the youngest run, because the machine is short of what `code` says; None if nothing runs."""
    found, _ = records.executions.page(store, Where("status", "==", Status.RUNNING.value), newest="createdAt", limit=1)
    if not found:
        return None
    youngest = found[0]
    runner = _runner(store, youngest)
    if runner:
        jobs.stop(*runner)
    last_seq = last_kept_seq(store, youngest)
    try:
        ended = store.transact(lambda tx: _settle(tx, youngest, Status.FAILED, code, last_seq, now))
    except Gone:
        return None
    resume(store, queue, ended)
    return ended


def _verdict(execution: Execution, alive: Liveness, pace: Pace, now: datetime) -> tuple[Status, str | None] | None:
    """The end (or QUEUED for another launch) that is due, or None."""
    assert execution.lease is not None
    asked = execution.cancel_requested_at
    if asked is not None and now >= asked + pace.cancel_grace:
        return Status.CANCELLED, None
    if now < execution.lease.expires_at:
        return None
    if execution.status is Status.LAUNCHING:
        if alive is Liveness.ALIVE and now < execution.lease.deadline:
            return None
        return (Status.QUEUED, None) if execution.epoch < MOST_LAUNCHES else (Status.FAILED, "lost")
    if alive is Liveness.GONE:
        return Status.FAILED, "lost"
    return (Status.TIMED_OUT, "timeout") if now >= execution.lease.deadline else None


def _settle(
    tx: Transaction, seen: Execution, status: Status, code: str | None, last_seq: int, now: datetime
) -> Execution:
    current = records.executions.get(tx, seen.id)
    if current.status is not seen.status or current.epoch != seen.epoch:
        raise Gone()
    if status is not Status.QUEUED:
        return end(tx, current.id, status, now, error_code=code, last_seq=last_seq)
    agent = agent_of(tx, current)
    if agent is not None:
        records.agents.put(tx, agent.id, agent.released_by(current.id))
    return records.executions.put(tx, current.id, current.requeued())


def _expired(store: Store, status: Status, now: datetime) -> list[Execution]:
    found, _ = records.executions.page(
        store,
        Where("status", "==", status.value),
        Where("lease.expiresAt", "<", now),
        oldest="lease.expiresAt",
        limit=PAGE,
    )
    return found


def _redispatch(store: Store, queue: Queue, execution: Execution, now: datetime) -> None:
    """Its task may have been lost between commit and enqueue: once a minute, another one."""
    if not execution.is_due(now - FORGOTTEN):
        return
    agent = agent_of(store, execution)
    if agent is None or agent.active_execution_id is None or agent.deleted_at is not None:
        dispatch(queue, execution.launch_id, now.strftime("-%Y%m%dT%H%MZ"))

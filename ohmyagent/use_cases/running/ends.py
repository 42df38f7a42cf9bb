"""How executions end.  `close` is the only way, so run, ledger, month and agent always move together."""

from datetime import datetime
from typing import Any

import structlog

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.agents import Agent, LastExecution
from ohmyagent.domain.errors import NotFound
from ohmyagent.domain.executions import Execution, Status, StoredFile
from ohmyagent.domain.results import kind_of
from ohmyagent.domain.runner import FinishRequest, Outcome, Pace
from ohmyagent.domain.text import digest
from ohmyagent.domain.usage import Ledger, Month, UsageRow, month_id, month_of
from ohmyagent.ports import Files, Queue, Store, Task, Transaction, Where
from ohmyagent.use_cases import announcing, keeping
from ohmyagent.use_cases.running.aftermath import aftermath
from ohmyagent.use_cases.running.logs import agent_of, find
from ohmyagent.use_cases.running.repeats import Repeat, is_wanted
from ohmyagent.use_cases.running.requests import dispatch

log = structlog.get_logger()


def finish(
    store: Store, queue: Queue, files: Files, execution_id: str, token: str, done: FinishRequest, now: datetime
) -> Execution:
    """The runner's end of it, once; the same report again gets the same answer.

    Success needs a result and at least one model call seen by the gateway.  Raises Forbidden, StaleEpoch, Gone.
    """
    known = records.executions.find(store, execution_id)
    if known is None:
        raise NotFound()
    if known.ended and known.token_digest == digest(token) and known.status is done.outcome.status:
        return known
    execution = known.held_by(token, done.epoch)
    artifacts = keeping.kept(files, execution, done.artifacts)
    saved = keeping.kept(files, execution, done.workspace.files) if done.workspace else None
    session = keeping.bodies_here(files, execution, (done.session,))[0] if done.session else None

    def work(tx: Transaction) -> Execution:
        current = records.executions.get(tx, execution_id).held_by(token, done.epoch)
        agent = agent_of(tx, current)
        ledger = records.ledgers.find(tx, current.id) or current.ledger
        assert ledger is not None  # whoever holds a run has claimed it
        month = month_with(tx, current.user_id, current.start_time or now)
        manifest = keeping.workspace(tx, current.user_id, current.agent_id, now)
        status, code = _verdict(done, ledger)
        kind, source = kind_of(done.structured, done.result or "") if status is Status.SUCCEEDED else (None, None)
        closed = close(
            tx, current, status, now, agent, ledger, month,
            error_code=code, error=done.error, result=done.result, result_kind=kind, result_kind_source=source,
            last_seq=done.last_seq, hosts=done.hosts, artifacts=artifacts, sandbox=done.sandbox,
            notes=done.workspace.notes if done.workspace else (), session=session,
        )  # fmt: skip
        if saved is not None and status is Status.SUCCEEDED and not current.rehearsal:
            records.workspaces.put(tx, current.agent_id, manifest.saved(saved, current.id, now))
        return closed

    ended = store.transact(work)
    resume(store, queue, ended)
    return ended


def _verdict(done: FinishRequest, ledger: Ledger) -> tuple[Status, str | None]:
    if done.outcome is Outcome.SUCCEEDED and (ledger.calls == 0 or done.result is None):
        return Status.FAILED, "no_model_call" if ledger.calls == 0 else "no_result"
    if done.outcome is Outcome.TIMED_OUT:
        return Status.TIMED_OUT, done.error_code or "timeout"
    return done.outcome.status, done.error_code


def close(
    tx: Transaction,
    execution: Execution,
    status: Status,
    now: datetime,
    agent: Agent | None,
    ledger: Ledger | None,
    month: Month,
    session: StoredFile | None = None,
    **found: Any,
) -> Execution:
    """Write the end everywhere it shows: run, ledger, month, agent, mails.  It reads, so no write comes before it."""
    closed = execution.closed(status, now, **found)
    if ledger is not None:
        ledger = ledger.ended()
        closed = closed.replace(token_usage=ledger.usage, cost_micro_usd=ledger.cost, cost_partial=ledger.partial)
        month = month.booked(execution.id, _row(closed, ledger))
    repeat = Repeat.of(tx, closed, now) if is_wanted(closed, agent, ledger) else None
    if repeat is not None:
        closed = closed.replace(retried_by=repeat.run.id)
    talk = records.talks.find(tx, closed.talk_id) if closed.talk_id else None
    conversation = records.conversations.find(tx, closed.talk_id) if closed.talk_id else None
    after = aftermath(tx, agent, _counted(agent, closed, ledger), closed, month, now) if agent is not None else None
    if ledger is not None:
        records.ledgers.put(tx, ledger.id, ledger)
        records.months.put(tx, month.id, month)
    if talk is not None:
        records.talks.put(tx, talk.id, talk.answered(ledger.spent if ledger else 0, session))
    if conversation is not None and ledger is not None:
        said = conversation.corrected(ledger.usage, ledger.spent, unknown=ledger.cost is None)
        records.conversations.put(tx, said.id, said)
    if after is not None:
        after.write(tx)
    if repeat is not None:
        repeat.write(tx)
    announcing.announce(tx, agent, closed, now)
    return records.executions.put(tx, closed.id, closed)


def month_with(tx: Transaction, user_id: str, now: datetime) -> Month:
    """The user's month that holds the instant."""
    month = month_of(now)
    return records.months.find(tx, month_id(user_id, month)) or Month.empty(user_id, month)


def _row(closed: Execution, ledger: Ledger) -> UsageRow:
    return UsageRow(
        day=(closed.start_time or closed.created_at).strftime("%Y-%m-%d"),
        agent_id=closed.account,
        runs=1,
        succeeded=int(closed.came_to_something),
        token_usage=ledger.usage,
        cost_micro_usd=ledger.spent,
        unknown_costs=int(ledger.cost is None),
    )


def _counted(agent: Agent, closed: Execution, ledger: Ledger | None) -> Agent:
    last = LastExecution(
        id=closed.id, status=closed.status.value, result_kind=closed.result_kind, end_time=closed.end_time
    )
    counted = agent.released_by(closed.id).replace(last_execution=last)
    if closed.start_time is not None:
        counted = counted.replace(total_runs=agent.total_runs + 1)
    if closed.came_to_something:
        counted = counted.replace(successful_runs=agent.successful_runs + 1)
    if ledger is None:
        return counted
    return counted.replace(
        total_token_usage=agent.total_token_usage + ledger.usage,
        total_cost_micro_usd=agent.total_cost_micro_usd + ledger.spent,
    )


def resume(store: Store, queue: Queue, ended: Execution) -> None:
    """Dispatch its retry and the run that waited for it, if there are any (the sweep heals a crash right here)."""
    _note(ended)
    if ended.rehearsal:
        _tell(store, ended)
    if ended.retried_by is not None:
        again = records.executions.get(store, ended.retried_by)
        queue.enqueue(Task("launch", again.launch_id, {"launchId": again.launch_id}, again.start_after))
    waiting, _ = records.executions.page(
        store,
        Where("agentId", "==", ended.agent_id),
        Where("status", "==", Status.QUEUED.value),
        oldest="createdAt",
        limit=1,
    )
    for execution in waiting:
        dispatch(queue, execution.launch_id, f"-after-{ended.id}")


def _note(ended: Execution) -> None:
    """What the cloud counts runs, faults and spend by (infra/terraform/modules/watching)."""
    if ended.ended:
        found = {"status": ended.status.value, "error": ended.error_code, "cost_micro_usd": ended.cost_micro_usd}
        log.info("run ended", execution=ended.id, agent=ended.agent_id, **found)


def _tell(store: Store, ended: Execution) -> None:
    from ohmyagent.use_cases import showing  # conversations know runs, so runs learn of them no earlier than this

    showing.rehearsal(store, ended, ended.end_time or ended.created_at)


def cancel(store: Store, queue: Queue, user: User, execution_id: str, *, pace: Pace, now: datetime) -> Execution:
    """Ask for an end: at once if no runner has it, else the runner is told with its next report, soon made to.

    Raises Gone when it has ended.
    """

    def work(tx: Transaction) -> Execution:
        execution = find(tx, user, execution_id).cancelling(now)
        if execution.status is Status.LAUNCHING:
            return end(tx, execution.id, Status.CANCELLED, now)
        if execution.ended:
            announcing.announce(tx, agent_of(tx, execution), execution, now)
        return records.executions.put(tx, execution.id, execution)

    execution = store.transact(work)
    if not execution.ended:
        due = now + pace.cancel_grace
        queue.enqueue(Task("check", f"{execution.id}-cancel", {"executionId": execution.id}, due))
    else:
        resume(store, queue, execution)
    return execution


def end(tx: Transaction, execution_id: str, status: Status, now: datetime, **found: Any) -> Execution:
    """Close an execution without its runner's report; raises Gone if it has ended."""
    execution = records.executions.get(tx, execution_id)
    agent = agent_of(tx, execution)
    ledger = records.ledgers.find(tx, execution_id) or execution.ledger
    month = month_with(tx, execution.user_id, execution.start_time or now)
    return close(tx, execution, status, now, agent, ledger, month, **found)

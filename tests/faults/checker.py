"""What must hold in every history: I1 to I5 of docs/faults.md, and that ends never change."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ohmyagent import records
from ohmyagent.domain.executions import ENDED, Execution, Status, Trigger
from ohmyagent.domain.usage import Ledger, Month
from ohmyagent.ports import Document, Query, Task
from tests.faults import correspondence
from tests.faults.ledgers import MINUTE, Activity, instants
from tests.faults.platform import Platform

FINAL = ("status", "endTime", "startTime", "result", "errorCode", "dueTime", "span")
"""What an end may not change any more; what was spent may be corrected."""


class Watch:
    """Looks at all executions again and again, from outside."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.executions: dict[str, Document] = {}
        self.violations: list[str] = []

    def look(self) -> None:
        seen = {item["id"]: item for item in everything(self._platform, "executions")}
        for id, before in self.executions.items():
            after = seen.get(id)
            if after is None:
                self.violations.append(f"execution {id} is gone")
            elif before["status"] in ENDED and any(before[name] != after[name] for name in FINAL):
                self.violations.append(f"the end of {id} changed: {_end(before)} then {_end(after)}")
        owned = Counter(item["agentId"] for item in seen.values() if item["status"] in ("launching", "running"))
        self.violations += [f"I1: agent {agent} has {n} runs at once" for agent, n in owned.items() if n > 1]
        self.executions = seen

    def unfinished(self) -> bool:
        return any(item["status"] not in ENDED for item in self.executions.values())

    def dead(self) -> list[str]:
        """Runs without a living process whose lease is no longer than leases are."""
        self.look()
        now, found = self._platform.time.now, []
        for item in self.executions.values():
            if item["status"] != "running":
                continue
            living = any(
                r.alive and (r.handle, r.index) == (item["handle"], item["launchIndex"])
                for r in self._platform.machine.runners
            )
            if not living and item["lease"]["expiresAt"] <= now + self._platform.pace.lease:
                found.append(item["id"])
        return found

    def ended(self, dead: list[str]) -> None:
        """Lease + 60 s have passed since."""
        late = [id for id in dead if self.executions[id]["status"] not in ENDED]
        self.violations += [f"I2: {id} is not ended lease + 60 s after its process died" for id in late]


def check(platform: Platform) -> list[str]:
    """Everything that is wrong in a history that has come to rest."""
    executions = [Execution.of(item) for item in everything(platform, "executions")]
    ledgers = {item["id"]: Ledger.of(item) for item in everything(platform, "ledgers")}
    months = [Month.of(item) for item in everything(platform, "months")]
    return [
        *_starts(platform),
        *_retries(platform, executions),
        *_ends(platform, executions),
        *_calendar(platform, executions),
        *_queue(platform),
        *_metered(platform, executions, ledgers),
        *_sums(platform, executions, ledgers, months),
        *platform.causes.violations,
        *correspondence.check(platform),
    ]


def everything(platform: Platform, collection: str) -> Iterator[Document]:
    cursor: str | None = None
    while True:
        page = platform.real.query(Query(collection, limit=1000, after=cursor))
        yield from page.items
        cursor = page.cursor
        if cursor is None:
            return


def _starts(platform: Platform) -> Iterator[str]:
    """I1: an execution that was claimed is never launched again, so one start of the CLI is all it may have."""
    for id, number in Counter(start.execution_id for start in platform.ledgers.starts).items():
        if number > 1:
            yield f"I1: the CLI was started {number} times for {id}"


def _retries(platform: Platform, executions: list[Execution]) -> Iterator[str]:
    """What the platform lost is repeated as its agent wants it, never more often, and no model call unasked."""
    known = {execution.id: execution for execution in executions}
    called = {call.execution_id for call in platform.ledgers.calls}
    for execution in executions:
        if execution.retried_by is None:
            continue
        policy, again = execution.agent.retry, known.get(execution.retried_by)
        if again is None or (again.retry_of, again.attempt) != (execution.id, execution.attempt + 1):
            yield f"I2: the retry of {execution.id} is not there"
        if execution.attempt > policy.times:
            yield f"I1: {execution.id} is attempt {execution.attempt}, and {policy.times} retries are allowed"
        if execution.id in called and not policy.after_calls:
            yield f"I1: {execution.id} had called a model, and was repeated unasked"


def _ends(platform: Platform, executions: list[Execution]) -> Iterator[str]:
    """I2: nothing accepted is lost, and everything has ended."""
    known = {execution.id for execution in executions}
    yield from (f"I2: accepted run {id} is lost" for id in sorted(platform.ledgers.accepted - known))
    yield from (f"I2: {e.id} is {e.status} for ever" for e in executions if not e.ended)


def _calendar(platform: Platform, executions: list[Execution]) -> Iterator[str]:
    """I1 and I2 of due instants: each has a document, at most one of its own, and none is invented."""
    scheduled: dict[str, list[Execution]] = defaultdict(list)
    for execution in executions:
        if execution.trigger is Trigger.SCHEDULE:
            scheduled[execution.agent_id].append(execution)
    activities: dict[str, list[Activity]] = defaultdict(list)
    for activity in platform.ledgers.activities:
        activities[activity.agent_id].append(activity)
    for agent_id, found in scheduled.items():
        alone = Counter(e.due_time for e in found if e.span is None)
        yield from (f"I1: {n} executions of {agent_id} for {due}" for due, n in alone.items() if n > 1)
        for due in filter(None, alone):
            if not any(instants(a.schedule, due - MINUTE, due) for a in activities[agent_id]):
                yield f"I1: {agent_id} has a run at {due}, when nothing was due"
    for agent_id, known in activities.items():
        for activity in known:
            yield from _gaps(activity, scheduled[agent_id], platform.time.now)


def _gaps(activity: Activity, found: list[Execution], now: datetime) -> Iterator[str]:
    alone = {e.due_time for e in found if e.span is None}
    spans = [e.span for e in found if e.span is not None]
    for due in instants(activity.schedule, activity.since, activity.until or now):
        if due not in alone and not any(span.since <= due <= span.until for span in spans):
            yield f"I2: {activity.agent_id} was due at {due} and has no document of it"


def _queue(platform: Platform) -> Iterator[str]:
    """What the queue promised to keep was handled or is a dead letter, and nothing came before its time."""
    yield from (f"queue: {task.kind} {task.name} was kept and never handled" for task in owed(platform))
    yield from (f"queue: {task.name} was delivered before it was due" for task in platform.ledgers.early)
    yield from (f"I1: {id} was started before its instant" for id in platform.ledgers.hasty)


def owed(platform: Platform) -> list[Task]:
    """What the queue still has to hand out: due, neither handled nor a dead letter."""
    done = platform.ledgers.handled | {(d.task.kind, d.task.name) for d in platform.rows.dead()}
    kept, now = platform.ledgers.kept.items(), platform.time.now
    return [task for key, task in kept if key not in done and task.due is not None and task.due <= now]


def _metered(platform: Platform, executions: list[Execution], ledgers: dict[str, Ledger]) -> Iterator[str]:
    """I4 and I5: what the model did is what the ledger says, once; what nobody knows is flagged and never 0."""
    calls = defaultdict(list)
    for call in platform.ledgers.calls:
        calls[call.execution_id].append(call)
    for id, ledger in ledgers.items():
        made = calls[id]
        least = sum(call.cost or 0 for call in made)
        most = sum((call.cost or 0) if call.told else call.reserved for call in made)
        certain = all(call.told for call in made) and id not in platform.ledgers.phantoms
        if certain and (ledger.spent, ledger.usage.output) != (least, sum(c.usage.output for c in made)):
            yield f"I4: {id} spent {ledger.spent}, the model says {least}"
        if not certain and (ledger.spent < least or (id not in platform.ledgers.phantoms and ledger.spent > most)):
            yield f"I4: {id} spent {ledger.spent}, outside {least} to {most}"
        if any(call.told is False or (call.partial and call.told) for call in made) and not ledger.partial:
            yield f"I4: {id} has a call of unknown end and is not flagged partial"
        if any(call.told and call.cost is None for call in made) and ledger.cost is not None:
            yield f"I4: {id} has a call of unknown price, and its cost is {ledger.cost}"
        if ledger.spent > ledger.cap:
            yield f"I5: {id} spent {ledger.spent} of {ledger.cap}"
    for execution in executions:
        of = ledgers.get(execution.id)
        if of is not None and execution.ended and _spent(execution) != (of.cost, of.usage, of.partial):
            yield f"I4: {execution.id} shows {_spent(execution)}, its ledger {(of.cost, of.usage, of.partial)}"


def _spent(execution: Execution) -> tuple[Any, ...]:
    return execution.cost_micro_usd, execution.token_usage, execution.cost_partial


def _sums(
    platform: Platform, executions: list[Execution], ledgers: dict[str, Ledger], months: list[Month]
) -> Iterator[str]:
    """I4: months, agents and executions agree.  I5: no month above its caps, nothing set aside for ever."""
    for month in months:
        if month.reservations:
            yield f"I5: {month.id} holds reservations of ended runs"
        rows: Counter[str] = Counter()
        for row in month.rows:
            rows[row.agent_id] += row.cost_micro_usd
        mine = [e for e in executions if e.user_id == month.user_id and e.start_time is not None and e.id in ledgers]
        mine = [e for e in mine if e.start_time is not None and e.start_time.strftime("%Y-%m") == month.month]
        spent: Counter[str] = Counter()
        for execution in mine:
            spent[execution.agent_id] += ledgers[execution.id].spent
        if +rows != +spent:
            yield f"I4: {month.id} says {dict(rows)}, its runs {dict(spent)}"
        unknown = sum(ledgers[e.id].cost is None for e in mine)
        if sum(row.unknown_costs for row in month.rows) != unknown:
            yield f"I4: {month.id} counts {sum(r.unknown_costs for r in month.rows)} unknown costs of {unknown}"
        for execution in mine:
            cap = execution.agent.limits.monthly_cost_micro_usd
            if rows[execution.agent_id] > cap:
                yield f"I5: {execution.agent_id} spent {rows[execution.agent_id]} of {cap} in {month.month}"
    for agent in map(records.agents.kind.of, everything(platform, "agents")):
        mine = [e for e in executions if e.agent_id == agent.id]
        spent_here = sum(ledgers[e.id].spent for e in mine if e.id in ledgers)
        counted = (
            sum(e.start_time is not None for e in mine),
            sum(e.status is Status.SUCCEEDED and e.result_kind != "blocked" for e in mine),
            spent_here,
        )
        if (agent.total_runs, agent.successful_runs, agent.total_cost_micro_usd) != counted:
            shown = (agent.total_runs, agent.successful_runs, agent.total_cost_micro_usd)
            yield f"I4: agent {agent.id} says {shown}, its runs {counted}"
        if agent.active_execution_id is not None:
            yield f"I2: agent {agent.id} is taken by {agent.active_execution_id} for ever"


def _end(item: Document) -> dict[str, Any]:
    return {name: item[name] for name in FINAL}

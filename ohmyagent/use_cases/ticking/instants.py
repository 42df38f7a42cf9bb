"""The documents of due instants.  Their ids follow from agent and instant."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import dropwhile, filterfalse, islice, takewhile

from ohmyagent import records
from ohmyagent.domain.agents import Agent
from ohmyagent.domain.costs import Model
from ohmyagent.domain.due import instants
from ohmyagent.domain.executions import Execution, Span, Status, Trigger
from ohmyagent.domain.platform import PAUSED
from ohmyagent.domain.schedules import CatchUp
from ohmyagent.domain.text import derived_id

GRACE = timedelta(minutes=5)
"""How late a run may be made; what is later was missed."""
MOST_AT_ONCE = 500
"""Due instants of one agent looked at in one transaction; what is left comes with the next page."""


Kept = Callable[[datetime], bool]
"""Whether an instant has its document already: after a clock was set back, instants come again."""


def kept(documents: records.Documents, agent: Agent) -> Kept:
    """Reads one document each time."""
    return lambda due: records.executions.find(documents, _id(agent, due)) is not None


def due_until(agent: Agent, until: datetime) -> tuple[list[datetime], datetime | None]:
    """The agent's instants without a document up to `until`, and the first one that is left."""
    if agent.schedule is None or agent.next_run_at is None:
        return [], None
    begin = agent.next_run_at - timedelta(seconds=1)
    coming = instants(agent.schedule, begin)
    due = list(islice(takewhile(lambda instant: instant <= until, coming), MOST_AT_ONCE))
    return due, next(instants(agent.schedule, due[-1] if due else begin), None)


def documents(
    agent: Agent, model: Model | None, due: list[datetime], now: datetime, kept: Kept, *, halted: bool = False
) -> Iterator[Execution]:
    """Runs for what is in time, one document for what was missed; a missed latest one runs if the schedule says so.

    `halted`: all schedules of the platform stand still, so one document says that none of it ran.
    """
    if halted:
        stood = list(filterfalse(kept, due))
        if stood:
            yield closed(agent, stood, Status.SKIPPED, PAUSED, now)
        return
    late = [instant for instant in due if instant < now - GRACE]
    in_time = due[len(late) :]
    if late and not in_time and agent.schedule is not None and agent.schedule.catch_up is CatchUp.LATEST:
        in_time = [late.pop()]
    late = list(dropwhile(kept, late))
    if late:
        yield closed(agent, late, Status.MISSED, "missed", now)
    for instant in filterfalse(kept, in_time):
        run = _document(agent, model, instant, now)
        yield run if model else run.closed(Status.SKIPPED, now, error_code="model_gone")


def closed(agent: Agent, due: list[datetime], status: Status, code: str, now: datetime) -> Execution:
    """One document for consecutive instants that do not run."""
    span = Span(since=due[0], until=due[-1], count=len(due))
    return _document(agent, None, due[0], now).replace(span=span).closed(status, now, error_code=code)


def pause(agent: Agent, since: datetime, until: datetime, now: datetime) -> Execution:
    """The one document of the time in which the agent's schedule stood still."""
    id = derived_id("x", agent.id, "pause", since.isoformat(), until.isoformat())
    paused = Execution.queued(agent, None, id=id, trigger=Trigger.SCHEDULE, now=now)
    span = Span(since=since, until=until)
    code = agent.paused_reason.value if agent.paused_reason else "paused"
    return paused.replace(due_time=since, span=span).closed(Status.SKIPPED, now, error_code=code)


def _document(agent: Agent, model: Model | None, due: datetime, now: datetime) -> Execution:
    return Execution.queued(agent, model, id=_id(agent, due), trigger=Trigger.SCHEDULE, now=now).replace(due_time=due)


def _id(agent: Agent, due: datetime) -> str:
    return derived_id("x", agent.id, "due", due.isoformat())

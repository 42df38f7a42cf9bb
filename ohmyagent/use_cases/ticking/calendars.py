"""An agent's calendar: every due instant, past with its state, future as planned."""

from datetime import datetime, timedelta

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.agents import Agent
from ohmyagent.domain.due import due_between
from ohmyagent.domain.errors import Invalid
from ohmyagent.domain.executions import Execution, Span
from ohmyagent.domain.record import Instant, Record
from ohmyagent.ports import Store, Where
from ohmyagent.use_cases import designing

LONGEST = timedelta(days=92)
MOST_ENTRIES = 1_000
PLANNED = "planned"
PAUSED = "paused"


class Entry(Record):
    """An instant (or a span of them) with its state: a status of executions, or `planned`."""

    due_time: Instant
    state: str
    execution_id: str | None = None
    error_code: str | None = None
    span: Span | None = None


def calendar(store: Store, user: User, agent_id: str, since: datetime, until: datetime, now: datetime) -> list[Entry]:
    """The entries of [since, until), in order, at most 1,000; raises Invalid for a bad range.

    An interval that reaches into it is one of them wherever it began.
    """
    if since >= until:
        raise Invalid.of("from", "is not before `to`")
    if until - since > LONGEST:
        raise Invalid.of("from", f"is more than {LONGEST.days} days before `to`")
    agent = designing.find(store, user, agent_id)
    owned = (Where("agentId", "==", agent.id), Where("userId", "==", user.id))
    within = (*owned, Where("dueTime", ">=", since), Where("dueTime", "<", until))
    before, _ = records.executions.page(store, *owned, Where("dueTime", "<", since), newest="dueTime", limit=1)
    found, _ = records.executions.page(store, *within, oldest="dueTime", limit=MOST_ENTRIES)
    reaching = [execution for execution in before if execution.span is not None and execution.span.until >= since]
    past = [*map(_entry, [*reaching, *found]), *_standing_still(agent, since, until, now)]
    return [*past, *_planned(agent, since, until)][:MOST_ENTRIES]


def _entry(execution: Execution) -> Entry:
    assert execution.due_time is not None
    return Entry(
        due_time=execution.due_time,
        state=execution.status.value,
        execution_id=execution.id,
        error_code=execution.error_code,
        span=execution.span,
    )


def _standing_still(agent: Agent, since: datetime, until: datetime, now: datetime) -> list[Entry]:
    """The pause that goes on."""
    if agent.paused_at is None or agent.paused_at >= until or now <= since:
        return []
    span = Span(since=agent.paused_at, until=now)
    code = agent.paused_reason.value if agent.paused_reason else PAUSED
    return [Entry(due_time=agent.paused_at, state="skipped", error_code=code, span=span)]


def _planned(agent: Agent, since: datetime, until: datetime) -> list[Entry]:
    if not agent.scheduled or agent.schedule is None or agent.next_run_at is None:
        return []
    coming = due_between(agent.schedule, max(since, agent.next_run_at), until, MOST_ENTRIES)
    return [Entry(due_time=due, state=PLANNED) for due in coming]

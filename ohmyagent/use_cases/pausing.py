"""Stopping agents that come to nothing, and letting them go on when what stopped them is gone."""

from datetime import datetime

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.agents import Agent
from ohmyagent.domain.executions import Execution, Trigger
from ohmyagent.domain.pauses import MOST_FAILURES, PausedReason, enough, left
from ohmyagent.domain.usage import Month, month_id, month_of
from ohmyagent.ports import Store, Transaction, Where
from ohmyagent.use_cases import noticing, planning
from ohmyagent.use_cases.ticking.changes import left_behind

PAGE = 100
WAITED_FOR = (PausedReason.BUDGET, PausedReason.USER_DELETED, PausedReason.SUSPENDED)
"""Reasons that pass without anything being done to the agent."""


def judged(agent: Agent, run: Execution, user: User | None, user_cap: int | None, month: Month, now: datetime) -> Agent:
    """The agent after that run: its failures counted, stopped when there are reasons, going on after a success.

    `user_cap`: micro-dollars that the user's plan allows for the month.
    """
    if run.attended:
        counted = agent
    elif run.came_to_something:
        reason = None if agent.paused_reason is PausedReason.FAILURES else agent.paused_reason
        counted = agent.replace(failures=0).halted(reason, now)
    else:
        counted = agent.replace(failures=agent.failures + run.came_to_nothing)
    if counted.paused_reason is not None or not (agent.schedule or run.trigger is Trigger.WEBHOOK):
        return counted
    return counted.halted(_reason(counted, run, user, user_cap, month), now)


def _reason(agent: Agent, run: Execution, user: User | None, user_cap: int | None, month: Month) -> PausedReason | None:
    if user is None:
        return PausedReason.USER_DELETED
    if user.suspended_at is not None:
        return PausedReason.SUSPENDED
    caps = agent.limits.monthly_cost_micro_usd, user_cap
    short = run.error_code == "budget" and not enough(month, agent.id, agent.limits.max_cost_micro_usd, *caps)
    if short or left(month, agent.id, *caps) <= 0:
        return PausedReason.BUDGET
    return PausedReason.FAILURES if agent.failures >= MOST_FAILURES else None


def reviewed(tx: Transaction, agent: Agent, now: datetime) -> Agent:
    """The agent, going on if the reason it waits for is gone; reads only."""
    if agent.paused_reason not in WAITED_FOR:
        return agent
    user = records.users.find(tx, agent.user_id)
    if user is None:
        return agent.halted(PausedReason.USER_DELETED, now)
    if user.suspended_at is not None:
        return agent.halted(PausedReason.SUSPENDED, now)
    month = month_of(now)
    spent = records.months.find(tx, month_id(user.id, month)) or Month.empty(user.id, month)
    limits, user_cap = agent.limits, planning.plan_of(tx, user).monthly_micro_usd
    fits = enough(spent, agent.id, limits.max_cost_micro_usd, limits.monthly_cost_micro_usd, user_cap)
    return agent.halted(None if fits else PausedReason.BUDGET, now)


def review(store: Store, now: datetime) -> int:
    """Look at every agent that waits for a reason to pass; returns how many go on.  Safe at any time, in parallel."""
    resumed = 0
    for reason in WAITED_FOR:
        cursor: str | None = None
        while True:
            where = Where("pausedReason", "==", reason.value)
            agents, cursor = records.agents.page(store, where, limit=PAGE, after=cursor)
            resumed += sum(_resumed(store, agent.id, now) for agent in agents)
            if cursor is None:
                break
    return resumed


def _resumed(store: Store, agent_id: str, now: datetime) -> bool:
    return store.transact(lambda tx: _review(tx, agent_id, now))


def _review(tx: Transaction, agent_id: str, now: datetime) -> bool:
    agent = records.agents.find(tx, agent_id)
    if agent is None or agent.deleted_at is not None:
        return False
    after = reviewed(tx, agent, now)
    if after.paused_reason is agent.paused_reason:
        return False
    gaps = left_behind(tx, agent, after, now)
    notices = noticing.of_resumption(tx, after, now) if after.paused_reason is None else noticing.Notices()
    records.agents.put(tx, after.id, after)
    for execution in gaps:
        records.executions.put(tx, execution.id, execution)
    notices.write(tx)
    return after.paused_reason is None

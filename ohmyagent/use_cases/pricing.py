"""What a draft will cost: what its trial runs did cost, times how often it comes due; else only what it may cost."""

from datetime import datetime, timedelta

from ohmyagent import records
from ohmyagent.domain.cards import PriceCard, Range
from ohmyagent.domain.drafts import Draft
from ohmyagent.domain.due import due_between
from ohmyagent.domain.executions import Status
from ohmyagent.domain.schedules import Schedule
from ohmyagent.ports import Store
from ohmyagent.use_cases import planning

MONTH = timedelta(days=31)
MOST_INSTANTS = 31 * 24 * 60


def price(store: Store, draft: Draft, now: datetime) -> PriceCard:
    """For a month of 31 days from now, at most what agent and plan allow.

    Only trial runs that succeeded, doing the same work at a known cost, count.
    """
    limits, runs = draft.agent.limits, due_instants(draft.agent.schedule, now)
    caps = [runs * limits.max_cost_micro_usd, limits.monthly_cost_micro_usd]
    user = records.users.find(store, draft.user_id)
    plan_cap = planning.plan_of(store, user).monthly_micro_usd if user is not None else None
    cap_per_month = min(caps if plan_cap is None else [*caps, plan_cap])
    costs = _measured(store, draft)
    per_run = Range(low=min(costs), high=max(costs)) if costs else None
    return PriceCard(
        revision=draft.revision,
        per_run=per_run,
        runs=runs,
        per_month=per_run.times(runs, cap_per_month) if per_run else None,
        cap_per_run=limits.max_cost_micro_usd,
        cap_per_month=cap_per_month,
        basis="rehearsal" if costs else "none",
        rehearsals=len(costs),
    )


def due_instants(schedule: Schedule | None, now: datetime) -> int:
    """How often it comes due in the next 31 days; a minute is the least that may lie between two instants."""
    return 0 if schedule is None else len(due_between(schedule, now, now + MONTH, MOST_INSTANTS))


def _measured(store: Store, draft: Draft) -> list[int]:
    found = (records.executions.find(store, entry.execution_id) for entry in draft.comparable)
    return [
        execution.cost_micro_usd
        for execution in found
        if execution is not None and execution.status is Status.SUCCEEDED and not execution.cost_partial
        if execution.cost_micro_usd is not None
    ]

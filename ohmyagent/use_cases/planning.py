"""What a user's plan allows, and how much of it is used: agents, runs of a day, money of a month."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.errors import PlanLimit
from ohmyagent.domain.executions import Execution, Status
from ohmyagent.domain.plans import Day, Plan, PlanName, Plans, PlatformMonth
from ohmyagent.domain.record import Instant, MicroUsd, Record
from ohmyagent.domain.usage import Month, month_id, month_of
from ohmyagent.ports import Store, Transaction, Where
from ohmyagent.use_cases import shelving
from ohmyagent.use_cases.shelving import Hold

T = TypeVar("T")
PRESENT = "present"
MOST_COUNTED = 1_000


class Meters(Record):
    """What a user has used of a plan.  `agents` is counted up to 1,000; instants say when a count begins anew."""

    plan: str
    limits: Plan
    agents: int
    runs_today: int
    spent_this_month_micro_usd: MicroUsd
    day_ends_at: Instant
    month_ends_at: Instant


def publish(store: Store, plans: Plans) -> None:
    """Make this the table that every process of the platform goes by."""
    if table(store) != plans:
        records.plans.put(store, PRESENT, plans)


def table(documents: records.Readable) -> Plans:
    return records.plans.find(documents, PRESENT) or Plans.built_in()


def plan_of(documents: records.Readable, user: User) -> Plan:
    return table(documents).named(user.plan)


def meters(store: Store, user: User, now: datetime) -> Meters:
    month = records.months.find(store, month_id(user.id, month_of(now))) or Month.empty(user.id, month_of(now))
    today = records.days.find(store, Day.empty(user.id, now).id) or Day.empty(user.id, now)
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    plan = plan_of(store, user)
    most = MOST_COUNTED if plan.agents is None else min(MOST_COUNTED, plan.agents + 100)
    return Meters(
        plan=user.plan,
        limits=plan,
        agents=shelving.counted(store, user.id, most),
        runs_today=today.runs,
        spent_this_month_micro_usd=month.committed(),
        day_ends_at=midnight + timedelta(days=1),
        month_ends_at=(midnight.replace(day=1) + timedelta(days=32)).replace(day=1),
    )


def with_another_agent(
    store: Store, user: User, work: Callable[[Transaction, Hold], T], *questions: shelving.Question
) -> T:
    """Run `work` in a transaction that may add an agent, as `shelving.transact` does, within the user's plan."""
    return shelving.transact(store, user.id, work, *questions, most=plan_of(store, user).agents)


def todays(tx: Transaction, user_id: str, at: datetime) -> Day:
    """The user's day that holds the instant; reads only."""
    empty = Day.empty(user_id, at)
    return records.days.find(tx, empty.id) or empty


def refusal(plan: Plan) -> PlanLimit:
    return PlanLimit(
        f"Your plan allows {plan.runs_per_day} runs a day (UTC), and they are used up.",
        korean=f"지금 요금제의 하루 실행 횟수({plan.runs_per_day}회)를 다 썼습니다. 한국 시간 오전 9시에 다시 셉니다.",
    )


class Rations:
    """Runs of many users admitted within one transaction: read while deciding, written at its end.

    A user's plan is looked at only when neither the smallest plan nor what the user's own allowed when it was last
    looked at that day would do: a plan that has become smaller counts from the next day on.
    """

    def __init__(self, tx: Transaction, plans: Plans | None = None) -> None:
        self._tx = tx
        self._plans = plans
        self._of_user: dict[str, Plan | None] = {}
        self._days: dict[str, Day] = {}

    def admitted(self, run: Execution, now: datetime) -> Execution:
        """The run, counted on its day, or skipped when its owner's plan has no more for that day; reads only."""
        if not run.waits:
            return run
        day = self._day(run.user_id, run.due_time or now)
        if day.runs >= max(day.allowance, self._table().least_runs_per_day):
            plan = self._plan(run.user_id)
            if plan is not None:
                if not day.admits(plan):
                    return run.closed(Status.SKIPPED, now, error_code="day_limit")
                day = day.allowed(plan)
        self._days[day.id] = day.counted()
        return run

    def write(self) -> None:
        for day in self._days.values():
            records.days.put(self._tx, day.id, day)

    def _plan(self, user_id: str) -> Plan | None:
        """None for a user who is gone: that is found out later, with a reason of its own."""
        if user_id not in self._of_user:
            user = records.users.find(records.Glance(self._tx), user_id)
            self._of_user[user_id] = self._table().named(user.plan) if user else None
        return self._of_user[user_id]

    def _table(self) -> Plans:
        self._plans = self._plans or table(records.Glance(self._tx))
        return self._plans

    def _day(self, user_id: str, at: datetime) -> Day:
        id = Day.empty(user_id, at).id
        return self._days.get(id) or todays(self._tx, user_id, at)


def observe(store: Store, now: datetime) -> PlatformMonth:
    """Add up what all users but owners have spent and set aside this month; claims go by the last sum."""
    month, total, cursor = month_of(now), 0, None
    while True:
        found, cursor = records.months.page(store, Where("month", "==", month), limit=100, after=cursor)
        total += sum(one.committed() for one in found if one.user_id != PlanName.OWNER)
        if cursor is None:
            break
    seen = PlatformMonth(id=month, micro_usd=total, seen_at=now)
    return records.platform_months.put(store, month, seen)


def platform_left(documents: records.Readable, user: User, now: datetime) -> int | None:
    """Micro-dollars that the platform may still spend this month, as of the last sum; None is without a limit."""
    cap = table(documents).platform.monthly_micro_usd
    if cap is None or user.plan == PlanName.OWNER:
        return None
    seen = records.platform_months.find(documents, month_of(now))
    return cap - (seen.micro_usd if seen else 0)

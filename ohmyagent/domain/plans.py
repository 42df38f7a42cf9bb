"""What each kind of user may have, run and spend.  One table; an operator's file changes single values of it."""

import json
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError

from ohmyagent.domain.errors import FieldError, Invalid
from ohmyagent.domain.record import Instant, MicroUsd, Record

MOST_KEPT_DAYS = 3_650
MOST_RUNS = 1_000_000
"""Of one user on one day; no plan can name more."""


class PlanName(StrEnum):
    """`waiting` has signed in by Google and is not approved yet; `owner` is the one person of a local platform."""

    GUEST = "guest"
    WAITING = "waiting"
    APPROVED = "approved"
    ADMIN = "admin"
    OWNER = "owner"


class Plan(Record):
    """None is without a limit.  `runsPerDay` and `monthlyMicroUsd` are for a day and a month in UTC.

    `minimumIntervalSeconds`: the least between two due instants of a schedule.  `keptDays`: how long runs are kept.
    """

    agents: Annotated[int, Field(ge=0, le=100_000)] | None
    runs_per_day: Annotated[int, Field(ge=0, le=MOST_RUNS)] | None
    monthly_micro_usd: MicroUsd | None
    minimum_interval_seconds: Annotated[int, Field(ge=60, le=86_400)]
    kept_days: Annotated[int, Field(ge=1, le=MOST_KEPT_DAYS)] | None

    @property
    def minimum_interval(self) -> timedelta:
        return timedelta(seconds=self.minimum_interval_seconds)


def _plan(
    agents: int | None, runs: int | None, month: int | None, every: timedelta, kept_days: int | None
) -> dict[str, Any]:
    return {
        "agents": agents,
        "runsPerDay": runs,
        "monthlyMicroUsd": month,
        "minimumIntervalSeconds": int(every.total_seconds()),
        "keptDays": kept_days,
    }


BUILT_IN: dict[str, dict[str, Any]] = {
    PlanName.GUEST: _plan(3, 5, 300_000, timedelta(hours=1), 7),
    PlanName.WAITING: _plan(3, 5, 300_000, timedelta(hours=1), 30),
    PlanName.APPROVED: _plan(20, 100, 10_000_000, timedelta(minutes=15), 90),
    PlanName.ADMIN: _plan(None, None, None, timedelta(minutes=1), None),
    PlanName.OWNER: _plan(None, None, None, timedelta(minutes=1), None),
    "platform": {"monthlyMicroUsd": 200_000_000},
}


class PlatformPlan(Record):
    """What all users but the owner of a local platform may spend together in a month; None is without a limit."""

    monthly_micro_usd: MicroUsd | None


class Plans(Record):
    """The table."""

    guest: Plan
    waiting: Plan
    approved: Plan
    admin: Plan
    owner: Plan
    platform: PlatformPlan

    @classmethod
    def built_in(cls) -> Self:
        return cls.model_validate(BUILT_IN)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The built-in table with the values of a JSON object put over it; raises Invalid naming fields."""
        try:
            given = json.loads(text)
        except (ValueError, RecursionError):
            raise Invalid.of("(file)", "is not JSON") from None
        if not isinstance(given, dict) or not all(isinstance(value, dict) for value in given.values()):
            raise Invalid.of("(file)", 'must be an object of objects, such as {"guest": {"agents": 5}}')
        merged = {name: BUILT_IN.get(name, {}) | given.get(name, {}) for name in (*BUILT_IN, *given)}
        try:
            return cls.model_validate(merged, strict=True)
        except ValidationError as wrong:
            raise Invalid(*(FieldError(".".join(map(str, e["loc"])), e["msg"]) for e in wrong.errors())) from None

    @property
    def least_runs_per_day(self) -> int:
        """So many runs a day every plan allows."""
        plans = (self.guest, self.waiting, self.approved, self.admin, self.owner)
        return min(MOST_RUNS if plan.runs_per_day is None else plan.runs_per_day for plan in plans)

    def named(self, name: str) -> Plan:
        """An unknown plan is the smallest."""
        plan: Plan = getattr(self, name) if name in {*PlanName} else self.guest
        return plan


class Day(Record):
    """How many runs of one user were accepted on one day (UTC).

    `allowance`: how many the user's plan allowed when it was last looked at that day.
    """

    id: str
    user_id: str
    day: str
    runs: int = 0
    allowance: int = 0

    @classmethod
    def empty(cls, user_id: str, now: datetime) -> Self:
        day = now.strftime("%Y-%m-%d")
        return cls(id=f"{user_id}.{day}", user_id=user_id, day=day)

    def admits(self, plan: Plan) -> bool:
        """Whether one more run is within the plan."""
        return plan.runs_per_day is None or self.runs < plan.runs_per_day

    def allowed(self, plan: Plan) -> Self:
        return self.replace(allowance=MOST_RUNS if plan.runs_per_day is None else plan.runs_per_day)

    def counted(self) -> Self:
        return self.replace(runs=self.runs + 1)


class Shelf(Record):
    """Changed whenever a user adds or names an agent, so that two at once are never both the last that fits, nor of one
    name."""

    id: str
    user_id: str
    changes: int = 0


class PlatformMonth(Record):
    """What the users of the platform have spent and set aside in a month, as of an instant."""

    id: str
    micro_usd: MicroUsd
    seen_at: Instant

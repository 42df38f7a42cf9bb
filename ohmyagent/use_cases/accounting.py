"""What a user has used: tokens, cost and runs, by day or by agent."""

from datetime import date, timedelta
from enum import StrEnum

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.costs import TokenUsage
from ohmyagent.domain.errors import Invalid
from ohmyagent.domain.record import MicroUsd, Record
from ohmyagent.domain.usage import UsageRow, month_id
from ohmyagent.ports import Store

MOST_DAYS = 366


class By(StrEnum):
    DAY = "day"
    AGENT = "agent"


class UsageSum(Record):
    """`costMicroUsd` is what is known; `unknownCosts` counts runs that are not in it."""

    day: str | None = None
    agent_id: str | None = None
    runs: int
    succeeded: int
    token_usage: TokenUsage
    cost_micro_usd: MicroUsd
    unknown_costs: int


def usage(store: Store, user: User, since: date, until: date, by: By) -> list[UsageSum]:
    """Sums over the UTC days from `since` to `until`, both included, in order; raises Invalid for a bad range."""
    if since > until:
        raise Invalid.of("from", "is after `to`")
    if (until - since).days > MOST_DAYS:
        raise Invalid.of("from", f"is more than {MOST_DAYS} days before `to`")
    groups: dict[str, list[UsageRow]] = {}
    for row in _rows(store, user, since, until):
        groups.setdefault(row.day if by is By.DAY else row.agent_id, []).append(row)
    return [_sum(by, key, groups[key]) for key in sorted(groups)]


def _rows(store: Store, user: User, since: date, until: date) -> list[UsageRow]:
    months = {(since + timedelta(days=n)).strftime("%Y-%m") for n in range((until - since).days + 1)}
    found = [records.months.find(store, month_id(user.id, month)) for month in sorted(months)]
    first, last = since.isoformat(), until.isoformat()
    return [row for month in found if month for row in month.rows if first <= row.day <= last]


def _sum(by: By, key: str, rows: list[UsageRow]) -> UsageSum:
    tokens = TokenUsage()
    for row in rows:
        tokens = tokens + row.token_usage
    return UsageSum(
        day=key if by is By.DAY else None,
        agent_id=key if by is By.AGENT else None,
        runs=sum(row.runs for row in rows),
        succeeded=sum(row.succeeded for row in rows),
        token_usage=tokens,
        cost_micro_usd=sum(row.cost_micro_usd for row in rows),
        unknown_costs=sum(row.unknown_costs for row in rows),
    )

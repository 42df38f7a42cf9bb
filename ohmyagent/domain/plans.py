"""What each kind of user may spend in a month, and how often a schedule may come due."""

from datetime import timedelta

MONTHLY_CAP_MICRO_USD: dict[str, int | None] = {"guest": 300_000, "owner": None}
"""None is without a cap of its own."""
MINIMUM_INTERVAL = {"guest": timedelta(hours=1), "owner": timedelta(minutes=1)}


def monthly_cap(plan: str) -> int | None:
    """Micro-dollars; an unknown plan is the smallest."""
    return MONTHLY_CAP_MICRO_USD.get(plan, MONTHLY_CAP_MICRO_USD["guest"])


def minimum_interval(plan: str) -> timedelta:
    """The least that may lie between two due instants of a schedule; an unknown plan is the smallest."""
    return MINIMUM_INTERVAL.get(plan, MINIMUM_INTERVAL["guest"])

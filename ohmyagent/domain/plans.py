"""What each kind of user may spend in a month.  None is without a cap of its own."""

MONTHLY_CAP_MICRO_USD: dict[str, int | None] = {"guest": 300_000, "owner": None}


def monthly_cap(plan: str) -> int | None:
    """Micro-dollars; an unknown plan is the smallest."""
    return MONTHLY_CAP_MICRO_USD.get(plan, MONTHLY_CAP_MICRO_USD["guest"])

"""When an agent stops running by itself, and when nothing keeps it from going on."""

from enum import StrEnum

from ohmyagent.domain.usage import Month

MOST_FAILURES = 5
"""Runs in a row that came to nothing; then its schedule stands still."""


class PausedReason(StrEnum):
    """Also the error code of what did not run because of it."""

    FAILURES = "failures"
    BUDGET = "budget"
    USER_DELETED = "user_deleted"
    SUSPENDED = "suspended"


def left(month: Month, agent_id: str, monthly_cap: int, user_cap: int | None) -> int:
    """Micro-dollars that agent and user may still spend in the month."""
    agents = monthly_cap - month.committed(agent_id)
    return agents if user_cap is None else min(agents, user_cap - month.committed())


def enough(month: Month, agent_id: str, run_cap: int, monthly_cap: int, user_cap: int | None) -> bool:
    """Whether a whole run fits into what is left, or as much of one as the months' caps ever allow."""
    whole = min(cap for cap in (run_cap, monthly_cap, user_cap) if cap is not None)
    return left(month, agent_id, monthly_cap, user_cap) >= whole

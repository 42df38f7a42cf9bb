"""What a tool's input means for an agent: the merge patch of its draft."""

from typing import Any

from ohmyagent.designer import tools
from ohmyagent.domain.schedules import Schedule
from ohmyagent.use_cases import scheduling

SCHEDULED = {"cron", "timezone", "calendar", "on_holiday", "last_business_day", "text"}
"""What a schedule says of itself; what to do when runs overlap or were missed stays as it was."""


def patch(wanted: tools.ChangeDraft, zone: str) -> dict[str, Any]:
    """The merge patch of an agent that the call means."""
    given = {
        "name": wanted.name, "description": wanted.description, "finalPrompt": wanted.final_prompt,
        "model": wanted.model, "tools": wanted.tools, "tags": wanted.tags,
    }  # fmt: skip
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if wanted.hosts is not None:
        changes["network"] = {"allow": wanted.hosts}
    if wanted.schedule is not None:
        changes["schedule"] = schedule(wanted.schedule, zone).model_dump(mode="json", include=SCHEDULED)
    if wanted.no_schedule:
        changes["schedule"] = None
    if wanted.email is not None:
        changes["notify"] = {"email": wanted.email}
    if wanted.limits is not None:
        changes["limits"] = _limits(wanted.limits)
    return changes


def _limits(wanted: tools.WantedLimits) -> dict[str, int]:
    given = {
        "maxCostMicroUsd": _micro(wanted.max_cost_usd), "monthlyCostMicroUsd": _micro(wanted.monthly_cost_usd),
        "timeoutSeconds": wanted.timeout_minutes and wanted.timeout_minutes * 60, "maxTurns": wanted.max_turns,
    }  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


def _micro(dollars: float | None) -> int | None:
    return None if dollars is None else round(dollars * 1_000_000)


def schedule(wanted: tools.WantedSchedule, zone: str) -> Schedule:
    """Raises Invalid for fields that contradict each other."""
    found = Schedule(
        cron=wanted.cron, timezone=wanted.timezone or zone, calendar=wanted.calendar, on_holiday=wanted.on_holiday,
        last_business_day=wanted.last_business_day,
    )  # fmt: skip
    scheduling.check_fields(found)
    return found


def as_wanted(schedule: Schedule) -> dict[str, Any]:
    """The schedule as `change_draft` takes it."""
    return {
        "cron": schedule.cron, "timezone": schedule.timezone, "calendar": schedule.calendar,
        "on_holiday": schedule.on_holiday.value, "last_business_day": schedule.last_business_day,
    }  # fmt: skip

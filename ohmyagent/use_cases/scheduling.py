"""What a schedule would do, before anybody saves it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from ohmyagent.domain import due, holidays_kr
from ohmyagent.domain.errors import FieldError, Invalid
from ohmyagent.domain.plans import Plan
from ohmyagent.domain.schedule_words import Words, words
from ohmyagent.domain.schedules import OnHoliday, Schedule

SHOWN = 5


@dataclass(frozen=True)
class Preview:
    """`next`: the first instants, fewer where no more come; `too_frequent`: for the plan it was looked at with."""

    schedule: Schedule
    text: Words
    next: tuple[datetime, ...]
    too_frequent: bool
    holidays_release: str | None
    """Of the table of holidays, if the schedule looks at it."""


def preview(schedule: Schedule, plan: Plan, now: datetime) -> Preview:
    """Raises Invalid for fields that contradict each other."""
    check_fields(schedule)
    return Preview(
        schedule=schedule,
        text=words(schedule),
        next=tuple(islice(due.instants(schedule, now), SHOWN)),
        too_frequent=due.closest(schedule) < plan.minimum_interval,
        holidays_release=None if schedule.calendar is None else holidays_kr.release(),
    )


def check(schedule: Schedule, plan: Plan, within: str) -> None:
    """Raises Invalid naming a field, after `within`, that contradicts another or asks for more than the plan allows."""
    try:
        check_fields(schedule)
        check_interval(schedule, plan)
    except Invalid as wrong:
        raise Invalid(*(replace(error, field=within + error.field) for error in wrong.errors)) from None


def check_fields(schedule: Schedule) -> None:
    """Raises Invalid naming a field that would have no effect beside the others."""
    if schedule.on_holiday is OnHoliday.SKIP and schedule.calendar is None:
        raise Invalid(FieldError("calendar", "is missing: it says whose holidays are left out"))
    _, _, day, _, weekday = schedule.cron.split()
    if schedule.last_business_day and not (weekday == "*" and day in ("*", "L", "LW")):
        raise Invalid(FieldError("cron", "must have * for day and weekday beside lastBusinessDay"))


def check_interval(schedule: Schedule, plan: Plan) -> None:
    """Raises Invalid when it comes due more often than the plan allows."""
    least = plan.minimum_interval
    if due.closest(schedule) < least:
        raise Invalid(
            FieldError("cron", f"comes due more often than this plan allows: every {_minutes(least)} minutes")
        )


def _minutes(interval: timedelta) -> int:
    return interval // timedelta(minutes=1)

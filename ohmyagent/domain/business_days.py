"""Days on which work is done: for schedules that leave out holidays, or wait for a month's last business day."""

from collections.abc import Callable
from datetime import date, timedelta

IsHoliday = Callable[[date], bool | None]
"""None where the table has ended and nobody knows."""
_DAY = timedelta(days=1)
_SATURDAY = 5


def first_open(day: date, is_holiday: IsHoliday) -> date | None:
    """The first day from `day` on that is no holiday; Saturdays and Sundays count as open.  None beyond the table."""
    while (holiday := is_holiday(day)) is True:
        day += _DAY
    return None if holiday is None else day


def next_last(day: date, is_holiday: IsHoliday) -> date | None:
    """The first day from `day` on that is its month's last business day (no Saturday, Sunday or holiday)."""
    while (last := _last(_first_of_next_month(day) - _DAY, is_holiday)) is not None and last < day:
        day = _first_of_next_month(day)
    return last


def _last(day: date, is_holiday: IsHoliday) -> date | None:
    """The last business day up to `day`."""
    while (holiday := is_holiday(day)) is True or day.weekday() >= _SATURDAY:
        day -= _DAY
    return None if holiday is None else day


def _first_of_next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)

"""The common shapes of a schedule, read off its cron expression: on which days, and at which times of the day."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ohmyagent.domain.schedules import Schedule

MOST_TIMES = 4
"""More times of day than these are better shown as the expression itself."""
_NAMES = {name: str(at) for at, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])}
_NUMBER = r"\d{1,2}"


@dataclass(frozen=True)
class Daily:
    """Every day."""


@dataclass(frozen=True)
class Weekly:
    """On these days of the week, Monday to Sunday as 1 to 7."""

    weekdays: tuple[int, ...]


@dataclass(frozen=True)
class Monthly:
    """On these days of each month; 0 is its last day."""

    days: tuple[int, ...]


@dataclass(frozen=True)
class Nth:
    """On the nth such weekday of each month; 0 is the last one."""

    weekday: int
    nth: int


@dataclass(frozen=True)
class LastBusinessDay:
    """On the last business day of each month."""


@dataclass(frozen=True)
class Yearly:
    """Once a year."""

    month: int
    day: int


@dataclass(frozen=True)
class At:
    """At these minutes of the day."""

    minutes: tuple[int, ...]


@dataclass(frozen=True)
class EveryMinutes:
    """Every so many minutes of each hour, from its start."""

    minutes: int


@dataclass(frozen=True)
class EveryHours:
    """Every so many hours from midnight, at a minute."""

    hours: int
    minute: int


Days = Daily | Weekly | Monthly | Nth | LastBusinessDay | Yearly
Times = At | EveryMinutes | EveryHours


def shape(schedule: Schedule) -> tuple[Days, Times] | None:
    """None for an expression that is none of the common shapes."""
    minute, hour, *days = schedule.cron.upper().split()
    if schedule.last_business_day:
        on: Days | None = LastBusinessDay() if days[1] == "*" else None
    else:
        on = _days(*days)
    at = _times(minute, hour)
    return (on, at) if on and at else None


def _times(minute: str, hour: str) -> Times | None:
    if hour == "*" and (step := _step(minute, 60)):
        return EveryMinutes(step)
    if not re.fullmatch(_NUMBER, minute):
        return None
    if step := _step(hour, 24):
        return EveryHours(step, int(minute))
    hours = _list(hour)
    if hours is None or len(hours) > MOST_TIMES:
        return None
    return At(tuple(sorted({number * 60 + int(minute) for number in hours})))


def _step(field: str, of: int) -> int | None:
    """How far apart the matches are, if that is the same everywhere: `*/7` of an hour is not."""
    if field == "*":
        return 1
    found = re.fullmatch(rf"\*/({_NUMBER})", field)
    return int(found[1]) if found and of % int(found[1]) == 0 and int(found[1]) < of else None


def _days(day: str, month: str, weekday: str) -> Days | None:
    if month != "*":
        dates = all(re.fullmatch(_NUMBER, field) for field in (day, month)) and weekday == "*"
        return Yearly(int(month), int(day)) if dates else None
    if day == weekday == "*":
        return Daily()
    if day == "*":
        return _nth(weekday) or _weekly(weekday)
    if weekday != "*":
        return None
    if day == "L":
        return Monthly((0,))
    days = _list(day)
    return Monthly(tuple(sorted(set(days)))) if days else None


def _nth(weekday: str) -> Nth | None:
    found = re.fullmatch(r"([0-7]|[A-Z]{3})(?:#([1-5])|L)", weekday)
    return Nth(_weekday(found[1]), int(found[2] or 0)) if found and _is_weekday(found[1]) else None


def _weekly(field: str) -> Weekly | Daily | None:
    found: set[int] = set()
    for term in field.split(","):
        first, _, last = term.partition("-")
        if not (_is_weekday(first) and _is_weekday(last or first)):
            return None
        # a range may begin on Sunday as 0 or end on it as 7
        begin, end = (int(_NAMES.get(name, name)) for name in (first, last or first))
        found |= {number % 7 or 7 for number in range(begin, end + 1)}
    return Weekly(tuple(sorted(found))) if len(found) < 7 else Daily()


def _is_weekday(name: str) -> bool:
    return name in _NAMES or re.fullmatch("[0-7]", name) is not None


def _weekday(name: str) -> int:
    return int(_NAMES.get(name, name)) % 7 or 7


def _list(field: str) -> list[int] | None:
    """Numbers with commas between them; None for anything else."""
    return [int(number) for number in field.split(",")] if re.fullmatch(rf"{_NUMBER}(,{_NUMBER})*", field) else None


def expression(days: Days, times: Times) -> str:
    """The cron expression of a shape.  The last business day is a field of the schedule, not of its expression."""
    return f"{_time_fields(times)} {_day_fields(days)}"


def _time_fields(times: Times) -> str:
    match times:
        case At(minutes):
            return f"{minutes[0] % 60} {_joined(minute // 60 for minute in minutes)}"
        case EveryMinutes(minutes):
            return "* *" if minutes == 1 else f"*/{minutes} *"
        case EveryHours(hours, minute):
            return f"{minute} {'*' if hours == 1 else f'*/{hours}'}"


def _day_fields(days: Days) -> str:
    match days:
        case Weekly(weekdays):
            span = weekdays == tuple(range(weekdays[0], weekdays[-1] + 1)) and len(weekdays) > 2 and weekdays[-1] < 7
            return f"* * {weekdays[0]}-{weekdays[-1]}" if span else f"* * {_joined(day % 7 for day in weekdays)}"
        case Monthly(numbers):
            return f"{','.join(str(day or 'L') for day in numbers)} * *"
        case Nth(weekday, nth):
            return f"* * {weekday % 7}#{nth}" if nth else f"* * {weekday % 7}L"
        case Yearly(month, day):
            return f"{day} {month} *"
        case Daily() | LastBusinessDay():
            return "* * *"


def _joined(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))

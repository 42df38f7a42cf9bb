"""When a cron expression comes due, found the slow way: every minute is looked at, with `zoneinfo` and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
RANGES = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]


@dataclass(frozen=True)
class Minute:
    """A minute of UTC, its wall clock, and the wall clock minutes that were jumped over just before it."""

    instant: datetime
    wall: datetime
    again: bool
    """The wall clock has shown this minute before."""
    swallowed: tuple[datetime, ...]


def minutes(zone: ZoneInfo, since: datetime, until: datetime) -> list[Minute]:
    return list(_minutes(zone, since, until))


def _minutes(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[Minute]:
    before = _wall(since - MINUTE, zone)
    instant = since
    while instant < until:
        local = instant.astimezone(zone)
        wall = local.replace(tzinfo=None, fold=0)
        jumped = range(1, (wall - before) // MINUTE)
        yield Minute(instant, wall, local.fold == 1, tuple(before + step * MINUTE for step in jumped))
        before, instant = wall, instant + MINUTE


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


@dataclass(frozen=True)
class Cron:
    """Five fields of numbers, `*`, ranges, steps and lists."""

    text: str

    @cached_property
    def _sets(self) -> list[frozenset[int]]:
        return [_values(field, *limits) for field, limits in zip(self.text.split(), RANGES, strict=True)]

    @cached_property
    def _repeats(self) -> bool:
        minute, hour, *_ = self.text.split()
        return minute.startswith("*") or hour.startswith("*")

    @cached_property
    def _days(self) -> dict[date, bool]:
        return {}

    def due(self, among: list[Minute]) -> list[datetime]:
        return [minute.instant for minute in among if self._is_due(minute)]

    def _is_due(self, minute: Minute) -> bool:
        if self._repeats:
            return self._matches(minute.wall)
        return (not minute.again and self._matches(minute.wall)) or any(map(self._matches, minute.swallowed))

    def _matches(self, wall: datetime) -> bool:
        in_minutes, in_hours, *_ = self._sets
        return wall.minute in in_minutes and wall.hour in in_hours and self._on(wall.date())

    def _on(self, day: date) -> bool:
        if day not in self._days:
            self._days[day] = self._falls_on(day)
        return self._days[day]

    def _falls_on(self, day: date) -> bool:
        _, _, days, months, weekdays = self._sets
        by_day, by_weekday = day.day in days, bool({day.isoweekday(), day.isoweekday() % 7} & weekdays)
        _, _, day_field, _, weekday_field = self.text.split()
        both = day_field.startswith("*") or weekday_field.startswith("*")
        return day.month in months and ((by_day and by_weekday) if both else (by_day or by_weekday))


def _values(field: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for term in field.split(","):
        span, _, step = term.partition("/")
        first, _, last = (f"{low}-{high}" if span == "*" else span).partition("-")
        found |= set(range(int(first), int(last or first) + 1, int(step or 1)))
    return frozenset(found)


def changes(zone: ZoneInfo, first_year: int, last_year: int) -> list[datetime]:
    """The minutes at which the zone's offset changes, in these years."""
    found = []
    hours = (last_year + 1 - first_year) * 366 * 24
    instant = datetime(first_year, 1, 1, tzinfo=UTC)
    offset = instant.astimezone(zone).utcoffset()
    for _ in range(hours):
        then = instant + timedelta(hours=1)
        if then.astimezone(zone).utcoffset() != offset:
            offset = then.astimezone(zone).utcoffset()
            found.append(
                next(m for k in range(1, 61) if (m := instant + k * MINUTE).astimezone(zone).utcoffset() == offset)
            )
        instant = then
    return [change for change in found if change.year <= last_year]

"""When a schedule comes due.

Cronsim reads the expression and walks over wall clock times; which instants those are is decided here, because where
the clocks change cronsim 2.8 loses some and invents others (docs/decisions/2026-11-20-schedule-clock-changes.md):

- Fixed hours and minutes come due once a day: in a gap at the first minute after it, in a fold at the first of the two.
- With an hour or minute field that begins with `*`, every instant whose wall clock matches comes due: in a gap none,
  in a fold both.  Source: cron(8) of Debian, "changes of less than 3 hours".
"""

from collections.abc import Callable, Iterator
from copy import copy
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache, partial
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim

from ohmyagent.domain import business_days, holidays_kr
from ohmyagent.domain.offsets import next_change, offset
from ohmyagent.domain.schedules import OnHoliday, Schedule

SOMETIME = datetime(2026, 1, 4)
LAST = datetime(9990, 1, 1)
"""Nothing comes due from here on, by the wall clock: the calendar of `datetime` ends soon after."""
DAY_MINUTES = 24 * 60
_SECOND = timedelta(seconds=1)
_GAP = timedelta(days=2)
"""Longer than any gap of any zone."""

OpenDay = Callable[[date], date | None]
"""The first day, from one on, on which a schedule may come due; None when there is none or nobody can know."""


def next_due(schedule: Schedule, after: datetime) -> datetime | None:
    """The first instant (UTC) later than `after`, or None when there is none."""
    return next(instants(schedule, after), None)


def due_between(schedule: Schedule, since: datetime, until: datetime, limit: int) -> list[datetime]:
    """The first `limit` instants (UTC) from `since` on and before `until`."""
    found = instants(schedule, since - _SECOND)
    return list(islice(takewhile(lambda due: due < until, (due for due in found if due >= since)), limit))


def instants(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Every instant (UTC, whole minutes) later than `after`, in order."""
    begin, zone = after.astimezone(UTC), ZoneInfo(schedule.timezone)
    minute, hour, *_ = schedule.cron.split()
    follow = _repeating if minute.startswith("*") or hour.startswith("*") else _fixed
    return follow(_walk(schedule), begin, zone) if begin.year < LAST.year else iter(())


def closest(schedule: Schedule) -> timedelta:
    """The least between two instants by the wall clock, as if every day were like the next.

    A change of the clocks may bring two instants closer once; that is nobody's doing and does not count.
    """
    parsed = _parsed(_expression(schedule))
    times = sorted(hour * 60 + minute for hour in parsed.hours for minute in parsed.minutes)
    around = [*times, times[0] + DAY_MINUTES]
    return timedelta(minutes=min(later - earlier for earlier, later in pairwise(around)))


Walk = Callable[[datetime], Iterator[datetime]]
"""From a wall clock time: the matching ones after it."""


def _fixed(walk: Walk, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    for wall in walk(after.astimezone(zone).replace(tzinfo=None)):
        due = _instant(wall, zone)
        if due > after:  # two times in one gap are one instant; the second time in a fold is over
            after = due
            yield due


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant with this wall clock, or the first whole minute after the gap that swallowed it."""
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    change = next_change(zone, found - _GAP, found) or found
    return change + timedelta(seconds=-change.second % 60)


def _repeating(walk: Walk, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Stretch by stretch of one offset: within each, instants and wall clock run alike."""
    back = timedelta()
    while True:
        ahead = offset(zone, after)
        for wall in walk((after + ahead - back).replace(tzinfo=None)):
            due = wall.replace(tzinfo=UTC) - ahead
            change = next_change(zone, after, due)
            if change is not None:
                after, back = change, _SECOND  # the change itself may come due
                break
            after = due
            yield due
        else:
            return


def _walk(schedule: Schedule) -> Walk:
    parsed, opening = _parsed(_expression(schedule)), _opening(schedule)

    def walk(start: datetime) -> Iterator[datetime]:
        cron = copy(parsed)
        cron.dt = start.replace(microsecond=0)
        for wall in _until_end(cron):
            opens = opening(wall.date())
            if opens is None:
                return
            if opens == wall.date():
                yield wall
            else:
                cron.dt = datetime.combine(opens, time()) - _SECOND

    return walk


def _until_end(cron: CronSim) -> Iterator[datetime]:
    """Cronsim gives up after 50 years without a match, and may run out of years."""
    try:
        yield from takewhile(lambda wall: wall < LAST, cron)
    except OverflowError:
        return


def _expression(schedule: Schedule) -> str:
    """The last business day is a day of its own: the expression's time of day and months still count."""
    minute, hour, _, month, _ = schedule.cron.split()
    return f"{minute} {hour} * {month} *" if schedule.last_business_day else schedule.cron


@lru_cache(maxsize=4096)
def _parsed(expression: str) -> CronSim:
    """On wall clock times without a zone, where cronsim has no rules of its own about changes of the clocks."""
    return CronSim(expression, SOMETIME)


def _opening(schedule: Schedule) -> OpenDay:
    is_holiday = holidays_kr.is_holiday if schedule.calendar else _no_holiday
    if schedule.last_business_day:
        return partial(business_days.next_last, is_holiday=is_holiday)
    if schedule.on_holiday is OnHoliday.SKIP:
        return partial(business_days.first_open, is_holiday=is_holiday)
    return lambda day: day


def _no_holiday(day: date) -> bool:
    return False

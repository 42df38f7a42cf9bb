"""Where a zone's offset from UTC changes.  `zoneinfo` knows, but has no way to ask."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAY = 86_400


def offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    """How far the zone's clocks are ahead of UTC at an instant."""
    return instant.astimezone(zone).utcoffset() or timedelta()


def next_change(zone: ZoneInfo, after: datetime, until: datetime) -> datetime | None:
    """The first instant of another offset that is later than `after` and not later than `until`."""
    for year in range(after.year, until.year + 1):
        for change in _changes(zone.key, year):
            if after < change:
                return change if change <= until else None
    return None


@lru_cache(maxsize=4096)
def _changes(zone_name: str, year: int) -> tuple[datetime, ...]:
    """The year's changes in order.  No zone has ever changed and changed back within one day.  About 0.3 ms once."""
    zone = ZoneInfo(zone_name)
    begin = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    days = range(begin, begin + 367 * _DAY, _DAY)
    offsets = [_offset_at(zone, second) for second in days]
    found = (
        _change(zone, second, second + _DAY)
        for second, before, then in zip(days, offsets, offsets[1:], strict=False)
        if before != then
    )
    return tuple(change for change in found if change.year == year)


def _change(zone: ZoneInfo, before: int, then: int) -> datetime:
    """The one change between two instants, to the second."""
    was = _offset_at(zone, before)
    while then - before > 1:
        middle = (before + then) // 2
        if _offset_at(zone, middle) == was:
            before = middle
        else:
            then = middle
    return datetime.fromtimestamp(then, UTC)


def _offset_at(zone: ZoneInfo, second: int) -> timedelta | None:
    return datetime.fromtimestamp(second, zone).utcoffset()

"""Due instants against an oracle that looks at every minute, in zones of every kind, ten years back and ten ahead."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from ohmyagent.domain.due import due_between, next_due
from ohmyagent.domain.schedules import Schedule
from tests.unit.domain import oracle

FIRST, LAST = 2016, 2036
ZONES = {
    "Asia/Seoul": "no changes",
    "Asia/Kolkata": "half an hour, no changes",
    "America/New_York": "north",
    "Europe/London": "UTC in winter",
    "America/St_Johns": "half an hour, with changes",
    "America/Sao_Paulo": "south, at midnight, abolished in 2019",
    "America/Santiago": "south, at midnight",
    "America/Havana": "a fold that ends at 01:00",
    "Atlantic/Azores": "a fold that begins at midnight",
    "Africa/Casablanca": "back and forth around Ramadan",
    "Africa/Cairo": "none, then again since 2023, at midnight",
    "Asia/Beirut": "a fold over midnight",
    "Asia/Tehran": "abolished in 2022",
    "Australia/Lord_Howe": "half an hour of change",
    "Pacific/Chatham": "three quarters of an hour",
    "Antarctica/Troll": "two hours of change",
}
CRONS = [
    "* * * * *", "*/5 * * * *", "*/30 * * * *", "*/7 * * * *", "0 * * * *", "30 * * * *", "15,45 * * * *",
    "17 */2 * * *", "0 */6 * * *", "0 0 * * *", "30 0 * * *", "*/10 0 * * *", "*/20 23 * * *", "0 1 * * *",
    "30 1 * * *", "15,45 1 * * *", "*/30 1 * * *", "0 2 * * *", "30 2 * * *", "15,45 2 * * *", "*/30 2 * * *",
    "*/15 2-3 * * *", "0 2,3 * * *", "30 1-3 * * *", "0-59/20 0-4 * * *", "0 3 * * *", "0 9 * * 1-5", "59 23 * * *",
    "5 0 1 * *", "0 2 * * 0", "30 2 * * 6,7", "45 1 */2 * *", "30 0 1-7 * 1", "0 2 31 3 *", "30 1 * 10,11 0",
    "*/30 * * * 0", "0 0-23 * * 0,6",
]  # fmt: skip


@cache
def changes(zone: str) -> list[datetime]:
    return oracle.changes(ZoneInfo(zone), FIRST, LAST)


def agree(zone: str, since: datetime, until: datetime, crons: list[str], chance: random.Random) -> None:
    """The platform's instants are the oracle's, also when it is asked anew from any moment."""
    among = oracle.minutes(ZoneInfo(zone), since, until)
    for cron in crons:
        schedule, expected = Schedule(cron=cron, timezone=zone), oracle.Cron(cron).due(among)
        assert due_between(schedule, since, until, 1_000_000) == expected, (zone, cron, since)
        for _ in range(3):
            moment = since + timedelta(seconds=chance.randrange(int((until - since).total_seconds())))
            due = next_due(schedule, moment)
            assert due is not None
            later = [instant for instant in expected if instant > moment]
            assert due == later[0] if later else due >= until, (zone, cron, moment)


@pytest.mark.parametrize("zone", ZONES)
def test_around_changes_of_the_clocks(zone: str) -> None:
    chance = random.Random(zone)
    found = changes(zone)
    for change in chance.sample(found, min(len(found), 4)):
        agree(zone, change - timedelta(hours=4), change + timedelta(hours=4), CRONS, chance)


@pytest.mark.parametrize("zone", ZONES)
def test_on_some_days_of_every_year(zone: str) -> None:
    chance = random.Random(zone)
    for year in range(FIRST, LAST + 1):
        day = datetime(year, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(364 * 1440))
        agree(zone, day, day + timedelta(days=1), chance.sample(CRONS, 3), chance)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("zone", ZONES)
def test_around_every_change_of_the_clocks(zone: str) -> None:
    for change in changes(zone):
        agree(zone, change - timedelta(hours=30), change + timedelta(hours=30), CRONS, random.Random(zone))


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("zone", ZONES)
def test_through_a_whole_year_and_the_next(zone: str) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    agree(zone, begin, begin + timedelta(days=731), ["17 */2 * * *", "30 2 * * 0", "0 9 1-7 * 1"], random.Random(zone))


def test_the_zones_are_of_every_kind() -> None:
    assert changes("Asia/Seoul") == changes("Asia/Kolkata") == []
    assert len(changes("America/New_York")) == 2 * (LAST - FIRST + 1)
    assert {zone for zone in ZONES if changes(zone)} == set(ZONES) - {"Asia/Seoul", "Asia/Kolkata"}


def test_a_whole_day_that_a_zone_jumped_over_comes_due_once_after_it() -> None:
    apia = Schedule(cron="0 9 * * *", timezone="Pacific/Apia")
    found = due_between(apia, datetime(2011, 12, 29, tzinfo=UTC), datetime(2011, 12, 31, tzinfo=UTC), 10)
    walls = [due.astimezone(ZoneInfo("Pacific/Apia")).isoformat() for due in found]

    assert walls == ["2011-12-29T09:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T09:00:00+14:00"]

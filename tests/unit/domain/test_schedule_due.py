"""When schedules come due: order, limits, and the edges of the calendar."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmyagent.domain.due import closest, due_between, instants, next_due
from ohmyagent.domain.schedules import Schedule

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ENDS = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)

crons = st.sampled_from(
    ["* * * * *", "*/7 */3 * * *", "0 9 * * 1-5", "30 1,2 * * *", "0 0 29 2 *", "0 9 L * 5", "5 0 * * 2#2"]
)
zones = st.sampled_from(
    ["Asia/Seoul", "UTC", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Kiritimati"]
)
moments = st.datetimes(datetime(2016, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC))


def schedule(cron: str, timezone: str = "Asia/Seoul", **more: object) -> Schedule:
    return Schedule.model_validate({"cron": cron, "timezone": timezone, **more})


def test_the_next_instant_is_later_than_the_one_asked_from() -> None:
    nine = schedule("0 9 * * *")
    due = datetime(2026, 11, 21, 0, tzinfo=UTC)

    assert next_due(nine, NOON) == due
    assert next_due(nine, due - timedelta(microseconds=1)) == due
    assert next_due(nine, due) == due + timedelta(days=1)


def test_an_interval_has_its_begin_and_not_its_end() -> None:
    hourly = schedule("0 * * * *")

    assert due_between(hourly, NOON, NOON + timedelta(hours=2), 10) == [NOON, NOON + timedelta(hours=1)]
    assert due_between(hourly, NOON + timedelta(microseconds=1), NOON + timedelta(hours=1), 10) == []
    assert due_between(hourly, NOON, NOON + timedelta(hours=9), 3) == [
        NOON + timedelta(hours=hour) for hour in range(3)
    ]


def test_a_moment_in_another_zone_is_the_same_moment() -> None:
    there = NOON.astimezone(datetime.fromisoformat("2026-11-20T00:00+09:00").tzinfo)

    assert next_due(schedule("*/5 * * * *"), there) == next_due(schedule("*/5 * * * *"), NOON)


@given(cron=crons, zone=zones, moment=moments)
def test_instants_are_whole_minutes_in_order_and_the_same_from_anywhere(cron: str, zone: str, moment: datetime) -> None:
    found = due_between(schedule(cron, zone), moment, moment + timedelta(days=10_000), 5)

    assert found == sorted(set(found))
    assert all(due.tzinfo is UTC and due.second == due.microsecond == 0 and due >= moment for due in found)
    assert [next_due(schedule(cron, zone), due) for due in found[:-1]] == found[1:]


@pytest.mark.parametrize("cron", ["* * * * *", "0 9 * * *", "0 0 29 2 *", "0 0 29 2 */7", "*/5 * 31 12 *"])
@pytest.mark.parametrize("zone", ["Asia/Seoul", "UTC", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_end_of_the_calendar_is_an_end_and_no_error(cron: str, zone: str) -> None:
    last = datetime(9989, 12, 30, tzinfo=UTC)

    assert next_due(schedule(cron, zone), ENDS) is None
    assert next_due(schedule(cron, zone), ENDS - timedelta(days=400)) is None
    assert all(due.year < 9991 for due in instants(schedule(cron, zone), last) if due)
    assert next_due(schedule(cron, zone, last_business_day=True), ENDS) is None


def test_a_day_that_is_rare_is_found_over_decades() -> None:
    sunday_29th = schedule("0 0 29 2 */7", "UTC")

    assert next_due(sunday_29th, datetime(2032, 3, 1, tzinfo=UTC)) == datetime(2060, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "minutes"),
    [
        ("* * * * *", 1), ("*/7 * * * *", 4), ("0 * * * *", 60), ("0 9 * * *", 1440), ("0 9,11 * * 1", 120),
        ("5,55 0,23 * * *", 10), ("30 2-20/6 1 1 *", 360),
    ],
)  # fmt: skip
def test_the_least_between_two_instants_counts_over_midnight(cron: str, minutes: int) -> None:
    assert closest(schedule(cron)) == timedelta(minutes=minutes)

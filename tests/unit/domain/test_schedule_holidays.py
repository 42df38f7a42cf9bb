"""Korean public holidays and business days: the table, against a list written by hand and against the library."""

from __future__ import annotations

import importlib.util
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ohmyagent.domain import holidays_kr
from ohmyagent.domain.due import due_between, next_due
from ohmyagent.domain.schedules import Schedule

ROOT = Path(__file__).resolve().parents[3]
SEOUL = ZoneInfo("Asia/Seoul")

# By the rules of the law, not from the library: 공휴일에 관한 법률 and 관공서의 공휴일에 관한 규정.
# - Fixed days: 1/1, 3/1, 5/5, 6/6, 8/15, 10/3, 10/9, 12/25; from 2026 also 5/1 (노동절) and 7/17 (제헌절).
# - By the lunar calendar: 설날 and 추석 with the day before and the day after, 부처님오신날.
# - Substitutes, the next day that is no holiday: 설날 and 추석 when one of the days is a Sunday or another holiday;
#   3/1, 5/5, 7/17, 8/15, 10/3, 10/9, 부처님오신날, 12/25 and 5/1 when on a Saturday, a Sunday or another holiday.
# - Elections, and days that the government adds (임시공휴일).
BY_THE_LAW = {
    2024: """
        01-01 신정 / 02-09 02-10 02-11 설날 / 02-12 설날의 일요일 대체 / 03-01 삼일절 / 04-10 국회의원 선거
        05-05 어린이날 / 05-06 어린이날 대체 / 05-15 부처님오신날 / 06-06 현충일 / 08-15 광복절
        09-16 09-17 09-18 추석 / 10-01 임시공휴일 국군의 날 / 10-03 개천절 / 10-09 한글날 / 12-25 기독탄신일
    """,
    2025: """
        01-01 신정 / 01-27 임시공휴일 / 01-28 01-29 01-30 설날 / 03-01 삼일절 / 03-03 삼일절 대체
        05-05 어린이날과 부처님오신날 / 05-06 겹친 날 대체 / 06-03 대통령 선거 / 06-06 현충일 / 08-15 광복절
        10-03 개천절 / 10-05 10-06 10-07 추석 / 10-08 추석의 일요일 대체 / 10-09 한글날 / 12-25 기독탄신일
    """,
    2026: """
        01-01 신정 / 02-16 02-17 02-18 설날 / 03-01 삼일절 / 03-02 삼일절 대체 / 05-01 노동절 / 05-05 어린이날
        05-24 부처님오신날 / 05-25 부처님오신날 대체 / 06-03 지방선거 / 06-06 현충일 / 07-17 제헌절
        08-15 광복절 / 08-17 광복절 대체 / 09-24 09-25 09-26 추석 / 10-03 개천절 / 10-05 개천절 대체
        10-09 한글날 / 12-25 기독탄신일
    """,
    2027: """
        01-01 신정 / 02-06 02-07 02-08 설날 / 02-09 설날의 일요일 대체 / 03-01 삼일절 / 05-01 노동절 / 05-03 노동절 대체
        05-05 어린이날 / 05-13 부처님오신날 / 06-06 현충일 / 07-17 제헌절 / 07-19 제헌절 대체 / 08-15 광복절
        08-16 광복절 대체 / 09-14 09-15 09-16 추석 / 10-03 개천절 / 10-04 개천절 대체 / 10-09 한글날 / 10-11 한글날 대체
        12-25 기독탄신일 / 12-27 기독탄신일 대체
    """,
}
WEEKDAYS_BUT_HOLIDAYS = {"cron": "0 9 * * 1-5", "calendar": "KR", "on_holiday": "skip"}


def by_the_law(year: int) -> set[date]:
    return {date.fromisoformat(f"{year}-{word}") for word in BY_THE_LAW[year].split() if word[:2].isdigit()}


def year_of(schedule: Schedule, year: int) -> list[date]:
    begin, end = (datetime(at, 1, 1, tzinfo=SEOUL) for at in (year, year + 1))
    return [due.astimezone(SEOUL).date() for due in due_between(schedule, begin, end, 1000)]


def schedule(**fields: object) -> Schedule:
    return Schedule.model_validate(fields)


@pytest.mark.parametrize("year", BY_THE_LAW)
def test_the_table_has_the_holidays_of_the_law(year: int) -> None:
    days = (date(year, 1, 1) + timedelta(days=day) for day in range(366))
    assert {day for day in days if holidays_kr.is_holiday(day) and day.year == year} == by_the_law(year)


def test_the_table_is_that_of_the_library_and_names_its_release() -> None:
    spec = importlib.util.spec_from_file_location("table", ROOT / "scripts/holidays_kr.py")
    assert spec is not None
    assert spec.loader is not None
    table = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(table)

    assert table.TABLE.read_text(encoding="ascii") == table.text(), "run scripts/holidays_kr.py"
    assert holidays_kr.release() == table.holidays.__version__


def test_beyond_the_table_nobody_knows() -> None:
    assert holidays_kr.is_holiday(date(2019, 1, 1)) is None
    assert holidays_kr.is_holiday(date(2100, 1, 1)) is True
    assert holidays_kr.is_holiday(date(2101, 1, 1)) is None


@pytest.mark.parametrize("year", BY_THE_LAW)
def test_weekdays_but_holidays_are_the_other_weekdays(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=day) for day in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]
    expected = [day for day in days if day.weekday() < 5 and day not in by_the_law(year)]

    assert year_of(schedule(**WEEKDAYS_BUT_HOLIDAYS), year) == expected


def test_holidays_count_only_when_they_are_to_be_left_out() -> None:
    every_day = year_of(schedule(cron="0 9 * * *"), 2026)

    assert len(every_day) == 365
    assert year_of(schedule(cron="0 9 * * *", calendar="KR"), 2026) == every_day
    assert year_of(schedule(cron="0 9 * * *", on_holiday="skip"), 2026) == every_day
    left_out = set(every_day) - set(year_of(schedule(cron="0 9 * * *", calendar="KR", on_holiday="skip"), 2026))
    assert left_out == by_the_law(2026)


@pytest.mark.parametrize(
    ("calendar", "expected"),
    [
        # 2027-12-31 is a Friday, 2027-05-31 a Monday, 2027-02-28 a Sunday
        (None, "01-29 02-26 03-31 04-30 05-31 06-30 07-30 08-31 09-30 10-29 11-30 12-31"),
        ("KR", "01-29 02-26 03-31 04-30 05-31 06-30 07-30 08-31 09-30 10-29 11-30 12-31"),
    ],
)
def test_the_last_business_day_of_each_month(calendar: str | None, expected: str) -> None:
    last = schedule(cron="30 18 * * *", calendar=calendar, last_business_day=True)

    assert [f"{day:%m-%d}" for day in year_of(last, 2027)] == expected.split()


def test_a_holiday_at_the_end_of_a_month_moves_its_last_business_day() -> None:
    # 2020-04-30 was 부처님오신날, a Thursday; 2023-09-28 to 30 was 추석, from Thursday to Saturday
    last = {"cron": "0 18 * * *", "last_business_day": True}
    plain, korean = schedule(**last), schedule(**last, calendar="KR")

    assert [date(2020, 4, 30) in year_of(plain, 2020), date(2023, 9, 29) in year_of(plain, 2023)] == [True, True]
    assert [date(2020, 4, 29) in year_of(korean, 2020), date(2023, 9, 27) in year_of(korean, 2023)] == [True, True]
    assert [len(year_of(korean, 2020)), len(year_of(korean, 2023))] == [12, 12]


def test_the_last_business_day_keeps_to_the_months_and_hours_of_its_expression() -> None:
    quarters = schedule(cron="0 9,18 * 3,6,9,12 *", last_business_day=True)

    assert [f"{day:%m-%d}" for day in year_of(quarters, 2026)] == ["03-31"] * 2 + ["06-30"] * 2 + ["09-30"] * 2 + [
        "12-31"
    ] * 2


def test_a_day_that_is_open_begins_at_midnight() -> None:
    midnight = schedule(cron="0 0 * * *", calendar="KR", on_holiday="skip")
    last = schedule(cron="*/30 * * * *", last_business_day=True)

    # 추석 of 2026 is from Thursday to Saturday, 24 to 26 September
    due = next_due(midnight, datetime(2026, 9, 23, 12, tzinfo=SEOUL))
    assert due == datetime(2026, 9, 27, tzinfo=SEOUL)
    assert next_due(last, datetime(2026, 9, 2, tzinfo=SEOUL)) == datetime(2026, 9, 30, tzinfo=SEOUL)
    assert len(year_of(last, 2026)) == 12 * 48


@pytest.mark.parametrize("cron", ["0 9 25 12 *", "* * 25 12 *", "*/5 * 1 1 *", "0 0 6 6 *"])
def test_a_schedule_for_holidays_that_leaves_out_holidays_never_comes_due(cron: str) -> None:
    never = schedule(cron=cron, calendar="KR", on_holiday="skip")

    assert next_due(never, datetime(2026, 11, 20, tzinfo=UTC)) is None


def test_nothing_comes_due_beyond_the_table() -> None:
    end = datetime(2101, 1, 1, tzinfo=SEOUL)

    assert next_due(schedule(**WEEKDAYS_BUT_HOLIDAYS), end - timedelta(days=3)) is not None
    assert next_due(schedule(**WEEKDAYS_BUT_HOLIDAYS), end) is None
    assert next_due(schedule(cron="0 9 * * *", calendar="KR", last_business_day=True), end) is None
    assert next_due(schedule(cron="0 9 * * 1-5"), end) is not None

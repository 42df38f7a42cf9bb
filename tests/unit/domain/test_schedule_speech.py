"""A person's words: what is understood, what is asked back, and what is refused rather than guessed."""

import time

import pytest

from ohmyagent.domain.schedule_shapes import shape
from ohmyagent.domain.schedule_speech import LONGEST, Question, heard
from ohmyagent.domain.schedule_words import words
from ohmyagent.domain.schedules import OnHoliday, Schedule

SEOUL = "Asia/Seoul"

KOREAN = [
    ("매일 아침 8시", "0 8 * * *", ""),
    ("평일 오전 9시 반", "30 9 * * 1-5", ""),
    ("매월 마지막 영업일 오후 6시", "0 18 * * *", "last holidays"),
    ("30분마다", "*/30 * * * *", ""),
    ("공휴일 빼고 평일 9시", "0 9 * * 1-5", "holidays"),
    ("매주 화, 목 10시", "0 10 * * 2,4", ""),
    ("매주 월요일 오전 8시", "0 8 * * 1", ""),
    ("매주 월요일에 오전 9시에 실행해줘", "0 9 * * 1", ""),
    ("매주 월수금 오전 7시 30분", "30 7 * * 1,3,5", ""),
    ("매일 18:30", "30 18 * * *", ""),
    ("매일 09:00", "0 9 * * *", ""),
    ("매일 저녁 7시", "0 19 * * *", ""),
    ("매일 밤 12시", "0 0 * * *", ""),
    ("매일 자정", "0 0 * * *", ""),
    ("매일 정오", "0 12 * * *", ""),
    ("매시간", "0 * * * *", ""),
    ("매시 15분", "15 * * * *", ""),
    ("2시간마다", "0 */2 * * *", ""),
    ("두 시간마다", "0 */2 * * *", ""),
    ("매 10분마다", "*/10 * * * *", ""),
    ("평일 30분마다", "*/30 * * * 1-5", ""),
    ("월~금 오전 9시", "0 9 * * 1-5", ""),
    ("월요일부터 금요일까지 오전 8시 30분", "30 8 * * 1-5", ""),
    ("주말 오전 11시", "0 11 * * 6,0", ""),
    ("매월 1일 오전 9시", "0 9 1 * *", ""),
    ("매달 15일 오후 3시", "0 15 15 * *", ""),
    ("매월 1일과 15일 오전 10시", "0 10 1,15 * *", ""),
    ("매월 말일 오후 5시", "0 17 L * *", ""),
    ("매월 마지막 금요일 오후 4시", "0 16 * * 5L", ""),
    ("매월 첫째 월요일 오전 9시", "0 9 * * 1#1", ""),
    ("매월 첫 번째 화요일 오전 10시", "0 10 * * 2#1", ""),
    ("매년 1월 1일 오전 9시", "0 9 1 1 *", ""),
    ("평일 9시, 18시", "0 9,18 * * 1-5", ""),
    ("매일 오전 9시와 오후 6시", "0 9,18 * * *", ""),
    ("평일 오전 9시, 공휴일 제외", "0 9 * * 1-5", "holidays"),
    ("매일 아침 여덟 시", "0 8 * * *", ""),
    ("월요일마다 오전 10시", "0 10 * * 1", ""),
    ("매영업일 오전 9시", "0 9 * * 1-5", "holidays"),
    ("매주 토일 낮 12시", "0 12 * * 6,0", ""),
    ("평일 새벽 5시 30분", "30 5 * * 1-5", ""),
    ("매일 오후 14시", "0 14 * * *", ""),
    ("매일 9am", "0 9 * * *", ""),
    ("한국 시간 매일 오전 9시", "0 9 * * *", ""),
    ("1분마다", "* * * * *", ""),
    ("매주 일요일 저녁 8시", "0 20 * * 0", ""),
    ("매주 월 오전 9시", "0 9 * * 1", ""),
    ("날마다 오전 7시", "0 7 * * *", ""),
    ("30분 간격으로", "*/30 * * * *", ""),
    ("12시간마다", "0 */12 * * *", ""),
    ("매일 아침 8시에 알려줘", "0 8 * * *", ""),
]
ENGLISH = [
    ("every Monday 8am", "0 8 * * 1", ""),
    ("every day at 9am", "0 9 * * *", ""),
    ("daily at 18:30", "30 18 * * *", ""),
    ("weekdays at 9:30 am", "30 9 * * 1-5", ""),
    ("every weekday at 9am except holidays", "0 9 * * 1-5", "holidays"),
    ("on the last business day of the month at 6 pm", "0 18 * * *", "last holidays"),
    ("every 30 minutes", "*/30 * * * *", ""),
    ("every hour", "0 * * * *", ""),
    ("hourly", "0 * * * *", ""),
    ("every 2 hours", "0 */2 * * *", ""),
    ("every minute", "* * * * *", ""),
    ("every half hour", "*/30 * * * *", ""),
    ("every Monday, Wednesday and Friday at 7pm", "0 19 * * 1,3,5", ""),
    ("Mondays and Thursdays at 10:15", "15 10 * * 1,4", ""),
    ("every morning at 8", "0 8 * * *", ""),
    ("every night at 11", "0 23 * * *", ""),
    ("every evening at 7:30", "30 19 * * *", ""),
    ("monday to friday at 9am", "0 9 * * 1-5", ""),
    ("mon-fri 08:45", "45 8 * * 1-5", ""),
    ("weekends at noon", "0 12 * * 6,0", ""),
    ("on the 1st of every month at 9am", "0 9 1 * *", ""),
    ("monthly on the 15th at 3 pm", "0 15 15 * *", ""),
    ("the first Monday of every month at 9 am", "0 9 * * 1#1", ""),
    ("last Friday of the month at 4pm", "0 16 * * 5L", ""),
    ("on the last day of every month at 11:30 pm", "30 23 L * *", ""),
    ("every year on January 1 at 9am", "0 9 1 1 *", ""),
    ("every day at 9am and 6pm", "0 9,18 * * *", ""),
    ("every weekday at 8 in the morning", "0 8 * * 1-5", ""),
    ("at 9am every business day", "0 9 * * 1-5", "holidays"),
    ("every day at midnight", "0 0 * * *", ""),
    ("weekly on Tuesday at 6 a.m.", "0 6 * * 2", ""),
    ("every day at 13pm", "0 13 * * *", ""),
]
"""What is said, its cron expression, and what the schedule has besides."""

ASKED = [
    ("매주 금요일 자정", "midnight", ["0 0 * * 5", "0 0 * * 6"]),
    ("매주 금요일 밤 12시", "midnight", ["0 0 * * 5", "0 0 * * 6"]),
    ("8시", "recurrence", ["0 8 * * *", "0 20 * * *", "0 8 * * 1-5", "0 20 * * 1-5"]),
    ("매일 8시", "half", ["0 8 * * *", "0 20 * * *"]),
    ("매일", "time", ["0 9 * * *", "0 18 * * *"]),
    ("매주", "day", ["0 9 * * 1", "0 18 * * 1", "0 9 * * 5", "0 18 * * 5"]),
    ("매월", "day", ["0 9 1 * *", "0 18 1 * *", "0 9 * * *", "0 18 * * *"]),
    ("매주 월요일", "time", ["0 9 * * 1", "0 18 * * 1"]),
    ("오전 8시", "recurrence", ["0 8 * * *", "0 8 * * 1-5"]),
    ("매일 아침", "time", ["0 8 * * *", "0 9 * * *"]),
    ("월요일 오전 9시", "recurrence", ["0 9 * * 1"]),
    ("7분마다", "interval", ["*/6 * * * *", "*/10 * * * *"]),
    ("90분마다", "interval", ["0 * * * *", "0 */2 * * *"]),
    ("매월 31일 오전 9시", "month_end", ["0 9 31 * *", "0 9 L * *"]),
    ("매일 12시", "half", ["0 12 * * *", "0 0 * * *"]),
    ("every Friday at midnight", "midnight", ["0 0 * * 5", "0 0 * * 6"]),
    ("every day at 8", "half", ["0 8 * * *", "0 20 * * *"]),
    ("every day", "time", ["0 9 * * *", "0 18 * * *"]),
    ("weekly", "day", ["0 9 * * 1", "0 18 * * 1", "0 9 * * 5", "0 18 * * 5"]),
    ("monthly at 9am", "day", ["0 9 1 * *", "0 9 * * *"]),
    ("8am", "recurrence", ["0 8 * * *", "0 8 * * 1-5"]),
    ("Monday at 9am", "recurrence", ["0 9 * * 1"]),
    ("every 7 minutes", "interval", ["*/6 * * * *", "*/10 * * * *"]),
    ("every 45 minutes", "interval", ["*/30 * * * *", "0 * * * *"]),
    ("on the 31st of every month at 9am", "month_end", ["0 9 31 * *", "0 9 L * *"]),
    ("every morning", "time", ["0 8 * * *", "0 9 * * *"]),
]
"""What is said, what is asked back, and the expressions offered."""

REFUSED = [
    "가끔",
    "격주 월요일 오전 9시",
    "3일마다 오전 9시",
    "내일 오전 9시",
    "매일 오전 13시",
    "매일 25시",
    "매일 9시쯤",
    "하루에 두 번",
    "매일 오전 9시 70분",
    "매주 월요일 매일 9시",
    "매월 2월 30일 9시",
    "매년 2월 30일 오전 9시",
    "평일 9시 10분, 18시 20분",
    "뉴스 요약해줘",
    "평일 오전 9시 회의 30분 전",
    "첫째 주 월요일 오전 9시",
    "일일 오전 9시",
    "오전 9시 오후",
    "매일 오전 오후 9시",
    "sometimes",
    "every other day at 9am",
    "every 2 weeks on Monday at 9am",
    "every 3 days at noon",
    "tomorrow at 9am",
    "every day at 25:00",
    "every day at 9am or 10am",
    "summarise the news",
    "every Monday at 9am until June",
    "twice a day",
    "every day around 9am",
    "",
    " , ",
    "매일 오전 9시\n오후 6시 30분",
    "every day at 9am" + " " * LONGEST,
    "0 9 * * *",
]


def fields(schedule: Schedule) -> str:
    return " ".join(filter(None, ["last" * schedule.last_business_day, "holidays" * (schedule.calendar is not None)]))


@pytest.mark.parametrize(("said", "cron", "more"), [*KOREAN, *ENGLISH])
def test_a_common_shape_is_understood(said: str, cron: str, more: str) -> None:
    found = heard(said, SEOUL)

    assert isinstance(found, Schedule)
    assert (found.cron, fields(found), found.timezone) == (cron, more, SEOUL)
    assert (found.on_holiday is OnHoliday.SKIP) == (more == "holidays")


@pytest.mark.parametrize(("said", "asked", "crons"), ASKED)
def test_what_is_left_open_is_asked_with_what_it_may_mean(said: str, asked: str, crons: list[str]) -> None:
    found = heard(said, SEOUL)

    assert isinstance(found, Question)
    assert (found.asked, [choice.cron for choice in found.choices]) == (asked, crons)
    assert found.text.ko.endswith(("?", "."))
    assert found.text.en.endswith("?")


@pytest.mark.parametrize("said", REFUSED)
def test_what_the_rules_do_not_cover_is_not_guessed(said: str) -> None:
    assert heard(said, SEOUL) is None


@pytest.mark.parametrize(("said", "cron", "more"), [*KOREAN, *ENGLISH])
def test_what_was_understood_is_said_back_as_a_common_shape_that_is_understood_again(
    said: str, cron: str, more: str
) -> None:
    found = heard(said, SEOUL)

    assert isinstance(found, Schedule)
    assert shape(found) is not None
    again = [heard(text, SEOUL) for text in (words(found).ko, words(found).en)]
    assert [shape(same) for same in again if isinstance(same, Schedule)] == [shape(found)] * 2


def test_a_zone_that_is_named_wins_over_that_of_the_person() -> None:
    there, named = heard("every day at 9am", "America/New_York"), heard("every day at 9am KST", "America/New_York")

    assert isinstance(there, Schedule)
    assert isinstance(named, Schedule)
    assert (there.timezone, named.timezone) == ("America/New_York", SEOUL)


def test_holidays_without_a_country_are_those_of_korea_only_in_korea() -> None:
    said = "every weekday at 9am except holidays"

    assert heard(said, "America/New_York") is None
    assert isinstance(heard(said.replace("holidays", "Korean public holidays"), "America/New_York"), Schedule)
    business = heard("last business day of the month at 5pm", "America/New_York")
    assert isinstance(business, Schedule)
    assert (business.last_business_day, business.calendar) == (True, None)


@pytest.mark.parametrize("part", ["월, ", "1일, ", "mon, ", "매주 ", "9시 ", "1st, ", "공휴일은 ", "월~", "1", " "])
def test_no_sentence_takes_long(part: str) -> None:
    begin = time.process_time()
    heard((part * LONGEST)[:LONGEST], SEOUL)

    assert time.process_time() - begin < 5, "time must not explode with the length of a sentence"

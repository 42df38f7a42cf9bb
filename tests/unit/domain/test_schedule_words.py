"""A schedule in words: every common shape in both languages, and the expression itself for the rest."""

import pytest

from ohmyagent.domain.schedule_words import Words, english_time, korean_time, words
from ohmyagent.domain.schedules import Schedule

HOLIDAYS = {"calendar": "KR", "on_holiday": "skip"}
LAST = {"last_business_day": True}

SAID = [
    ("0 9 * * *", {}, "매일 오전 9시 (KST)", "every day at 9:00 AM KST"),
    ("30 9,18 * * *", {}, "매일 오전 9시 30분, 오후 6시 30분 (KST)", "every day at 9:30 AM and 6:30 PM KST"),
    ("0 0 * * *", {}, "매일 자정 (KST)", "every day at midnight KST"),
    ("0 9 * * 1-5", {}, "평일 오전 9시 (KST)", "every weekday at 9:00 AM KST"),
    ("0 9 * * MON-FRI", {}, "평일 오전 9시 (KST)", "every weekday at 9:00 AM KST"),
    (
        "0 9 * * 1-5", HOLIDAYS,
        "평일 오전 9시 (KST), 공휴일 제외", "every weekday at 9:00 AM KST, except Korean public holidays",
    ),
    ("0 9 * * 1-5", {"calendar": "KR"}, "평일 오전 9시 (KST)", "every weekday at 9:00 AM KST"),
    ("0 11 * * 0,6", {}, "주말 오전 11시 (KST)", "every Saturday and Sunday at 11:00 AM KST"),
    ("0 11 * * 6-7", {}, "주말 오전 11시 (KST)", "every Saturday and Sunday at 11:00 AM KST"),
    ("0 11 * * 0-6", {}, "매일 오전 11시 (KST)", "every day at 11:00 AM KST"),
    ("0 8 * * 1", {}, "매주 월요일 오전 8시 (KST)", "every Monday at 8:00 AM KST"),
    ("0 8 * * 0", {}, "매주 일요일 오전 8시 (KST)", "every Sunday at 8:00 AM KST"),
    ("0 10 * * 4,2", {}, "매주 화, 목 오전 10시 (KST)", "every Tuesday and Thursday at 10:00 AM KST"),
    ("0 10 * * 1,3-5", {}, "매주 월, 수, 목, 금 오전 10시 (KST)",
     "every Monday, Wednesday, Thursday and Friday at 10:00 AM KST"),
    ("0 12 1 * *", {}, "매월 1일 정오 (KST)", "on the 1st of every month at noon KST"),
    ("5 13 2,3,11,22 * *", {}, "매월 2일, 3일, 11일, 22일 오후 1시 5분 (KST)",
     "on the 2nd, 3rd, 11th and 22nd of every month at 1:05 PM KST"),
    ("0 18 L * *", {}, "매월 말일 오후 6시 (KST)", "on the last day of every month at 6:00 PM KST"),
    ("0 18 * * *", LAST, "매월 마지막 영업일 오후 6시 (KST)", "on the last business day of every month at 6:00 PM KST"),
    ("0 18 * * *", LAST | {"calendar": "KR"}, "매월 마지막 영업일 오후 6시 (KST), 공휴일 제외",
     "on the last business day of every month at 6:00 PM KST, except Korean public holidays"),
    ("0 9 * * 1#1", {}, "매월 첫째 월요일 오전 9시 (KST)", "on the first Monday of every month at 9:00 AM KST"),
    ("0 9 * * 5L", {}, "매월 마지막 금요일 오전 9시 (KST)", "on the last Friday of every month at 9:00 AM KST"),
    ("0 9 1 1 *", {}, "매년 1월 1일 오전 9시 (KST)", "every year on January 1 at 9:00 AM KST"),
    ("* * * * *", {}, "1분마다 (KST)", "every minute (KST)"),
    ("*/30 * * * *", {}, "30분마다 (KST)", "every 30 minutes (KST)"),
    ("*/30 * * * 1-5", {}, "평일 30분마다 (KST)", "every 30 minutes on weekdays (KST)"),
    ("*/10 * * * 1,3", {}, "매주 월, 수 10분마다 (KST)", "every 10 minutes on Mondays and Wednesdays (KST)"),
    ("*/20 * 1 * *", {}, "매월 1일 20분마다 (KST)", "every 20 minutes on the 1st of every month (KST)"),
    ("0 * * * *", {}, "매시 정각 (KST)", "every hour on the hour (KST)"),
    ("15 * * * 6,0", {}, "주말 매시 15분 (KST)", "every hour at 15 past the hour on weekends (KST)"),
    ("0 */2 * * *", {}, "2시간마다 정각 (KST)", "every 2 hours on the hour (KST)"),
    ("0 7 * * *", {"timezone": "America/New_York"}, "매일 오전 7시 (America/New_York)",
     "every day at 7:00 AM America/New_York"),
    ("*/15 * * * *", {"timezone": "UTC"}, "15분마다 (UTC)", "every 15 minutes (UTC)"),
]  # fmt: skip

RAW = [
    "*/7 * * * *", "0 */5 * * *", "0 9 1 * 1", "0 9 * 3 *", "0 9 1-5 * *", "0 9-17 * * *", "*/30 9-17 * * *",
    "0,30 9 * * *", "0 1,2,3,4,5 * * *", "0 9 LW * *", "0 9 * * 1#1,3#1", "0 9 */2 * *", "5/10 * * * *", "0 9 1 1,7 *",
]  # fmt: skip


def schedule(cron: str, **fields: object) -> Schedule:
    return Schedule.model_validate({"cron": cron, **fields})


@pytest.mark.parametrize(("cron", "fields", "ko", "en"), SAID)
def test_a_common_shape_is_said_in_both_languages(cron: str, fields: dict[str, object], ko: str, en: str) -> None:
    assert words(schedule(cron, **fields)) == Words(ko, en)


@pytest.mark.parametrize("cron", RAW)
def test_any_other_expression_is_shown_as_it_is(cron: str) -> None:
    said = words(schedule(cron))
    assert said == Words(f"cron 식 {cron} (KST)", f"by the cron expression {cron} (KST)")


def test_a_last_business_day_of_some_months_is_shown_as_the_expression_and_said() -> None:
    assert words(schedule("0 9 * 3 *", last_business_day=True, calendar="KR")) == Words(
        "cron 식 0 9 * 3 * (KST), 그 달의 마지막 영업일에만, 공휴일 제외",
        "by the cron expression 0 9 * 3 * (KST), only on the month's last business day, except Korean public holidays",
    )


@pytest.mark.parametrize(
    ("minute", "ko", "en"),
    [
        (0, "자정", "midnight"), (5, "오전 12시 5분", "12:05 AM"), (60, "오전 1시", "1:00 AM"),
        (719, "오전 11시 59분", "11:59 AM"), (720, "정오", "noon"), (721, "오후 12시 1분", "12:01 PM"),
        (780, "오후 1시", "1:00 PM"), (1439, "오후 11시 59분", "11:59 PM"),
    ],
)  # fmt: skip
def test_a_time_of_day_is_said_without_asking_a_library(minute: int, ko: str, en: str) -> None:
    assert (korean_time(minute), english_time(minute)) == (ko, en)

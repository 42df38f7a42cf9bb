"""An instant as a person reads it, in their zone and language; its words are those of schedules."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ohmyagent.domain.accounts import Locale
from ohmyagent.domain.schedule_words import KOREAN_WEEKDAYS, MONTHS, WEEKDAYS, english_time, korean_time, zone_name

MORNING = 9


def moment(instant: datetime, zone: str, language: Locale) -> str:
    """`2026년 11월 20일(금) 오후 9시 (KST)`, `Friday, November 20, 2026, 9:00 PM KST`."""
    local = instant.astimezone(ZoneInfo(zone))
    minute, weekday = local.hour * 60 + local.minute, local.isoweekday()
    if language == "ko":
        day = f"{local.year}년 {local.month}월 {local.day}일({KOREAN_WEEKDAYS[weekday]})"
        return f"{day} {korean_time(minute)} ({zone_name(zone)})"
    day = f"{WEEKDAYS[weekday]}, {MONTHS[local.month - 1]} {local.day}, {local.year}"
    return f"{day}, {english_time(minute)} {zone_name(zone)}"


def next_morning(now: datetime, zone: str) -> datetime:
    """The next 09:00 in the zone, later than `now`; where the clocks jump over it, the first instant after."""
    local = now.astimezone(ZoneInfo(zone))
    nine = local.replace(hour=MORNING, minute=0, second=0, microsecond=0, fold=0)
    while nine.timestamp() <= now.timestamp():
        nine += timedelta(days=1)
    return nine.astimezone(now.tzinfo)

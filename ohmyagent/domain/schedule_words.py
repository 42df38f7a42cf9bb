"""A schedule in words, in Korean and English: the one table that page, mail and command say it from."""

from dataclasses import dataclass

from ohmyagent.domain.schedule_shapes import (
    At,
    Daily,
    Days,
    EveryHours,
    EveryMinutes,
    LastBusinessDay,
    Monthly,
    Nth,
    Times,
    Weekly,
    Yearly,
    shape,
)
from ohmyagent.domain.schedules import OnHoliday, Schedule

NOON = 720
WEEK = tuple(range(1, 8))
WORKDAYS, WEEKEND = (1, 2, 3, 4, 5), (6, 7)
KOREAN_WEEKDAYS = dict(zip(WEEK, "월화수목금토일", strict=True))
WEEKDAYS = dict(zip(WEEK, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True))
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip
KOREAN_NTH = ("마지막", "첫째", "둘째", "셋째", "넷째", "다섯째")
NTH = ("last", "first", "second", "third", "fourth", "fifth")


@dataclass(frozen=True)
class Words:
    """The same in both languages."""

    ko: str
    en: str


def words(schedule: Schedule) -> Words:
    """Such as `평일 오전 9시 (KST), 공휴일 제외` and `every weekday at 9:00 AM KST, except Korean public holidays`."""
    zone = zone_name(schedule.timezone)
    found = shape(schedule)
    said = Words(f"{_korean(*found)} ({zone})", _english(*found, zone)) if found else _raw(schedule, zone)
    return _without_holidays(said) if leaves_out_holidays(schedule) else said


def _raw(schedule: Schedule, zone: str) -> Words:
    ko, en = f"cron 식 {schedule.cron} ({zone})", f"by the cron expression {schedule.cron} ({zone})"
    if schedule.last_business_day:
        return Words(f"{ko}, 그 달의 마지막 영업일에만", f"{en}, only on the month's last business day")
    return Words(ko, en)


def leaves_out_holidays(schedule: Schedule) -> bool:
    return schedule.calendar is not None and (schedule.last_business_day or schedule.on_holiday is OnHoliday.SKIP)


def _without_holidays(said: Words) -> Words:
    return Words(f"{said.ko}, 공휴일 제외", f"{said.en}, except Korean public holidays")


def zone_name(zone: str) -> str:
    """KST as Koreans know it, every other zone by its IANA name."""
    return "KST" if zone == "Asia/Seoul" else zone


def korean_time(minute_of_day: int) -> str:
    """`오전 9시`, `오후 6시 30분`, `자정`, `정오`."""
    if minute_of_day % NOON == 0:
        return "자정" if minute_of_day == 0 else "정오"
    hour, minute = divmod(minute_of_day, 60)
    said = f"{'오전' if hour < 12 else '오후'} {hour % 12 or 12}시"
    return f"{said} {minute}분" if minute else said


def english_time(minute_of_day: int) -> str:
    """`9:00 AM`, `midnight`, `noon`."""
    if minute_of_day % NOON == 0:
        return "midnight" if minute_of_day == 0 else "noon"
    hour, minute = divmod(minute_of_day, 60)
    return f"{hour % 12 or 12}:{minute:02} {'AM' if hour < 12 else 'PM'}"


def _korean(days: Days, times: Times) -> str:
    daily = isinstance(days, Daily) and not isinstance(times, At)
    return _korean_times(times) if daily else f"{_korean_days(days)} {_korean_times(times)}"


def _korean_days(days: Days) -> str:
    match days:
        case Daily():
            return "매일"
        case Weekly(weekdays):
            return {WORKDAYS: "평일", WEEKEND: "주말"}.get(weekdays) or f"매주 {_korean_weekdays(weekdays)}"
        case Monthly(numbers):
            return "매월 " + ", ".join(f"{day}일" if day else "말일" for day in numbers)
        case Nth(weekday, nth):
            return f"매월 {KOREAN_NTH[nth]} {KOREAN_WEEKDAYS[weekday]}요일"
        case LastBusinessDay():
            return "매월 마지막 영업일"
        case Yearly(month, day):
            return f"매년 {month}월 {day}일"


def _korean_weekdays(weekdays: tuple[int, ...]) -> str:
    return ", ".join(KOREAN_WEEKDAYS[day] for day in weekdays) + ("요일" if len(weekdays) == 1 else "")


def _korean_times(times: Times) -> str:
    match times:
        case At(minutes):
            return ", ".join(map(korean_time, minutes))
        case EveryMinutes(minutes):
            return f"{minutes}분마다"
        case EveryHours(hours, minute):
            return ("매시" if hours == 1 else f"{hours}시간마다") + (f" {minute}분" if minute else " 정각")


def _english(days: Days, times: Times, zone: str) -> str:
    at, on = _english_times(times), _english_days(days)
    if isinstance(times, At):
        return f"{on} {at} {zone}"
    match days:
        case Daily():
            return f"{at} ({zone})"
        case Weekly(weekdays):
            named = {WORKDAYS: "weekdays", WEEKEND: "weekends"}.get(weekdays)
            on = f"on {named or _listed([f'{WEEKDAYS[day]}s' for day in weekdays])}"
    return f"{at} {on} ({zone})"


def _english_days(days: Days) -> str:
    match days:
        case Daily():
            return "every day"
        case Weekly(weekdays):
            return f"every {'weekday' if weekdays == WORKDAYS else _listed([WEEKDAYS[day] for day in weekdays])}"
        case Monthly(numbers):
            return f"on the {_listed([_ordinal(day) if day else 'last day' for day in numbers])} of every month"
        case Nth(weekday, nth):
            return f"on the {NTH[nth]} {WEEKDAYS[weekday]} of every month"
        case LastBusinessDay():
            return "on the last business day of every month"
        case Yearly(month, day):
            return f"every year on {MONTHS[month - 1]} {day}"


def _english_times(times: Times) -> str:
    match times:
        case At(minutes):
            return f"at {_listed([english_time(minute) for minute in minutes])}"
        case EveryMinutes(minutes):
            return "every minute" if minutes == 1 else f"every {minutes} minutes"
        case EveryHours(hours, minute):
            every = "every hour" if hours == 1 else f"every {hours} hours"
            return f"{every} at {minute} past the hour" if minute else f"{every} on the hour"


def _ordinal(number: int) -> str:
    ending = "th" if 10 < number < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _listed(names: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))

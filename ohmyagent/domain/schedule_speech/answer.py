"""From what a sentence says to the schedule it means, or to the question it leaves open."""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from ohmyagent.domain.schedule_shapes import (
    At,
    Daily,
    Days,
    EveryHours,
    EveryMinutes,
    LastBusinessDay,
    Monthly,
    Times,
    Weekly,
    Yearly,
    expression,
)
from ohmyagent.domain.schedule_speech.clock import USUAL, is_night_midnight, meanings
from ohmyagent.domain.schedule_speech.pieces import Every, Period
from ohmyagent.domain.schedule_speech.questions import Asked, Question
from ohmyagent.domain.schedule_speech.sentence import Sentence, Unclear
from ohmyagent.domain.schedules import OnHoliday, Schedule

INTERVALS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720)
"""Minutes that divide an hour, or hours that divide a day: what a cron expression can keep up."""
WORKDAYS = Weekly((1, 2, 3, 4, 5))
LIKELY: dict[Period | None, tuple[Days, ...]] = {
    None: (Daily(), WORKDAYS),
    "week": (Weekly((1,)), Weekly((5,))),
    "month": (Monthly((1,)), LastBusinessDay()),
    "year": (Yearly(1, 1),),
}
USUAL_HOURS = (9, 18)
MOST_CHOICES = 4
SHORTEST_MONTH = 28


def answer(sentence: Sentence, zone: str) -> Schedule | Question:
    """Raises Unclear for what does not go together, and pydantic's ValidationError for days that do not exist."""
    zone = sentence.zone or zone
    meant = _Meant(zone, _leaves_out_holidays(sentence, zone))
    if sentence.every is not None:
        return _repeated(sentence, sentence.every, meant)
    return _at_times(sentence, meant)


@dataclass(frozen=True)
class _Meant:
    """What every schedule that a sentence may mean has in common."""

    zone: str
    without_holidays: bool

    def __call__(self, days: Days, times: Times) -> Schedule:
        last = isinstance(days, LastBusinessDay)
        skip = self.without_holidays and not last
        return Schedule(
            cron=expression(days, times),
            timezone=self.zone,
            calendar="KR" if self.without_holidays else None,
            on_holiday=OnHoliday.SKIP if skip else OnHoliday.RUN,
            last_business_day=last,
        )


def _leaves_out_holidays(sentence: Sentence, zone: str) -> bool:
    holidays = sentence.holidays
    if holidays is None or holidays.korean or zone == "Asia/Seoul":
        return holidays is not None
    if holidays.if_known:
        return False
    raise Unclear  # holidays of which country?


def _repeated(sentence: Sentence, every: Every, meant: _Meant) -> Schedule | Question:
    asked, days = _days(sentence)
    if sentence.clocks or sentence.part or (asked and (sentence.days or sentence.period)):
        raise Unclear
    if every.past:
        return meant(days[0], EveryHours(1, every.past))
    if every.minutes in INTERVALS:
        return meant(days[0], _interval(every.minutes))
    if not INTERVALS[0] < every.minutes < INTERVALS[-1]:
        raise Unclear
    above = bisect(INTERVALS, every.minutes)
    return Question(Asked.INTERVAL, tuple(meant(days[0], _interval(near)) for near in INTERVALS[above - 1 : above + 1]))


def _interval(minutes: int) -> Times:
    return EveryMinutes(minutes) if minutes < 60 else EveryHours(minutes // 60, 0)


def _at_times(sentence: Sentence, meant: _Meant) -> Schedule | Question:
    asked, days = _days(sentence)
    times = _times(sentence)
    if asked is None and not sentence.clocks:
        asked = Asked.TIME
    if asked is None and len(times) > 1:
        asked = Asked.HALF
    if asked is None and not isinstance(days[0], Daily) and any(map(is_night_midnight, sentence.clocks)):
        asked, days = Asked.MIDNIGHT, _this_or_next(days[0])
    if asked is None and isinstance(days[0], Monthly) and max(days[0].days) > SHORTEST_MONTH:
        asked, days = Asked.MONTH_END, (days[0], Monthly((0,)))
    choices = tuple(meant(on, At(at)) for on in days for at in times)
    return Question(asked, choices[:MOST_CHOICES]) if asked else choices[0]


def _days(sentence: Sentence) -> tuple[Asked | None, Sequence[Days]]:
    """The days that may be meant, and what is open about them."""
    days, period, needs = sentence.days, sentence.period, sentence.needs
    if days is None:
        return (Asked.DAY if period else Asked.RECURRENCE), LIKELY[period]
    if needs is not None and period is None:
        return Asked.RECURRENCE, (days,)
    if period != needs and not (period == "week" and isinstance(days, Weekly)):
        raise Unclear
    return None, (days,)


def _times(sentence: Sentence) -> list[tuple[int, ...]]:
    """The sets of minutes of the day that may be meant; one cron expression has one minute for all its hours."""
    if not sentence.clocks:
        return [(hour * 60,) for hour in (USUAL[sentence.part] if sentence.part else USUAL_HOURS)]
    if len({clock.minute for clock in sentence.clocks}) > 1:
        raise Unclear
    found = [tuple(sorted(set(times))) for times in product(*map(meanings, sentence.clocks))]
    if not found:
        raise Unclear
    return found


def _this_or_next(days: Days) -> Sequence[Days]:
    if isinstance(days, Weekly):
        return days, Weekly(tuple(sorted(day % 7 + 1 for day in days.weekdays)))
    return (days,)

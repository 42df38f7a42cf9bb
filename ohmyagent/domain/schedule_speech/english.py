"""Schedules as they are said in English."""

import re
from collections.abc import Sequence

from ohmyagent.domain.schedule_shapes import Daily, LastBusinessDay, Monthly, Nth, Weekly, Yearly
from ohmyagent.domain.schedule_speech.pieces import (
    Clock,
    Every,
    InZone,
    On,
    Part,
    Piece,
    Recurs,
    Rule,
    WithoutHolidays,
    WithoutWeekends,
    reading,
    rule,
)

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t|tember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_D = r"(?:mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:r|rs|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
_AND = r" ?(?:, and |,|&|/|and) ?"
_EVERY = r"(?:every|each) "
_NTH = {"last": 0, "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5,
        "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5}  # fmt: skip
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10, "twelve": 12}
_NUMBER = rf"\d{{1,4}}|{'|'.join(_NUMBERS)}"
_NO_HOLIDAYS = WithoutHolidays(korean=False, if_known=True)
_WORKDAYS, _WEEKEND = Weekly((1, 2, 3, 4, 5)), Weekly((6, 7))


def _number(said: str) -> int:
    return _NUMBERS[said] if said in _NUMBERS else int(said)


def _weekday(name: str) -> int:
    return _WEEK.index(name[:3]) + 1


def _weekdays(found: re.Match[str]) -> Sequence[Piece]:
    names = re.findall(_D, found[2])
    recurring = found[1] or "days" in found[2]
    return [On(Weekly(tuple(sorted({_weekday(name) for name in names}))), None if recurring else "week")]


def _span(found: re.Match[str]) -> Sequence[Piece]:
    first, last = _weekday(found[1]), _weekday(found[2])
    days = (*range(first, last + 1),) if first <= last else (*range(1, last + 1), *range(first, 8))
    return [On(Weekly(days) if len(days) < 7 else Daily())]


def _days(found: re.Match[str]) -> Sequence[Piece]:
    return [On(Monthly(tuple(sorted({int(day) for day in re.findall(r"\d+", found[0])}))), "month")]


def _nth(found: re.Match[str]) -> Sequence[Piece]:
    return [On(Nth(_weekday(found[2]), _NTH[found[1]]), "month")]


def _date(found: re.Match[str]) -> Sequence[Piece]:
    return [On(Yearly(_MONTHS.index(found[1][:3]) + 1, int(found[2])), "year")]


def _clock(found: re.Match[str]) -> Sequence[Piece]:
    part = f"{found[3]}m" if found[3] else None
    return [Clock(int(found[1]), int(found[2] or 0), exact=found[2] is not None and len(found[1]) == 2, part=part)]


def _hour(found: re.Match[str]) -> Sequence[Piece]:
    return [Clock(int(found[1]), exact=found[1].startswith("0"))]


RULES: Sequence[Rule] = (
    reading(
        r"(?:but |and )?(?:except|excluding|skip|skipping|without|not)(?: on| for)? "
        r"(korean )?(?:public |national )?holidays?\b",
        lambda found: [WithoutHolidays(korean=found[1] is not None)],
    ),
    rule(r"kst\b|(?:korea|korean|seoul) time\b", InZone("Asia/Seoul")),
    rule(r"utc\b|gmt\b", InZone("UTC")),
    reading(rf"{_EVERY}({_NUMBER}) ?(?:minutes?|mins?)\b", lambda found: [Every(_number(found[1]))]),
    reading(rf"{_EVERY}({_NUMBER}) ?(?:hours?|hrs?)\b(?: on the hour)?", lambda found: [Every(_number(found[1]) * 60)]),
    rule(rf"{_EVERY}minute\b", Every(1)),
    rule(rf"{_EVERY}half(?: an|-)? ?hour\b", Every(30)),
    reading(rf"{_EVERY}hour at (\d{{1,2}}) past(?: the hour)?\b", lambda found: [Every(60, int(found[1]))]),
    rule(rf"(?:{_EVERY}hour|hourly|once an hour)\b(?: on the hour)?", Every(60)),
    *(
        rule(rf"{_EVERY}{name}\b", On(Daily()), Part(name, after=True))
        for name in ("morning", "afternoon", "evening", "night")
    ),
    *(
        rule(rf"(?:in the |at )?{name}s?\b", Part(name, after=True))
        for name in ("morning", "afternoon", "evening", "night")
    ),
    rule(r"(?:but |and )?(?:except|excluding|skip|skipping|without|not)(?: on| for)? (?:the )?weekends?\b",
         WithoutWeekends()),
    rule(rf"(?:{_EVERY}(?:single )?day|everyday|daily|once a day)\b", On(Daily())),
    rule(rf"(?:{_EVERY}|on )?(?:weekdays?|workdays?)\b", On(_WORKDAYS)),
    rule(rf"(?:{_EVERY}|on )?(?:business|working) days?\b", On(_WORKDAYS), _NO_HOLIDAYS),
    rule(rf"(?:{_EVERY}|on )?weekends?\b", On(_WEEKEND)),
    rule(rf"(?:of )?(?:{_EVERY}|the )?month\b|monthly\b|once a month\b", Recurs("month")),
    rule(rf"(?:of )?{_EVERY}week\b|weekly\b|once a week\b", Recurs("week")),
    rule(rf"(?:of )?{_EVERY}year\b|yearly\b|annually\b|once a year\b", Recurs("year")),
    rule(r"last (?:business|working) day\b", On(LastBusinessDay(), "month"), _NO_HOLIDAYS),
    rule(r"last weekday\b", On(LastBusinessDay(), "month")),
    rule(r"last day\b", On(Monthly((0,)), "month")),
    rule(r"(?:first|1st)(?: day\b|(?= of (?:the|each|every) month\b))", On(Monthly((1,)), "month")),
    reading(rf"(?:every )?({'|'.join(_NTH)}) ({_D})\b", _nth),
    reading(rf"(?:{_EVERY})?({_D}) ?(?:to|through|-|–) ?({_D})\b", _span),
    reading(rf"({_EVERY})?({_D}s?\b(?:{_AND}(?:on )?{_D}s?\b)*)", _weekdays),
    reading(rf"({_MONTH}) (\d{{1,2}})(?:st|nd|rd|th)?\b", _date),
    reading(rf"\d{{1,2}}(?:st|nd|rd|th)(?:{_AND}(?:the )?\d{{1,2}}(?:st|nd|rd|th))*\b", _days),
    reading(r"(\d{1,2})(?::(\d{2}))? ?([ap])\.?m\b\.?", _clock),
    reading(r"(\d{1,2}):(\d{2})()(?![\d:])", _clock),
    reading(r"(\d{1,2})(?: o'?clock)?\b(?! ?(?:minutes?|mins?|hours?|hrs?|days?|weeks?|months?|times?)\b)", _hour),
    rule(r"noon\b", Clock(12, exact=True)),
    rule(r"midnight\b", Clock(12, part="night")),
    rule(r"(?:at|on|the|and|of|please|run|runs|it)\b"),
    rule(r"[ ,.()]+"),
)  # fmt: skip

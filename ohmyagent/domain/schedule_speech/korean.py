"""Schedules as they are said in Korean."""

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

_WEEK = "월화수목금토일"
_W = f"[{_WEEK}]"
_AND = r" ?(?:,|·|/|및|과|와|이랑|하고) ?"
_DAY = r"(?:요일|(?=마다)|(?![가-힣]))"
_RECURRING = r"(마다|(?=.{1,16}[시분반]마다))?"
"""Said of the days, or of the time on them: `월수금 10시마다`."""
_ONCE = r"(?:마다| ?간격(?:으로)?| ?에 한 ?번(?:씩)?)"
_NTH = {"마지막": 0, "첫": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "넷": 4, "네": 4, "다섯": 5}
_HOURS = {
    "열한": 11, "열두": 12, "한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8,
    "아홉": 9, "열": 10,
}  # fmt: skip
_HOUR = rf"\d{{1,2}}|{'|'.join(_HOURS)}"
_PARTS = {
    "오전": "am", "오후": "pm", "새벽": "dawn", "아침": "morning", "낮": "midday", "점심": "midday",
    "저녁": "evening", "밤": "night",
}  # fmt: skip


def _number(said: str) -> int:
    return _HOURS[said] if said in _HOURS else int(said)


def _weekdays(found: re.Match[str]) -> Sequence[Piece]:
    days = sorted({_WEEK.index(letter) + 1 for letter in found[1].replace("요일", "") if letter in _WEEK})
    return [On(Weekly(tuple(days)), None if found[2] is not None else "week")]


def _span(found: re.Match[str]) -> Sequence[Piece]:
    first, last = (_WEEK.index(found[at]) + 1 for at in (1, 2))
    days = (*range(first, last + 1),) if first <= last else (*range(1, last + 1), *range(first, 8))
    return [On(Weekly(days) if len(days) < 7 else Daily())]


def _days(found: re.Match[str]) -> Sequence[Piece]:
    return [On(Monthly(tuple(sorted({int(day) for day in re.findall(r"\d+", found[0])}))), "month")]


def _nth(found: re.Match[str]) -> Sequence[Piece]:
    return [On(Nth(_WEEK.index(found[2]) + 1, _NTH[found[1]]), "month")]


def _date(found: re.Match[str]) -> Sequence[Piece]:
    return [On(Yearly(int(found[1]), int(found[2])), "year")]


def _clock(found: re.Match[str]) -> Sequence[Piece]:
    minute = 30 if found[2] == "반" else int(found[2] or 0)
    return [Clock(_number(found[1]), minute, exact=found[1].startswith("0"))]


def _digits(found: re.Match[str]) -> Sequence[Piece]:
    return [Clock(int(found[1]), int(found[2]), exact=len(found[1]) == 2)]


def _latin(found: re.Match[str]) -> Sequence[Piece]:
    return [Clock(int(found[1]), int(found[2] or 0), part=f"{found[3]}m")]


RULES: Sequence[Rule] = (
    rule(
        r"(?:한국 ?)?(?:법정 ?)?공휴일(?:은|에는|엔|을|에)? ?(?:빼고|빼|제외하고|제외|말고|쉬고|건너뛰고)",
        WithoutHolidays(),
    ),
    rule(r"주말(?:은|에는|엔|을|에)? ?(?:빼고|빼|제외하고|제외|말고|쉬고|건너뛰고)", WithoutWeekends()),
    rule(r"(?:한국|서울) ?시간(?:으로)?|kst", InZone("Asia/Seoul")),
    rule(r"utc", InZone("UTC")),
    reading(rf"(?:매 ?)?(\d{{1,4}}) ?분{_ONCE}", lambda found: [Every(int(found[1]))]),
    reading(rf"(?:매 ?)?({_HOUR}) ?시간{_ONCE}(?: ?정각)?", lambda found: [Every(_number(found[1]) * 60)]),
    reading(r"매 ?시 ?(\d{1,2}) ?분(?:마다)?", lambda found: [Every(60, int(found[1]))]),
    rule(r"매 ?시간|매 ?시(?: ?정각)?|시간마다", Every(60)),
    rule(rf"반 ?시간{_ONCE}", Every(30)),
    rule(r"매 ?분", Every(1)),
    rule(r"매일(?: ?매일)?|날마다|하루(?:에)? ?(?:한|1) ?번", On(Daily())),
    rule(r"(?:매주 ?)?(?:평일|주중)(?:마다)?", On(Weekly((1, 2, 3, 4, 5)))),
    rule(r"(?:매주 ?)?주말(?:마다)?", On(Weekly((6, 7)))),
    rule(r"매 ?영업일|영업일마다", On(Weekly((1, 2, 3, 4, 5))), WithoutHolidays()),
    reading(rf"(?:매주 ?)?({_W})(?:요일)? ?(?:부터|~|-) ?({_W})(?:요일)?(?:까지)?", _span),
    rule(r"매주|주마다|(?:일주일|한 ?주)에 한 ?번", Recurs("week")),
    rule(r"(?:매월|매달|달마다|한 ?달에 한 ?번)", Recurs("month")),
    rule(r"매년|해마다|(?:일 ?년|한 ?해)에 한 ?번", Recurs("year")),
    rule(r"마지막 ?영업일", On(LastBusinessDay(), "month"), WithoutHolidays()),
    rule(r"마지막 ?평일", On(LastBusinessDay(), "month")),
    rule(r"말일|마지막 ?날", On(Monthly((0,)), "month")),
    reading(rf"(마지막|첫|둘|두|셋|세|넷|네|다섯)(?:째| ?번째)? ?({_W})요일", _nth),
    reading(
        rf"({_W}요일(?:{_AND}{_W}요일)*|{_W}(?: ?[,·/] ?{_W})+{_DAY}|(?!일일){_W}{{2,6}}{_DAY}){_RECURRING}", _weekdays
    ),
    reading(rf"(?<=매주 )({_W})(마다)?(?= )", _weekdays),
    reading(r"(\d{1,2})월 ?(\d{1,2})일", _date),
    reading(rf"\d{{1,2}}일?(?:{_AND}\d{{1,2}}일?)*(?<=일)(?!마다| ?에 한| ?간격|[가-힣]*번)", _days),
    *(rule(said, Part(name)) for said, name in _PARTS.items()),
    reading(r"(\d{1,2}):(\d{2})(?!\d)", _digits),
    reading(r"(\d{1,2})(?::(\d{2}))? ?([ap])\.?m\.?", _latin),
    reading(rf"({_HOUR}) ?시(?! ?간)(?: ?(반|\d{{1,2}}(?= ?분))(?: ?분)?)?(?: ?정각)?", _clock),
    rule(r"정오", Clock(12, exact=True)),
    rule(r"자정", Clock(12, part="night")),
    rule(r"(?:실행|알려|보내|돌려|해) ?(?:해 ?)?(?:줘|주세요|주십시오)?[.!]?$"),
    rule(r"(?:에는|에만|에|엔|마다|만|씩|과|와)(?= |,|$)"),
    rule(r"[ ,.()]+"),
)  # fmt: skip

"""Changes of a draft: another time, other days, mail, name, hosts, limits; anything else becomes an instruction."""

import re
from collections.abc import Generator
from dataclasses import replace

from ohmyagent.demo.conversation import Conversation, Step
from ohmyagent.demo.designing.drafts import ask_when, wanted_by_hand
from ohmyagent.demo.designing.smalltalk import small
from ohmyagent.demo.designing.speech import CARDS, Json, by_demo, into, read, spoken
from ohmyagent.demo.designing.wishes import email, hosts_in
from ohmyagent.demo.reply import Call
from ohmyagent.demo.story import Story
from ohmyagent.demo.words import said

_INTO = re.compile(r"(?<=[시분반일각])(?:으로|로)(?=[\s.!,]|$)")
_NOT_BUT = re.compile(r"^.*?\S+ ?(?:말고|대신에?|이? ?아니라) ?", re.S)
_INSTEAD_OF = re.compile(r" ?(?:instead of|rather than|not) .*$", re.I | re.S)
_CLOCK = re.compile(
    r"(?P<half>오전|오후|아침|저녁|밤|새벽|낮)? ?(?P<hour>\d{1,2})시(?: ?(?P<minute>\d{1,2})분| ?(?P<thirty>반))?"
)
_ENGLISH_CLOCK = re.compile(
    r"(?<![\d$.])(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))? ?(?P<half>am|pm|a\.m\.|p\.m\.|o'?clock)?(?![\d%])", re.I
)
_SAID = re.compile(r"^(?P<days>.*?) ?(?P<times>(?:오전|오후) .*|정오|자정|\S*마다.*|매시.*)$")
_WEEKDAY = re.compile(r"([월화수목금토일])(?:요일| ?[,·] ?(?=[월화수목금토일]))")
_NO_WEEKEND = re.compile(
    r"주말(?:은|에는|엔|에)? ?(?:빼|제외|말고|쉬(?!지)|안 |(?!쉬)[가-힣]{1,4}지 ?(?:말|마))|평일(?:에)?(?:만|로)"
    r"|(?:skip|not on|except|without|no) weekends?|weekdays only|only (?:on )?weekdays",
    re.I,
)
_EVERY_DAY = re.compile(r"주말(?:에)?도|매일(?:로|마다)?|every day|weekends too|also on weekends", re.I)
_NO_HOLIDAYS = re.compile(
    r"공휴일(?:은|엔|에는)? ?(?:빼|제외|말고|쉬)|(?:skip|not on|except|without|no) (?:korean |public )*holidays", re.I
)
_NAME = re.compile(
    r"이름(?:은|을)? ?['\"“‘]?(?P<ko>.+?)['\"”’]?(?:으로|로|이라고|라고) ?(?:바꿔|바꾸|해|하[고자]|지어|짓|변경)"
    r"|(?:call|name|rename) it (?:to )?['\"“]?(?P<en>[^'\"”.\n]+?)['\"”]?(?= and |[.,\n]|$)",
    re.I,
)
_TIMELY = re.compile(
    r"\d|매|마다|요일|평일|주말|시에|정오|자정|[한두세] ?번"
    r"|every|daily|weekly|monthly|hourly|day|noon|midnight|once|twice",
    re.I,
)
_WHOLE = re.compile(r"매주|매월|매달|\bevery\b|마다|\d+일|영업일|month", re.I)
_ENGLISH_DAY = re.compile(r"\b(mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.I)
_IN_KOREAN = {"mon": "월", "tues": "화", "wednes": "수", "thurs": "목", "fri": "금", "satur": "토", "sun": "일"}
_DOLLARS = re.compile(r"\$ ?(\d+(?:\.\d+)?)|(\d+(?:\.\d+)?) ?(?:달러|dollars?)", re.I)
_MONTHLY = re.compile(r"한 ?달|월 ?예산|매월|매달|(?<![가-힣\d])월 ?(?=\d|\$)|month", re.I)
_OFF = re.compile(r"일정(?:은|을)? ?(?:빼|없애|지워|삭제|꺼)|(?:no|remove the|without a) schedule", re.I)
_SAVE = re.compile(
    r"(?<![에로을를] )저장(?:을 )?(?:해|하[자고면]|할[게래]|부탁|좀|[.!~]|$)|(?:이|그)(?:걸|거|것|대|렇게)로? 저장"
    r"|켜 ?줘|활성화|시작해|스케줄 ?걸|예약해"
    r"|\b(?:save|activate|start|switch|turn) (?:it|this|that|on)\b|\bsave[.!]*$|go live",
    re.I,
)
_OFTEN = re.compile(
    r"(?:하루|일주일|한 ?주|한 ?달)에 ?\S+ ?번|격주|\S+ ?[일주]마다|가끔|때때로|이따금|[더덜] 자주"
    r"|\btwice a|\btimes a (?:day|week|month)"
    r"|\bevery other\b|\bsometimes\b|\b(?:more|less) often\b|now and then",
    re.I,
)
"""How often, in words that may be no schedule of ours: asked, and not put down as something to do."""
_LATER = re.compile(
    r"(?P<much>한|두|세|반|\d{1,2}) ?(?P<unit>시간|분)(?: ?(?P<half>반))?(?:만|쯤|정도)? ?"
    r"(?:더 )?(?:(?P<later>늦|미뤄|미루|뒤로|나중)|(?P<earlier>일찍|빨리|빠르|당겨|당기|앞당|앞으로))"
    r"|(?P<en_much>an?|half an|one|two|three|\d{1,2}) (?P<en_unit>hours?|minutes?|mins?) (?P<en>later|earlier|sooner)",
    re.I,
)
_MUCH = {"한": 1, "두": 2, "세": 3, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3}
_PARTS = ("morning", "아침"), ("afternoon", "오후"), ("evening", "저녁"), ("night", "밤")
CLICK = (
    "저장하고 켜는 것은 카드의 버튼으로만 됩니다. 초안 카드의 **저장** 또는 **저장하고 일정 켜기**를 눌러 주세요.",
    "Only the buttons on the card save it and switch it on. "
    "Please press **Save** or **Save and switch the schedule on** there.",
)


def change(c: Conversation, present: Json) -> Story:
    if (answer := small(c)) is not None:
        return (yield from answer)
    if _SAVE.search(c.said) and len(c.said) < 40:
        return by_demo(c, said(CLICK, c.korean))
    fields, heard = yield from _changes(c, present)
    if "open" in heard:
        if fields:
            yield Call("change_draft", fields)
        yield from ask_when(c, heard["open"])
        return ""
    if not fields:
        fields = {"final_prompt": f"{present['finalPrompt']}\n- {c.said.strip()}"}
    step = yield Call("change_draft", fields, "초안을 고치겠습니다." if c.korean else "I will change the draft.")
    if step.failed:
        return by_demo(c, f"그렇게는 바꿀 수 없습니다: {step.output}" if c.korean else f"That cannot be: {step.output}")
    if {"schedule", "no_schedule", "limits"} & fields.keys():
        yield Call("estimate_price", {})
    yield Call("propose_rehearsal", {})
    return by_demo(c, f"{_summary(c, fields, heard)} {said(CARDS, c.korean)}")


def _changes(c: Conversation, present: Json) -> Generator[Call, Step, tuple[Json, Json]]:
    """What to change, and the schedule as it was read back (or `open`, what it leaves open)."""
    fields: Json = {}
    if mail := email(c.said):
        fields["email"] = mail
    if found := _NAME.search(c.said):
        fields["name"] = (found["ko"] or found["en"]).strip()[:80]
    if new := [host for host in hosts_in(c.said) if host not in present["network"]["allow"]]:
        fields["hosts"] = [*present["network"]["allow"], *new]
        fields["tools"] = list(dict.fromkeys([*present["tools"], "WebFetch"]))
    if dollars := _DOLLARS.search(c.said):
        limit = "monthly_cost_usd" if _MONTHLY.search(c.said) else "max_cost_usd"
        return fields | {"limits": {limit: float(dollars[1] or dollars[2])}}, {}
    if _OFF.search(c.said) or wanted_by_hand(c.said):
        return fields | {"no_schedule": True}, {}
    heard = yield from _heard(replace(c, said=_NAME.sub("", c.said)), present)
    if heard.get("schedule") and not heard.get("tooFrequent"):
        return fields | {"schedule": heard["schedule"]}, heard
    return fields, {"open": heard} if heard.get("question") or heard.get("tooFrequent") else {}


def _heard(c: Conversation, present: Json) -> Generator[Call, Step, Json]:
    """The schedule that was meant: the present one with what was said of it put in place, or one said as a whole."""
    moved = _moved(c.said, present.get("scheduleText"))
    if moved is not None:
        return read((yield Call("propose_schedule", {"text": moved})))
    if not _TIMELY.search(c.said) and not _OFTEN.search(c.said):
        return {}
    heard = read((yield Call("propose_schedule", {"text": _INTO.sub("", _NOT_BUT.sub("", c.said))})))
    return (
        {"question": True}
        if heard.get("understood") is False and "question" not in heard and _OFTEN.search(c.said)
        else heard
    )


def _moved(text: str, before: Json | None) -> str | None:
    """The present schedule in words with other days, another time, or without holidays; None for none of these."""
    old = spoken(before, korean=True) if before else ""
    holidays = "공휴일 빼고 " if old.startswith("공휴일 빼고 ") else ""
    parts = _SAID.match(old.removeprefix("공휴일 빼고 "))
    if parts is None:
        return None
    days, times = parts["days"] or "매일", parts["times"]
    new_days, new_times = _days(text), _times(text, times)
    if _NO_HOLIDAYS.search(text):
        holidays = "공휴일 빼고 "
    elif new_days is None and new_times is None:
        return None
    if new_days is None and new_times is not None and _WHOLE.search(text):
        return None  # said as a whole
    return f"{holidays}{new_days or days} {new_times or times}"


def _days(text: str) -> str | None:
    if _NO_WEEKEND.search(text):
        return "평일"
    if _EVERY_DAY.search(_NOT_BUT.sub("", text)):
        return "매일"
    if re.search(r"첫|둘째|셋째|넷째|다섯째|마지막", text):
        return None
    korean = _WEEKDAY.findall(_NOT_BUT.sub("", text))
    english = [_IN_KOREAN[day.lower()] for day in _ENGLISH_DAY.findall(_INSTEAD_OF.sub("", text))]
    days = dict.fromkeys([*korean, *english])
    return "매주 " + ", ".join(f"{day}요일" for day in days) if days else None


def _times(text: str, before: str) -> str | None:
    """Another time of day; without a half of the day it is in the same one as before."""
    if later := _LATER.search(text):
        return _shifted(later, before)
    if re.search("[가-힣]", text):
        found = list(_CLOCK.finditer(_NOT_BUT.sub("", text)))
        half = found[-1]["half"] if found else None
    else:
        found = [one for one in _ENGLISH_CLOCK.finditer(_INSTEAD_OF.sub("", text)) if "$" not in text]
        half = {"a": "오전", "p": "오후"}.get((found[-1]["half"] or "")[:1].lower()) if found else None
        half = half or next((korean for english, korean in _PARTS if english in text.lower()), None)
    if not found or not re.match("오전|오후|정오|자정", before):
        return None
    clock = found[-1].groupdict()
    minute = "30" if clock.get("thirty") else clock["minute"]
    hour = int(clock["hour"])
    same = "오후" if before.startswith(("오후", "정오")) else "오전"
    part = half or (same if 0 < hour < 12 else "")
    said_so = f"{part} {hour}시".strip()
    return f"{said_so} {int(minute)}분" if minute and int(minute) else said_so


def _shifted(by: re.Match[str], before: str) -> str | None:
    """The one time of day so much later or earlier, if it stays in the day."""
    old = re.fullmatch(r"(?:(?P<half>오전|오후) (?P<hour>\d+)시(?: (?P<minute>\d+)분)?|(?P<noon>정오))", before)
    if old is None:
        return None
    hour = 12 if old["noon"] else int(old["hour"]) % 12 + 12 * (old["half"] == "오후")
    minutes = hour * 60 + int(old["minute"] or 0) + _minutes(by)
    return f"{minutes // 60:02}:{minutes % 60:02}" if 0 <= minutes < 24 * 60 else None


def _minutes(by: re.Match[str]) -> int:
    much, unit = (by["much"] or by["en_much"]).lower(), by["unit"] or by["en_unit"]
    hours = unit == "시간" or unit.lower().startswith("hour")
    if much in ("반", "half an"):
        size = 30
    else:
        size = int(_MUCH.get(much, much)) * (60 if hours else 1) + (30 if by["half"] else 0)
    return size if by["later"] or by["en"] == "later" else -size


def _summary(c: Conversation, fields: Json, heard: Json) -> str:
    if heard.get("text"):
        when = spoken(heard["text"], c.korean)
        return f"일정을 **{when}**{into(when)} 바꿨습니다." if c.korean else f"It now runs **{when}**."
    names = {
        "email": ("메일", "mail"), "name": ("이름", "name"), "hosts": ("사이트", "sites"), "limits": ("한도", "limits"),
        "no_schedule": ("일정", "schedule"), "final_prompt": ("지시문", "instructions"),
    }  # fmt: skip
    changed = ", ".join(said(names[name], c.korean) for name in fields if name in names)
    return f"초안을 고쳤습니다({changed})." if c.korean else f"I changed the draft ({changed})."

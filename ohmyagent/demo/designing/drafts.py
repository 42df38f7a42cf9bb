"""The first draft of what a person wants; what they left open is asked for, never guessed."""

from collections.abc import Generator

from ohmyagent.demo.conversation import Conversation, Step
from ohmyagent.demo.designing.speech import CARDS, Json, by_demo, read, spoken
from ohmyagent.demo.designing.wishes import Wish, is_wish, wish
from ohmyagent.demo.reply import Call
from ohmyagent.demo.story import Story
from ohmyagent.demo.words import said

USUAL = (
    ("매일 오전 9시", "Every day at 9am"),
    ("평일 오전 9시", "Every weekday at 9am"),
    ("매주 월요일 오전 9시", "Every Monday at 9am"),
    ("일정 없이 필요할 때만", "No schedule, only when I start it"),
)
HOURLY = (("매시 정각", "Every hour"), *USUAL[:2])
EXAMPLES = (
    ("평일 오전 9시에 경쟁사 뉴스를 요약해 줘", "Every weekday at 9am summarise competitor news"),
    ("매주 월요일 오전 9시에 sales.csv를 요약해 줘", "Every Monday at 9am summarise sales.csv"),
    ("매일 오전 8시에 새 논문을 찾아 줘", "Every day at 8am find new papers"),
)


def draft(c: Conversation, present: Json) -> Story:
    """A draft of what was said, with its schedule, or the question that it leaves open."""
    heard = read((yield Call("propose_schedule", {"text": c.said})))
    wanted = wish(str(heard.get("rest", c.said)), c.korean)
    if not is_wish(wanted.task, c.korean):
        yield from ask(c, "무엇을 하는 에이전트를 만들까요?" if c.korean else "What should the agent do?", EXAMPLES)
        return ""
    schedule = heard.get("schedule") if not heard.get("tooFrequent") else None
    change = _fields(c, wanted) | ({"schedule": schedule} if schedule else {})
    yield Call("change_draft", change, by_demo(c, "말씀하신 대로 초안을 씁니다." if c.korean else "I will draft that."))
    if schedule is None and not wanted_by_hand(c.said):
        yield from ask_when(c, heard)
        return ""
    yield Call("estimate_price", {})
    yield Call("propose_rehearsal", {})
    return by_demo(c, f"{_summary(c, wanted, heard)} {said(CARDS, c.korean)}")


def wanted_by_hand(text: str) -> bool:
    return any(words in text.lower() for words in ("일정 없이", "필요할 때만", "직접 실행", "no schedule", "by hand"))


def ask_when(c: Conversation, heard: Json) -> Generator[Call, Step, None]:
    """What the words about time left open."""
    question = heard.get("question")
    if heard.get("tooFrequent"):
        text = ("그렇게 자주는 실행할 수 없습니다. 얼마나 자주 실행할까요?", "That is too often. How often then?")
        yield from ask(c, said(text, c.korean), HOURLY)
    elif isinstance(question, dict):
        said_so = [spoken(choice["text"], c.korean) for choice in question["choices"]]
        yield from ask(c, question["text"]["ko" if c.korean else "en"], [(one, one) for one in said_so])
    else:
        yield from ask(c, "언제 실행할까요?" if c.korean else "When should it run?", USUAL)


def ask(c: Conversation, question: str, choices: object) -> Generator[Call, Step, None]:
    options = [said(choice, c.korean) for choice in choices]  # type: ignore[attr-defined]
    labelled = [{"label": one[:80], "text": one} for one in dict.fromkeys(options)]
    saying = by_demo(c, "하나만 확인할게요." if c.korean else "One question first.")
    yield Call("ask", {"question": question, "options": labelled[:6]}, saying)


def _fields(c: Conversation, wanted: Wish) -> Json:
    return {
        "name": wanted.name,
        "description": wanted.task[:200],
        "final_prompt": _instructions(wanted, c.korean),
        "tools": list(wanted.tools),
        "hosts": list(wanted.hosts),
        "email": wanted.email or "on_failure",
    }


def _instructions(wanted: Wish, korean: bool) -> str:
    rules = (
        ("결과는 output/report.md 에 보고서로 저장합니다.", "읽지 못한 것이 있으면 지어내지 말고 그렇게 적습니다.")
        if korean
        else ("Save the result as a report in output/report.md.", "What could not be read is said so, not invented.")
    )
    return "\n".join([wanted.task, "", *(f"- {rule}" for rule in rules)])


def _summary(c: Conversation, wanted: Wish, heard: Json) -> str:
    when = spoken(heard.get("text", {}), c.korean) if heard.get("schedule") else ""
    if c.korean:
        return f"**{wanted.name}** 초안입니다. " + (f"실행하는 때: {when}." if when else "직접 실행할 때만 일합니다.")
    return f"This is a draft of **{wanted.name}**. " + (f"It runs {when}." if when else "It runs when you start it.")

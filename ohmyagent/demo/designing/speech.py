"""What tools answered, and how the demo speaks of it."""

import json
import re
from typing import Any

from ohmyagent.demo.conversation import Conversation, Step
from ohmyagent.demo.words import BY_DEMO, Said, said

Json = dict[str, Any]
_ZONE = re.compile(r" \([^()]*\)")
CARDS: Said = (
    "카드에서 고치거나 **시험 실행**해 보고, 마음에 들면 **저장**을 눌러 주세요. "
    "누르기 전에는 아무것도 실행되지 않습니다.",
    "Edit it on the card, **try it once**, and **save** it when you like it. Nothing runs before you click.",
)


def read(step: Step) -> Json:
    """The tool's answer; nothing for an error or anything that is no object."""
    try:
        found = json.loads(step.output)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and not step.failed else {}


def by_demo(c: Conversation, text: str) -> str:
    return f"{text} {said(BY_DEMO, c.korean)}"


def spoken(schedule: Json, korean: bool) -> str:
    """A schedule as a person may say it again, in their zone: `공휴일 빼고 평일 오전 9시`."""
    text = str(schedule.get("ko" if korean else "en", ""))
    if not korean:
        return text
    plain = _ZONE.sub("", text)
    without = plain.removesuffix(", 공휴일 제외")
    return plain if without == plain else f"공휴일 빼고 {without}"


def into(korean: str) -> str:
    """The particle after it: `으로` after a consonant other than ㄹ, else `로`."""
    final = (ord(korean[-1]) - ord("가")) % 28 if "가" <= korean[-1:] <= "힣" else 0
    return "로" if final in (0, 8) else "으로"

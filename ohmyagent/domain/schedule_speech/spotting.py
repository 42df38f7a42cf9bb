"""The words in a longer text that are a schedule: the rest of it is none of ours, whatever it says."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ohmyagent.domain.schedule_speech.questions import Question
from ohmyagent.domain.schedules import Schedule

MOST_WORDS = 80
LONGEST_PHRASE = 14
"""Words of one schedule."""
_WORD = re.compile(r"\S+")
_TAIL = re.compile(r"(?:[\s,.!]|(?<!\S)(?:and|at|on|of|the)$)+$", re.I)
"""What ends a sentence, or begins the next one, is no part of the schedule."""
_NUMBER = re.compile(r"\W*\d+\W*")
_WITHOUT = re.compile(
    r"(?:(?:한국 ?)?(?:법정 ?)?공휴일|주말)(?:은|에는|엔|을|에)? ?(?:빼고|빼|제외하고|제외|말고|쉬고|건너뛰고)"
    r"|(?:but |and )?(?:except|excluding|skip|skipping|without|not)(?: on| for)? "
    r"(?:(?:korean )?(?:public |national )?holidays?|(?:the )?weekends?)",
    re.I,
)

Hear = Callable[[str], Schedule | Question | None]


@dataclass(frozen=True)
class Spotted:
    """`phrase` as it was said; `rest` is the text without it."""

    phrase: str
    rest: str
    meant: Schedule | Question


def spotted(text: str, hear: Hear) -> Spotted | None:
    """The longest run of words that is a schedule, or else asks back; with days off that are named elsewhere."""
    words = list(_WORD.finditer(text))[:MOST_WORDS]
    found = _longest(text, words, hear)
    if found is None:
        return None
    begin, end, meant = found
    phrase, rest = text[begin:end], f"{text[:begin].rstrip()} {text[end:].lstrip()}".strip()
    without = _WITHOUT.search(rest)
    if without is not None:
        korean = re.search("[가-힣]", without[0]) is not None
        whole = f"{without[0]} {phrase}" if korean else f"{phrase} {without[0]}"
        both = hear(whole)
        if both is not None:
            return Spotted(whole, f"{rest[: without.start()]}{rest[without.end() :]}".strip(), both)
    return Spotted(phrase, rest, meant)


def _longest(text: str, words: list[re.Match[str]], hear: Hear) -> tuple[int, int, Schedule | Question] | None:
    for begin, end in _runs(words):
        phrase = _TAIL.sub("", text[begin:end])
        # a number alone may be anything
        meant = None if _NUMBER.fullmatch(phrase) else hear(phrase)
        if meant is not None:
            return begin, begin + len(phrase), meant
    return None


def _runs(words: list[re.Match[str]]) -> Iterator[tuple[int, int]]:
    """The longest first, of equal ones the earliest."""
    for length in range(min(LONGEST_PHRASE, len(words)), 0, -1):
        for first in range(len(words) - length + 1):
            yield words[first].start(), words[first + length - 1].end()

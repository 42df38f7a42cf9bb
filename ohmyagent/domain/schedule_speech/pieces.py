"""What a sentence about a schedule is made of, and how it is taken apart."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ohmyagent.domain.schedule_shapes import Days

Period = Literal["week", "month", "year"]


@dataclass(frozen=True)
class Recurs:
    """Every week, month or year; the days in it are said elsewhere in the sentence, or not at all."""

    period: Period


@dataclass(frozen=True)
class On:
    """Days.  `period`: what they recur in, which the sentence must say too; None when they say so themselves."""

    days: Days
    period: Period | None = None


@dataclass(frozen=True)
class Every:
    """An interval in minutes; `past`: so many minutes past each hour."""

    minutes: int
    past: int = 0


@dataclass(frozen=True)
class Part:
    """A part of the day, for the time that follows it or, with `after`, that it follows."""

    name: str
    after: bool = False


@dataclass(frozen=True)
class Clock:
    """A time of day as it was said; `exact`: by the 24-hour clock."""

    hour: int
    minute: int = 0
    exact: bool = False
    part: str | None = None


@dataclass(frozen=True)
class WithoutHolidays:
    """Not on public holidays.  `korean`: those of Korea for certain; `if_known`: business days, said without them."""

    korean: bool = True
    if_known: bool = False


@dataclass(frozen=True)
class WithoutWeekends:
    """Not on Saturdays and Sundays."""


@dataclass(frozen=True)
class InZone:
    """By the clocks of this IANA zone."""

    zone: str


Piece = Recurs | On | Every | Part | Clock | WithoutHolidays | WithoutWeekends | InZone
Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], Sequence[Piece]]]


def rule(pattern: str, *pieces: Piece) -> Rule:
    """A wording that always means the same."""
    return re.compile(pattern), lambda _: pieces


def reading(pattern: str, read: Callable[[re.Match[str]], Sequence[Piece]]) -> Rule:
    """A wording with something to read in it."""
    return re.compile(pattern), read


def taken_apart(sentence: str, rules: Sequence[Rule]) -> list[Piece] | None:
    """The pieces in their order, by the first rule that fits at each place; None if any letter is left over."""
    pieces: list[Piece] = []
    at = 0
    while at < len(sentence):
        fits = ((found, read) for pattern, read in rules if (found := pattern.match(sentence, at)) and found.end() > at)
        found, read = next(fits, (None, None))
        if found is None or read is None:
            return None
        pieces += read(found)
        at = found.end()
    return pieces

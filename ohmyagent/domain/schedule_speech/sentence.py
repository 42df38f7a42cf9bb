"""What a sentence says as a whole, once its pieces are put together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from ohmyagent.domain.schedule_shapes import Daily, Days, Weekly
from ohmyagent.domain.schedule_speech.clock import PARTS, meanings
from ohmyagent.domain.schedule_speech.pieces import (
    Clock,
    Every,
    InZone,
    On,
    Part,
    Period,
    Piece,
    Recurs,
    WithoutHolidays,
    WithoutWeekends,
)

P = TypeVar("P", bound=Piece)
WORKDAYS = (1, 2, 3, 4, 5)


class Unclear(Exception):
    """The pieces do not go together."""


@dataclass(frozen=True)
class Sentence:
    """`clocks` know their part of the day; `part` is one that was said without a time."""

    days: Days | None
    period: Period | None
    """Said, as in every week."""
    needs: Period | None
    """The period that the days recur in, if they do not say so themselves."""
    every: Every | None
    clocks: tuple[Clock, ...]
    part: str | None
    holidays: WithoutHolidays | None
    zone: str | None


def understood(pieces: Sequence[Piece]) -> Sentence:
    """Raises Unclear when a thing is said twice in different words."""
    on, recurs, zone = _on(pieces), _one(pieces, Recurs), _one(pieces, InZone)
    holidays = [piece for piece in pieces if isinstance(piece, WithoutHolidays)]
    clocks, part = _clocks(pieces)
    return Sentence(
        days=on.days if on else None,
        period=recurs.period if recurs else None,
        needs=on.period if on else None,
        every=_one(pieces, Every),
        clocks=clocks,
        part=part,
        holidays=min(holidays, key=lambda piece: piece.if_known, default=None),
        zone=zone.zone if zone else None,
    )


def _on(pieces: Sequence[Piece]) -> On | None:
    """The days; leaving out weekends makes workdays of every day, and goes with no days of a month."""
    on = _one(pieces, On)
    if _one(pieces, WithoutWeekends) is None:
        return on
    match on.days if on else Daily():
        case Daily():
            return On(Weekly(WORKDAYS))
        case Weekly(weekdays) if kept := tuple(day for day in weekdays if day in WORKDAYS):
            return replace(on, days=Weekly(kept)) if on else None
    raise Unclear


def _one(pieces: Sequence[Piece], kind: type[P]) -> P | None:
    found = {piece for piece in pieces if isinstance(piece, kind)}
    if len(found) > 1:
        raise Unclear
    return next(iter(found), None)


def _clocks(pieces: Sequence[Piece]) -> tuple[tuple[Clock, ...], str | None]:
    """The times with their parts of the day, and a part that no time took."""
    clocks: list[Clock] = []
    waiting: str | None = None
    for piece in pieces:
        if isinstance(piece, Clock):
            clocks.append(_in_part(piece, waiting))
            waiting = None
        elif isinstance(piece, Part) and piece.after and clocks:
            clocks[-1] = _in_part(clocks[-1], piece.name)
        elif isinstance(piece, Part):
            if waiting is not None:
                raise Unclear
            waiting = piece.name
    if waiting is not None and clocks:
        raise Unclear
    return tuple(clocks), waiting


def _in_part(clock: Clock, part: str | None) -> Clock:
    """A time that brings its own part of the day must mean the same in the other."""
    if part is None or clock.part is None:
        return replace(clock, part=part or clock.part)
    meant = meanings(clock)
    if not meant or meant[0] // 60 not in PARTS[part].values():
        raise Unclear
    return clock

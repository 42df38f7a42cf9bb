"""The dead man's switch: the tick leaves a mark, and whoever answers /health sees when it has stopped."""

from datetime import datetime, timedelta

from ohmyagent import records
from ohmyagent.domain.schedules import Pulse
from ohmyagent.ports import Store

MARK_EVERY = timedelta(seconds=30)
STALE = timedelta(seconds=150)
"""Two minutes of the slowest tick, and half a minute for the mark to be late."""
TICK = "tick"


def mark(store: Store, now: datetime) -> None:
    """The tick has come through; written at most every half minute."""
    found = records.pulses.find(store, TICK)
    if found is None or abs(now - found.at) >= MARK_EVERY:
        records.pulses.put(store, TICK, Pulse(at=now))


def last(store: Store) -> datetime | None:
    """When the tick last came through, half a minute more or less; None if it never did."""
    found = records.pulses.find(store, TICK)
    return None if found is None else found.at


def silence(store: Store, now: datetime) -> timedelta | None:
    """How long the tick has been silent, when that is too long; a platform that never ticked is only starting."""
    found = records.pulses.find(store, TICK)
    return now - found.at if found is not None and is_silent(found, now) else None


def is_silent(found: Pulse, now: datetime) -> bool:
    return now - found.at > STALE

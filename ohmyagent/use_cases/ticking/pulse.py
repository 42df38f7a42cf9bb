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
    last = records.pulses.find(store, TICK)
    if last is None or abs(now - last.at) >= MARK_EVERY:
        records.pulses.put(store, TICK, Pulse(at=now))


def silence(store: Store, now: datetime) -> timedelta | None:
    """How long the tick has been silent, when that is too long; a platform that never ticked is only starting."""
    last = records.pulses.find(store, TICK)
    return now - last.at if last is not None and now - last.at > STALE else None

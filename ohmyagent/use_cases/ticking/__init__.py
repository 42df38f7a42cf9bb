"""Due instants: each becomes a document, once, whatever happens to the tick, the schedule or the agent."""

from ohmyagent.use_cases.ticking.calendars import Entry, calendar
from ohmyagent.use_cases.ticking.changes import left_behind
from ohmyagent.use_cases.ticking.pulse import TICK, is_silent, last, mark, silence
from ohmyagent.use_cases.ticking.ticks import Clock, Ticked, tick

__all__ = [
    "TICK",
    "Clock",
    "Entry",
    "Ticked",
    "calendar",
    "is_silent",
    "last",
    "left_behind",
    "mark",
    "silence",
    "tick",
]

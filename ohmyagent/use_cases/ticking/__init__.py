"""Due instants: each becomes a document, once, whatever happens to the tick, the schedule or the agent."""

from ohmyagent.use_cases.ticking.calendars import Entry, calendar
from ohmyagent.use_cases.ticking.changes import left_behind
from ohmyagent.use_cases.ticking.pulse import mark, silence
from ohmyagent.use_cases.ticking.ticks import Clock, Ticked, tick

__all__ = ["Clock", "Entry", "Ticked", "calendar", "left_behind", "mark", "silence", "tick"]

"""Conversations: a turn from the message to a named end, and what everybody may read of it."""

from ohmyagent.use_cases.talking.ends import end, release, stop
from ohmyagent.use_cases.talking.events import Line, Log, append, last_seq, log
from ohmyagent.use_cases.talking.history import Message, history, messages, told
from ohmyagent.use_cases.talking.pieces import (
    Answerer,
    Card,
    Delta,
    Ended,
    PartEnd,
    Piece,
    Saved,
    Status,
    Tool,
    TurnContext,
)
from ohmyagent.use_cases.talking.reading import delete, erase_deleted, find, page, shown
from ohmyagent.use_cases.talking.turns import Begun, Held, begin, expired, keep, renew, renew_all, take_over

__all__ = [
    "Answerer", "Begun", "Card", "Delta", "Ended", "Held", "Line", "Log", "Message", "PartEnd", "Piece", "Saved", 
    "Status", "Tool", "TurnContext", "append", "begin", "delete", "end", "erase_deleted", "expired", "find", "history",
    "keep", "last_seq", "log", "messages", "page", "release", "renew", "renew_all", "shown", "stop",
    "take_over", "told",
]  # fmt: skip

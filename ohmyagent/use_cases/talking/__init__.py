"""Conversations: a turn from the message to a named end, and what everybody may read of it."""

from ohmyagent.use_cases.talking.beginnings import Begun, begin
from ohmyagent.use_cases.talking.ends import end, release, stop
from ohmyagent.use_cases.talking.events import Line, Log, append, last_seq, log
from ohmyagent.use_cases.talking.history import Message, messages, told
from ohmyagent.use_cases.talking.memory import Recent, recent
from ohmyagent.use_cases.talking.pieces import (
    Answerer,
    Card,
    Delta,
    Ended,
    Notice,
    PartEnd,
    Piece,
    Saved,
    Status,
    Tool,
    TurnContext,
)
from ohmyagent.use_cases.talking.reading import delete, erase_deleted, find, page, shown
from ohmyagent.use_cases.talking.turns import Held, expired, keep, renew, renew_all, take_over

__all__ = [
    "Answerer", "Begun", "Card", "Delta", "Ended", "Held", "Line", "Log", "Message", "Notice", "PartEnd", "Piece",
    "Recent", "Saved", "Status", "Tool", "TurnContext", "append", "begin", "delete", "end", "erase_deleted", "expired",
    "find", "keep", "last_seq", "log", "messages", "page", "recent", "release", "renew", "renew_all", "shown", "stop",
    "take_over", "told",
]  # fmt: skip

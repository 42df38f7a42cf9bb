"""What kind of result a run left: told by the agent itself, or inferred from its words and marked as that."""

import re
from enum import StrEnum
from typing import Any


class ResultKind(StrEnum):
    DONE = "done"
    PARTIAL = "partial"
    NOTHING_NEW = "nothing_new"
    BLOCKED = "blocked"


class ResultKindSource(StrEnum):
    """`structured`: the agent said so in the form it was asked for; `inferred`: read from its words."""

    STRUCTURED = "structured"
    INFERRED = "inferred"


NOTHING_NEW = re.compile(
    r"\W*(there (is|was) |i found )?(nothing (is |was )?new|no (news|new \w+|changes?))\b"
    r"|\W*(새로운|새|바뀐|변경된|달라진)[^.\n]{0,20}(없습니다|없음|없었습니다|없어요)",
    re.I,
)
LONGEST_NOTHING = 300
"""A longer text says something, however it begins."""


def kind_of(structured: Any, text: str) -> tuple[ResultKind, ResultKindSource]:
    """The kind of a result that counts as success.  Nothing but `nothing_new` is inferred beside `done`."""
    told = structured.get("kind") if isinstance(structured, dict) else None
    if told in tuple(ResultKind):
        return ResultKind(told), ResultKindSource.STRUCTURED
    quiet = len(text) <= LONGEST_NOTHING and NOTHING_NEW.match(text) is not None
    return (ResultKind.NOTHING_NEW if quiet else ResultKind.DONE), ResultKindSource.INFERRED

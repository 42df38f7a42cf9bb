"""A conversation within the model's window: what is too much is dropped from its beginning, turn by turn."""

import json
from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]
BYTES_PER_TOKEN = 3
"""On average of Korean and English; the API has the last word, and then half is dropped."""


def turns(messages: Sequence[Json]) -> list[list[Json]]:
    """The messages by turn: each begins with what the user said, and holds all steps of its answer."""
    found: list[list[Json]] = []
    for message in messages:
        if not found or _said(message):
            found.append([])
        found[-1].append(message)
    return found


def _said(message: Json) -> bool:
    """Whether it is the user's own, not the answers of tools."""
    if message["role"] != "user":
        return False
    content = message["content"]
    return isinstance(content, str) or not any(block.get("type") == "tool_result" for block in content)


def fitted(messages: Sequence[Json], tokens: int) -> tuple[list[Json], int]:
    """All of it, or when that is too much the last turns in half the room, and how many turns were left out.

    The newest turn stays in any case.  Half, so that the next step begins where this one does.
    """
    room = tokens * BYTES_PER_TOKEN
    if _size(messages) <= room:
        return list(messages), 0
    found = turns(messages)
    kept, left = list(found[-1]), len(found) - 1
    for turn in reversed(found[:-1]):
        if _size([*turn, *kept]) > room // 2:
            break
        kept, left = [*turn, *kept], left - 1
    return kept, left


def _size(messages: Sequence[Json]) -> int:
    return sum(len(json.dumps(message, ensure_ascii=False).encode()) for message in messages)

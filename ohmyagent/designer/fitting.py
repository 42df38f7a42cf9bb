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
    """The last turns that fit, the newest one in any case, and how many messages were left out."""
    kept: list[Json] = []
    room = tokens * BYTES_PER_TOKEN
    for turn in reversed(turns(messages)):
        size = sum(len(json.dumps(message, ensure_ascii=False).encode()) for message in turn)
        if kept and size > room:
            break
        room -= size
        kept = [*turn, *kept]
    return kept, len(messages) - len(kept)

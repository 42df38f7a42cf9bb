"""What the model of a conversation is reminded of: its last turns, read from the end and no further than they fit."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ohmyagent import records
from ohmyagent.domain.conversations import ChatBatch, Conversation
from ohmyagent.ports import Store

Json = dict[str, Any]

MOST_BYTES = 360_000
"""Three fifths of a window of 200,000 tokens, at three bytes each; a model with a smaller one drops more by itself."""
MOST_TURNS = 60
PAGE = 25
"""Batches read at once; a turn has a handful."""


@dataclass(frozen=True)
class Recent:
    """The last turns as messages of the Messages API, and how many turns before them are left out.

    `told`: whether a notice in the conversation says that those are.
    """

    messages: tuple[Json, ...] = ()
    left_out: int = 0
    told: bool = True


def recent(
    store: Store, conversation: Conversation, *, most_bytes: int = MOST_BYTES, most_turns: int = MOST_TURNS
) -> Recent:
    """What fits; the newest turn in any case.

    Once too much, half of it is left out, so that the next turns begin where this one does: what stays the same at the
    beginning is remembered by the provider, and one notice is enough.  Tool calls of earlier turns that were never
    answered (a stop, an error) are answered as interrupted: the API takes no call without an answer.
    """
    turns, told = _read_back(store, conversation, most_bytes, most_turns)
    if _size(turns) > most_bytes or len(turns) > most_turns:
        turns = _half(turns, most_bytes // 2, most_turns // 2)
    left_out = max(0, conversation.turns - len(turns))
    return Recent(_joined(turns), left_out, told == left_out)


def _read_back(
    store: Store, conversation: Conversation, most_bytes: int, most_turns: int
) -> tuple[list[list[str]], int]:
    """The turns from the newest to the last one that is left out already or too much; what the newest notice says."""
    turns: list[list[str]] = []
    unfinished: list[str] = []
    size = told = 0
    for batch in _backwards(store, conversation.id):
        told = told or _noticed(batch)
        if batch.messages is None:
            continue
        unfinished.append(batch.messages)
        size += len(batch.messages.encode())
        if _begins(batch):
            turns.append(unfinished[::-1])
            unfinished = []
            left = conversation.turns - len(turns)
            if left <= told or size > most_bytes or len(turns) > most_turns:
                break
    return turns, told


def _backwards(store: Store, conversation_id: str) -> Iterator[ChatBatch]:
    cursor: str | None = None
    while True:
        page, cursor = records.chat_batches(conversation_id).page(store, newest="lastSeq", limit=PAGE, after=cursor)
        yield from page
        if cursor is None:
            return


def _begins(batch: ChatBatch) -> bool:
    # quotes of what people say are escaped in a line, so that this stands nowhere else
    return any('"type":"turn_started"' in line for line in batch.lines)


def _noticed(batch: ChatBatch) -> int:
    """How many turns a notice in it says are left out."""
    found = [json.loads(line) for line in batch.lines if '"type":"notice"' in line]
    return max((int(event.get("leftOut", 0)) for event in found), default=0)


def _half(turns: Sequence[list[str]], most_bytes: int, most_turns: int) -> list[list[str]]:
    kept = list(turns[:1])
    for turn in turns[1 : max(1, most_turns)]:
        if _size([*kept, turn]) > most_bytes:
            break
        kept.append(turn)
    return kept


def _size(turns: Sequence[list[str]]) -> int:
    return sum(len(messages.encode()) for turn in turns for messages in turn)


def _joined(turns: Sequence[list[str]]) -> tuple[Json, ...]:
    said: list[Json] = []
    for turn in reversed(turns):
        for messages in turn:
            for message in json.loads(messages):
                if said:
                    _answer_open_calls(said, message)
                said.append(message)
    return tuple(said)


def open_calls(message: Json) -> list[str]:
    """The ids of the tool calls in an assistant's message."""
    content = message["content"]
    if message["role"] != "assistant" or isinstance(content, str):
        return []
    return [block["id"] for block in content if block["type"] == "tool_use"]


def _answer_open_calls(said: list[Json], following: Json) -> None:
    """Make the message after tool calls answer all of them."""
    wanted = open_calls(said[-1])
    if not wanted:
        return
    content = following["content"] if isinstance(following["content"], list) else []
    answered = {block.get("tool_use_id") for block in content if block["type"] == "tool_result"}
    missing = [id for id in wanted if id not in answered]
    if not missing:
        return
    answers = [_interrupted(id) for id in missing]
    if following["role"] == "user" and answered:
        following["content"] = [*answers, *content]
    else:
        said.append({"role": "user", "content": answers})


def _interrupted(id: str) -> Json:
    return {"type": "tool_result", "tool_use_id": id, "is_error": True, "content": "interrupted"}

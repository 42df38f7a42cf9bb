"""The events of a conversation: numbered when they are kept, each seq once, whoever writes."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ohmyagent import records
from ohmyagent.domain.conversations import ChatBatch
from ohmyagent.domain.errors import AlreadyExists, Contention
from ohmyagent.domain.record import rfc3339
from ohmyagent.domain.text import new_id
from ohmyagent.ports import Store, Transaction, Where

Event = dict[str, Any]
Work = Callable[[Transaction], Callable[[ChatBatch], None] | None]
"""Reads and checks first; what it returns writes, in the same transaction as the batch."""

ATTEMPTS = 20
LARGEST_BATCH = 900_000
"""Bytes; a document of the store holds a mebibyte."""


@dataclass(frozen=True, slots=True)
class Line:
    """One kept event, as JSON."""

    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class Log:
    """Events after a seq; `more` says that another page is there."""

    lines: list[Line]
    last_seq: int
    more: bool


def encoded(conversation_id: str, event: Event) -> str:
    """An event as everybody gets it: one line of JSON that names its conversation."""
    return json.dumps({"conversationId": conversation_id, **event}, ensure_ascii=False, separators=(",", ":"))


def append(
    store: Store,
    conversation_id: str,
    events: Sequence[Event],
    *,
    now: datetime,
    turn: str | None = None,
    messages: Sequence[Event] = (),
    after: int | None = None,
    work: Work | None = None,
) -> ChatBatch:
    """Keep events under the next seqs, all or none; returns them numbered.  At least one event.

    `after` is the last seq as far as the caller knows; somebody else's events in between only cost another attempt.
    `messages` belong to the model's side of the turn.  What `work` raises passes through.
    """
    nonce = new_id("b")
    if after is None:
        after = last_seq(store, conversation_id)
    for _ in range(ATTEMPTS):
        batch = _numbered(conversation_id, events, after + 1, turn, messages, nonce, now)
        try:
            store.transact(lambda tx, batch=batch: _write(tx, conversation_id, batch, work))  # type: ignore[misc]
        except AlreadyExists:
            found = records.chat_batches(conversation_id).find(store, _name(after + 1))
            if found is not None and found.nonce == nonce:
                return found
            after = last_seq(store, conversation_id)
        else:
            return batch
    raise Contention()


def log(store: Store, conversation_id: str, after: int, limit: int = 20) -> Log:
    """Events with seq > after, from at most `limit` batches."""
    found, cursor = records.chat_batches(conversation_id).page(
        store, Where("lastSeq", ">", after), oldest="lastSeq", limit=limit
    )
    lines = [line for batch in found for line in lines_of(batch) if line.seq > after]
    return Log(lines, max([after, *(batch.last_seq for batch in found)]), cursor is not None)


def lines_of(batch: ChatBatch) -> list[Line]:
    return [Line(batch.from_seq + place, text) for place, text in enumerate(batch.lines)]


def batches(store: Store, conversation_id: str, after: int = 0) -> list[ChatBatch]:
    """Every batch that holds a seq > after, in order."""
    found: list[ChatBatch] = []
    cursor: str | None = None
    while True:
        page, cursor = records.chat_batches(conversation_id).page(
            store, Where("lastSeq", ">", after), oldest="lastSeq", limit=100, after=cursor
        )
        found += page
        if cursor is None:
            return found


def last_seq(store: Store, conversation_id: str) -> int:
    """The seq of the last event kept; 0 if there is none."""
    found, _ = records.chat_batches(conversation_id).page(store, newest="lastSeq", limit=1)
    return found[0].last_seq if found else 0


def _numbered(
    conversation_id: str,
    events: Sequence[Event],
    first: int,
    turn: str | None,
    messages: Sequence[Event],
    nonce: str,
    now: datetime,
) -> ChatBatch:
    time = rfc3339(now)
    lines = tuple(
        encoded(conversation_id, {"seq": first + place, "time": time, **event}) for place, event in enumerate(events)
    )
    said = json.dumps(list(messages), ensure_ascii=False, separators=(",", ":")) if messages else None
    return ChatBatch(
        from_seq=first, last_seq=first + len(lines) - 1, turn=turn, nonce=nonce, lines=lines, messages=said,
        created_at=now,
    )  # fmt: skip


def _write(tx: Transaction, conversation_id: str, batch: ChatBatch, work: Work | None) -> None:
    write = work(tx) if work else None
    records.chat_batches(conversation_id).create(tx, _name(batch.from_seq), batch)
    if write is not None:
        write(batch)


def _name(seq: int) -> str:
    return f"{seq:09d}"

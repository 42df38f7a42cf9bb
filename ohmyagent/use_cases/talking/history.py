"""A conversation as its owner reads it: messages, with what became of them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ohmyagent.domain.conversations import Conversation
from ohmyagent.ports import Store
from ohmyagent.use_cases.talking.events import batches

Json = dict[str, Any]


@dataclass
class Message:
    """One message as a person reads it.  `parts` are texts and cards in the order they came."""

    id: str
    turn: str
    role: str
    timestamp: str
    parts: list[Json] = field(default_factory=list)
    files: list[Json] = field(default_factory=list)
    token_usage: Json | None = None
    cost_micro_usd: int | None = None
    ended: Json | None = None

    @property
    def content(self) -> str:
        return "\n\n".join(part["text"] for part in self.parts if part["type"] == "text")


def messages(store: Store, conversation: Conversation) -> tuple[list[Message], int]:
    """What was said, oldest first, and the seq up to which."""
    found = batches(store, conversation.id)
    return told(json.loads(line) for batch in found for line in batch.lines), found[-1].last_seq if found else 0


def told(events: Iterable[Json]) -> list[Message]:
    """The messages that these events, from the beginning of a turn on, make up."""
    said: list[Message] = []
    for event in events:
        _tell(said, event)
    return said


def _tell(said: list[Message], event: Json) -> None:
    turn = event.get("turn", "")
    if event["type"] == "turn_started":
        asked = Message(event["messageId"], turn, "user", event["time"], files=event["files"])
        asked.parts.append({"type": "text", "text": event["text"]})
        said += [asked, Message(turn, turn, "assistant", event["time"])]
        return
    if not said:
        return
    answer = said[-1]
    match event["type"]:
        case "text":
            answer.parts.append({"type": "text", "part": event["part"], "text": event["text"]})
        case "part_reset":
            answer.parts = [part for part in answer.parts if part.get("part", -1) < event["part"]]
        case "card":
            _show_card(said, answer, event)
        case "usage":
            answer.token_usage, answer.cost_micro_usd = event["tokenUsage"], event["costMicroUsd"]
        case "notice":
            answer.parts = [part for part in answer.parts if part["type"] != "notice"]
            answer.parts.append({"type": "notice", "code": event["code"], "detail": event["detail"]})
        case "turn_ended":
            answer.ended = {name: event[name] for name in ("reason", "code", "detail") if name in event}


def _show_card(said: list[Message], answer: Message, event: Json) -> None:
    """The same card again stands where it stood."""
    card = {"type": "card", "card": event["card"], "kind": event["kind"], "data": event["data"]}
    for message in said:
        for place, part in enumerate(message.parts):
            if part.get("card") == event["card"]:
                message.parts[place] = card
                return
    answer.parts.append(card)

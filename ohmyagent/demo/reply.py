"""One turn of the demo model, as the Messages API tells it: whole, or as a stream of events."""

import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MODEL = "demo"
KIND_TOOL = "StructuredOutput"
"""The CLI's own tool, by which a run says what kind of result it leaves."""
BYTES_PER_TOKEN = 4
"""The demo has no tokenizer: it reports a quarter of the bytes, which is about right for English."""
_PIECES = re.compile(r"\S{1,24}\s*|\s+")


@dataclass(frozen=True)
class Call:
    """A tool to be used, with a sentence that says why."""

    tool: str
    input: dict[str, Any]
    saying: str = ""


@dataclass(frozen=True)
class Final:
    """The last words of a turn, and what kind of result they are."""

    text: str
    kind: str = "done"


@dataclass(frozen=True)
class Failure:
    """The turn ends with an error, as if the model had broken down."""

    text: str


Reply = Call | Final | Failure
Event = tuple[str, dict[str, Any]]


def tokens(data: bytes) -> int:
    return max(1, len(data) // BYTES_PER_TOKEN)


def message(reply: Call | Final, input_tokens: int, *, asked_for_kind: bool = False) -> dict[str, Any]:
    """The whole answer; last words tell their kind by the tool for it, if that was offered."""
    content = _content(reply)
    if isinstance(reply, Final) and asked_for_kind:
        content.append(_use(KIND_TOOL, {"kind": reply.kind}))
    return {
        "id": f"msg_demo_{secrets.token_hex(8)}", "type": "message", "role": "assistant", "model": MODEL,
        "content": content,
        "stop_reason": "tool_use" if content and content[-1]["type"] == "tool_use" else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": input_tokens, "output_tokens": tokens(json.dumps(content).encode())},
    }  # fmt: skip


def error(text: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": "api_error", "message": text}}


def events(whole: dict[str, Any]) -> Iterator[Event]:
    """The same answer as a stream."""
    usage = whole["usage"]
    start = whole | {"content": [], "stop_reason": None, "usage": usage | {"output_tokens": 1}}
    yield "message_start", {"message": start}
    for index, block in enumerate(whole["content"]):
        yield from _block(index, block)
    yield "message_delta", {"delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None}, "usage": usage}
    yield "message_stop", {}


def encoded(event: Event) -> bytes:
    kind, data = event
    return f"event: {kind}\ndata: {json.dumps({'type': kind} | data)}\n\n".encode()


def _content(reply: Call | Final) -> list[dict[str, Any]]:
    text = reply.saying if isinstance(reply, Call) else reply.text
    content: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    if isinstance(reply, Call):
        content.append(_use(reply.tool, reply.input))
    return content


def _use(tool: str, given: dict[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_demo_{secrets.token_hex(8)}", "name": tool, "input": given}


def _block(index: int, block: dict[str, Any]) -> Iterator[Event]:
    if block["type"] == "text":
        opened = {"type": "text", "text": ""}
        deltas = [{"type": "text_delta", "text": piece} for piece in _PIECES.findall(block["text"])]
    else:
        opened = block | {"input": {}}
        deltas = [{"type": "input_json_delta", "partial_json": json.dumps(block["input"])}]
    yield "content_block_start", {"index": index, "content_block": opened}
    for delta in deltas:
        yield "content_block_delta", {"index": index, "delta": delta}
    yield "content_block_stop", {"index": index}

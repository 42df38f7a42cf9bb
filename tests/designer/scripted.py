"""A model that does what a test tells it to, over the Messages API's stream."""

import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

Json = dict[str, Any]
Say = Callable[[Json], "Json | bytes"]
"""From the request to the answer's message, or to the bytes of a stream as they are."""


def text(said: str) -> Json:
    return {"type": "text", "text": said}


def use(name: str, given: Any, id: str | None = None) -> Json:
    return {"type": "tool_use", "id": id or f"toolu_{name}", "name": name, "input": given}


def message(*content: Json, stop: str | None = None) -> Json:
    ends = stop or ("tool_use" if any(block["type"] == "tool_use" for block in content) else "end_turn")
    return {"content": list(content), "stop_reason": ends}


def stream(answer: Json) -> bytes:
    """`_raw` in a tool's input is sent as it is, for input that is no JSON."""
    events: list[Json] = [{"type": "message_start", "message": {"content": []}}]
    for index, block in enumerate(answer["content"]):
        is_text = block["type"] == "text"
        opened = block | ({"text": ""} if is_text else {"input": {}})
        given = "" if is_text else block["input"].get("_raw", json.dumps(block["input"]))
        delta = {"type": "text_delta", "text": block["text"]} if is_text else _json(given)
        events += [
            {"type": "content_block_start", "index": index, "content_block": opened},
            {"type": "content_block_delta", "index": index, "delta": delta},
            {"type": "content_block_stop", "index": index},
        ]
    events.append({"type": "message_delta", "delta": {"stop_reason": answer["stop_reason"]}, "usage": {}})
    events.append({"type": "message_stop"})
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


def _json(text: str) -> Json:
    return {"type": "input_json_delta", "partial_json": text}


class Scripted:
    """Answers each request by `say`; `requests` keeps what was asked."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self.requests: list[Json] = []

    @classmethod
    def by(cls, *answers: Json) -> "Scripted":
        """These answers in order; the last one for ever."""
        left = list(answers)
        return cls(lambda _: left.pop(0) if len(left) > 1 else left[0])

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        body = b""
        while True:
            piece = await receive()
            body += piece.get("body", b"")
            if not piece.get("more_body"):
                break
        request = json.loads(body)
        self.requests.append(request)
        answer = self._say(request)
        status = answer.get("status", 200) if isinstance(answer, dict) else 200
        if isinstance(answer, dict):
            sent = json.dumps(answer["error"]).encode() if status != 200 else stream(answer)
        else:
            sent = answer
        kind = b"text/event-stream" if status == 200 else b"application/json"
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": sent})


def refusal(status: int, kind: str, said: str) -> Json:
    return {"status": status, "error": {"type": "error", "error": {"type": kind, "message": said}}}


def results(request: Json) -> Sequence[Json]:
    """The answers of tools that the newest message brings."""
    content = request["messages"][-1]["content"]
    return [block for block in content if block["type"] == "tool_result"] if isinstance(content, list) else []

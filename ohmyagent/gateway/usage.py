"""What a call used, as the upstream says it: from a JSON body, or tapped from a stream that passes by.

Tolerant on purpose: events nobody has heard of, other line ends, missing or odd numbers never disturb the stream.
What was not said stays unknown (None), never 0.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Self

from ohmyagent.use_cases.metering import BYTES_PER_TOKEN

DELTA_OVERHEAD = 100
"""About as many bytes of a delta event are its wrapping."""
LARGEST_EVENT = 1024 * 1024
"""Events with usage are small; a larger one passes by unread."""
_decode = json.JSONDecoder().decode
_CONTENT = b"event: content_block_"


@dataclass(slots=True)
class Usage:
    """Tokens and searches; None is unknown.  `cache_write` are all cache writes, `hour_writes` those for one hour."""

    input: int | None = None
    output: int | None = None
    cache_read: int = 0
    cache_write: int = 0
    hour_writes: int = 0
    searches: int = 0

    def heard(self, usage: Any) -> None:
        """Take over what a `usage` object says.  Its numbers are cumulative: the largest one said is the last."""
        if not isinstance(usage, dict):
            return
        self.input = _larger(self.input, usage.get("input_tokens"))
        self.output = _larger(self.output, usage.get("output_tokens"))
        self.cache_read = _larger(self.cache_read, usage.get("cache_read_input_tokens")) or 0
        self.cache_write = _larger(self.cache_write, usage.get("cache_creation_input_tokens")) or 0
        by_age, tools = usage.get("cache_creation"), usage.get("server_tool_use")
        if isinstance(by_age, dict):
            self.hour_writes = _larger(self.hour_writes, by_age.get("ephemeral_1h_input_tokens")) or 0
        if isinstance(tools, dict):
            self.searches = _larger(self.searches, tools.get("web_search_requests")) or 0


def _larger(known: int | None, said: Any) -> int | None:
    if not isinstance(said, int) or isinstance(said, bool) or not 0 <= said < 10**9:
        return known
    return said if known is None else max(known, said)


@dataclass(slots=True)
class Answer:
    """An answer in one piece; before it is there, nothing is known of it but `most_output`."""

    usage: Usage = field(default_factory=Usage)
    complete: bool = False
    refused: bool = False
    most_output: int = 0

    @classmethod
    def of(cls, body: bytes) -> Self:
        answer = cls(complete=True, most_output=-(-len(body) // BYTES_PER_TOKEN))
        try:
            message = _decode(body.decode())
        except (ValueError, RecursionError):
            return answer
        if isinstance(message, dict):
            answer.usage.heard(message.get("usage"))
        return answer


class Tap:
    """A stream of server-sent events, fed as it passes in pieces of any size."""

    def __init__(self) -> None:
        self.usage = Usage()
        self.complete = False
        """The final usage was said."""
        self.stopped = False
        """The last event has passed."""
        self.failed = False
        """The stream holds an error event."""
        self._began = False
        self._said = 0
        self._rest = b""
        self._skipping = False

    @property
    def refused(self) -> bool:
        """The upstream failed before the model began."""
        return self.failed and not self._began

    @property
    def between_events(self) -> bool:
        """Whether something may be put into the stream here."""
        return not self._rest and not self._skipping

    @property
    def most_output(self) -> int:
        """More output tokens than this were not seen."""
        return -(-self._said // BYTES_PER_TOKEN)

    def feed(self, piece: bytes) -> None:
        data = self._rest + piece if self._rest else piece
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n")
        events = data.split(b"\n\n")
        self._rest = events.pop()
        for event in events:
            self._pass(event)
        if len(self._rest) > LARGEST_EVENT:
            self._said += len(self._rest)
            self._rest, self._skipping = self._rest[-1:], True

    def _pass(self, event: bytes) -> None:
        if self._skipping:
            self._skipping = False
            self._said += len(event)
            return
        if event.startswith(_CONTENT):
            self._said += max(1, len(event) - DELTA_OVERHEAD)
        else:
            self._hear(event)

    def _hear(self, event: bytes) -> None:
        data = b"\n".join(line[5:] for line in event.split(b"\n") if line.startswith(b"data:"))
        try:
            said = json.loads(data) if data else None
        except (ValueError, RecursionError):
            return
        if not isinstance(said, dict):
            return
        kind = said.get("type")
        if kind == "message_start":
            message = said.get("message")
            self._began = True
            self.usage.heard(message.get("usage") if isinstance(message, dict) else None)
        elif kind == "message_delta":
            self._finish(said)
        elif kind == "message_stop":
            self.stopped = True
        elif kind == "error":
            self.failed = True
        elif isinstance(kind, str) and kind.startswith("content_block_"):
            self._said += max(1, len(data) - DELTA_OVERHEAD)

    def _finish(self, said: dict[str, Any]) -> None:
        usage, delta = said.get("usage"), said.get("delta")
        self._began = True
        self.usage.heard(usage)
        final = isinstance(delta, dict) and delta.get("stop_reason") is not None
        self.complete = self.complete or (final and isinstance(usage, dict) and "output_tokens" in usage)

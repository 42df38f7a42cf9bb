"""What the CLI prints, line by line, as the run's events and its end.

Shapes and cases are those of CLI 2.1.327.  Nothing of it is trusted: an agent can write to the CLI's own output.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ohmyagent.runner.answer import TOOL, Answer
from ohmyagent.runner.protocol import Json

LINE_BYTES = 32 << 20
RESULT_CHARACTERS = 64 << 10  # at most 256 KB as UTF-8
REASON_CHARACTERS = 2_000
DEEPEST = 56  # the platform takes 64, with what an event is wrapped in
INT64 = 2**63

Tell = Callable[..., None]


class LineTooLong(Exception):
    """More than 32 MB without the end of a line."""


@dataclass(frozen=True)
class Result:
    """One `result` line; the last of a run counts."""

    is_error: bool
    subtype: str
    terminal_reason: str | None
    api_error_status: int | None
    text: str | None
    errors: tuple[str, ...]
    structured: Any
    num_turns: int | None
    total_cost_usd: float | None

    @classmethod
    def of(cls, line: Json) -> Result:
        errors = line.get("errors")
        return cls(
            is_error=line.get("is_error") is not False,
            subtype=_text(line.get("subtype")),
            terminal_reason=_optional(line, "terminal_reason", str),
            api_error_status=_optional(line, "api_error_status", int),
            text=_optional(line, "result", str),
            errors=tuple(map(_text, errors)) if isinstance(errors, list) else (),
            structured=line.get("structured_output"),
            num_turns=_optional(line, "num_turns", int),
            total_cost_usd=_optional(line, "total_cost_usd", (int, float)),
        )

    @property
    def reason(self) -> str:
        """What the CLI says went wrong."""
        return (self.text or "; ".join(self.errors) or self.terminal_reason or self.subtype)[:REASON_CHARACTERS]


class Lines:
    """Splits what a pipe yields into lines without keeping more than one."""

    def __init__(self, longest: int = LINE_BYTES) -> None:
        self._rest = bytearray()
        self._longest = longest

    def feed(self, part: bytes) -> Iterator[bytes]:
        """The lines that `part` completes.  Raises LineTooLong."""
        *lines, rest = part.split(b"\n")
        for line in lines:
            yield bytes(self._rest) + line
            self._rest.clear()
        self._rest += rest
        if len(self._rest) > self._longest:
            raise LineTooLong


class Transcript:
    """Reads the CLI's lines; tells events as `tell(type, **fields)` and keeps how the run stands."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self.result: Result | None = None
        self.version: str | None = None
        self.answer = Answer()
        self._unseen: set[str] = set()

    def read(self, raw: bytes) -> None:
        """Take one line in; what is no JSON object is passed over."""
        try:
            line = clean(json.loads(raw.decode("utf-8", "replace")))
        except (ValueError, RecursionError):
            return
        kind = line.get("type") if isinstance(line, dict) else None
        if kind == "system":
            self._system(line)
        elif kind in ("assistant", "user"):
            self._message(line)
        elif kind == "result":
            self._result(line)

    def _system(self, line: Json) -> None:
        subtype = line.get("subtype")
        if subtype == "init":
            self.version = _text(line.get("claude_code_version"))
            self._tell("status", status="running", model=_text(line.get("model")))
        elif subtype == "api_retry":
            wait = line.get("retry_delay_ms")
            seconds = f"{wait / 1000:.1f}" if isinstance(wait, int | float) else "?"
            why = f"{line.get('error_status') or ''} {_text(line.get('error'))}".strip()
            attempt = f"{line.get('attempt')} of {line.get('max_retries')}"
            self._tell("log", text=f"The model did not answer ({why}); attempt {attempt} in {seconds} s.")
        elif subtype == "permission_denied":
            self._tell("log", text=f"The tool {_text(line.get('tool_name'))} is not allowed to this agent.")
        elif subtype == "model_fallback":
            self._tell("log", text="The model was overloaded; another one goes on.")

    def _message(self, line: Json) -> None:
        message = line.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        for block in content if isinstance(content, list) else []:
            if isinstance(block, dict):
                self._block(line, block)

    def _block(self, line: Json, block: Json) -> None:
        kind = block.get("type")
        if kind == "text" and line["type"] == "assistant" and _text(block.get("text")).strip():
            self.answer.said(_text(block["text"]))
            self._tell("text", text=_text(block["text"]))
        elif kind == "text":
            self.answer.heard(_text(block.get("text")))
        elif kind == "tool_use" and block.get("name") == TOOL:
            self._unseen.add(_text(block.get("id")))
        elif kind == "tool_use":
            self.answer.worked()
            self._tell("tool_call", id=_text(block.get("id")), name=_text(block.get("name")), input=block.get("input"))
        elif kind == "tool_result" and _text(block.get("tool_use_id")) not in self._unseen:
            output, failed = tool_output(block.get("content")), block.get("is_error") is True
            self._tell("tool_result", id=_text(block.get("tool_use_id")), isError=failed, output=output)

    def _result(self, line: Json) -> None:
        self.result = Result.of(line)
        usage = token_usage(line.get("modelUsage"))
        if usage:
            self._tell("usage", tokenUsage=usage)
        text = self.words
        if text and (not self.result.is_error or self.answer.finished):
            self._tell("result", text=text)

    @property
    def words(self) -> str | None:
        """What the agent answered; after a failure the last that it said, for that is what the user paid for."""
        result = self.result
        if result is None or result.is_error or result.structured is not None:
            return self.answer.result(result.structured if result else None)
        return result.text if not self.answer.finished else self.answer.text


def tool_output(content: Any) -> str:
    """A tool's answer as text; what is no text is named by its type."""
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    return "\n".join(
        _text(block.get("text")) if block.get("type") == "text" else f"[{_text(block.get('type'))}]"
        for block in blocks
        if isinstance(block, dict)
    )


def token_usage(models: Any) -> dict[str, int]:
    """The tokens of all models of a run, by the platform's names."""
    names = {
        "input": "inputTokens",
        "output": "outputTokens",
        "cacheRead": "cacheReadInputTokens",
        "cacheWrite": "cacheCreationInputTokens",
    }
    used = [model for model in models.values() if isinstance(model, dict)] if isinstance(models, dict) else []
    counts = {ours: [model.get(theirs) for model in used] for ours, theirs in names.items()}
    return (
        {name: sum(count for count in found if isinstance(count, int)) for name, found in counts.items()}
        if used
        else {}
    )


def clean(value: Any, deepest: int = DEEPEST) -> Any:
    """Without what no store and no screen takes: NUL, half characters, numbers of any size, nesting without end.

    An event that the platform refuses would end the run without a trace of what it did.
    """
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict | list) and not deepest:
        return "…"
    if isinstance(value, dict):
        return {clean(key): clean(item, deepest - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item, deepest - 1) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return str(value) if isinstance(value, int) and not -INT64 <= value < INT64 else value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _optional(line: Json, key: str, kind: Any) -> Any:
    value = line.get(key)
    return value if isinstance(value, kind) and not isinstance(value, bool) else None

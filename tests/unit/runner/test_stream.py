"""What the CLI prints, as events and as a verdict: every ending that was measured."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ohmyagent.domain.runner import EventsRequest
from ohmyagent.http import strict_json
from ohmyagent.http.bodies import valid
from ohmyagent.runner.outcome import Ending, Verdict, verdict
from ohmyagent.runner.stream import Lines, LineTooLong, Result, Transcript, clean, token_usage

Told = list[tuple[str, dict[str, Any]]]


def read(*lines: object) -> tuple[Transcript, Told]:
    told: Told = []
    transcript = Transcript(lambda kind, **fields: told.append((kind, fields)))
    for line in lines:
        transcript.read(line if isinstance(line, bytes) else json.dumps(line).encode())
    return transcript, told


def result(**fields: object) -> dict[str, object]:
    return {"type": "result", "subtype": "success", "is_error": False, "terminal_reason": "completed"} | fields


def message(kind: str, *content: dict[str, object]) -> dict[str, object]:
    return {"type": kind, "message": {"content": list(content)}}


def judged(line: dict[str, object] | None, **seen: Any) -> Verdict:
    usual = {"stop": None, "exit_code": 0, "memory_kills": 0, "model_calls": 1, "stderr": ""}
    return verdict(Ending(result=Result.of(line) if line else None, **(usual | seen)))


ENDINGS = [
    (result(result="fine"), {}, ("succeeded", None)),
    (result(result="fine"), {"exit_code": 1}, ("succeeded", None)),
    (result(result="/cost"), {"model_calls": 0}, ("failed", "agent")),
    (result(is_error=True, terminal_reason="api_error", api_error_status=529), {}, ("failed", "upstream")),
    (result(is_error=True, terminal_reason="api_error", api_error_status=402), {}, ("failed", "budget")),
    (result(subtype="error_max_turns", is_error=True, terminal_reason="max_turns"), {}, ("failed", "max_turns")),
    (result(subtype="error_max_budget_usd", is_error=True, terminal_reason="budget_exhausted"), {},
     ("failed", "budget")),
    (result(is_error=True, terminal_reason="prompt_too_long"), {}, ("failed", "agent")),
    (result(subtype="error_during_execution", is_error=True, errors=["no such session"]), {}, ("failed", "agent")),
    (result(is_error="no"), {}, ("failed", "agent")),
    (None, {"exit_code": 1, "stderr": "error: unknown option"}, ("failed", "killed")),
    (None, {"exit_code": 137, "memory_kills": 1}, ("failed", "memory")),
    (result(result="fine"), {"stop": "cancelled"}, ("cancelled", None)),
    (None, {"stop": "timeout"}, ("timed_out", "timeout")),
    (None, {"stop": "output"}, ("failed", "output")),
    (None, {"stop": "disk"}, ("failed", "disk")),
    (None, {"stop": "memory"}, ("failed", "memory")),
    (None, {"stop": "terminated"}, ("failed", "killed")),
]  # fmt: skip


@pytest.mark.parametrize(("line", "seen", "expected"), ENDINGS)
def test_every_ending_has_its_outcome_and_a_sentence(
    line: dict[str, object] | None, seen: dict[str, Any], expected: tuple[str, str | None]
) -> None:
    found = judged(line, **seen)
    assert (found.outcome, found.error_code) == expected
    assert (found.error is None) == (found.error_code is None)


def test_of_several_results_the_last_one_counts() -> None:
    transcript, _ = read(result(result="first"), result(result="second", is_error=True))
    assert transcript.result
    assert (transcript.result.text, transcript.result.is_error) == ("second", True)


def test_a_conversation_becomes_events() -> None:
    retry = {"attempt": 1, "max_retries": 4, "retry_delay_ms": 520, "error_status": 529}
    _, told = read(
        {"type": "system", "subtype": "init", "model": "m", "claude_code_version": "2.1"},
        message("assistant", {"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "hi"}),
        message("assistant", {"type": "tool_use", "id": "t", "name": "Bash", "input": {"a": 1}}),
        message("user", {"type": "tool_result", "tool_use_id": "t", "content": "out"}),
        {"type": "system", "subtype": "api_retry"} | retry,
        result(result="done", modelUsage={"m": {"inputTokens": 3, "outputTokens": 5}}),
    )  # fmt: skip
    assert told == [
        ("status", {"status": "running", "model": "m"}),
        ("text", {"text": "hi"}),
        ("tool_call", {"id": "t", "name": "Bash", "input": {"a": 1}}),
        ("tool_result", {"id": "t", "isError": False, "output": "out"}),
        ("log", {"text": "The model did not answer (529); attempt 1 of 4 in 0.5 s."}),
        ("usage", {"tokenUsage": {"input": 3, "output": 5, "cacheRead": 0, "cacheWrite": 0}}),
        ("result", {"text": "done"}),
    ]


def test_a_prompt_that_is_echoed_is_no_text_of_the_agent() -> None:
    _, told = read(message("user", {"type": "text", "text": "the prompt"}))
    assert told == []


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"1", b"\xff\xfe", b"[" * 50_000, b'{"type":["x"]}', b'{"type":"result"}']
)
def test_what_is_no_line_of_the_cli_is_passed_over(line: bytes) -> None:
    read(line)


def test_lines_are_put_together_from_any_parts() -> None:
    whole = b"first\nsecond line\n\nlast"
    for size in range(1, len(whole)):
        lines = Lines()
        found = [line for at in range(0, len(whole), size) for line in lines.feed(whole[at : at + size])]
        assert found == [b"first", b"second line", b""]


def test_a_line_without_end_is_not_kept() -> None:
    lines = Lines(longest=10)
    assert list(lines.feed(b"123456789")) == []
    with pytest.raises(LineTooLong):
        list(lines.feed(b"0123"))


def test_nul_and_half_characters_are_cleaned_out_everywhere() -> None:
    assert clean({"a\0": ["x\0y", "\ud800", 1, None]}) == {"a": ["xy", "?", 1, None]}


def test_what_the_platform_would_refuse_cannot_end_a_run_without_a_trace() -> None:
    told: list[dict[str, Any]] = []
    transcript = Transcript(
        lambda kind, **fields: told.append({"seq": 1, "time": "2026-11-20T12:00:00.000Z", "type": kind, **fields})
    )
    for odd in ("1" + "0" * 30, "-" + "9" * 4_000, "1e999", "NaN", "-Infinity", "[" * 150 + "]" * 150, '"\\u0000"'):
        block = f'{{"type": "tool_use", "id": "t", "name": "Bash", "input": {{"command": {odd}}}}}'
        transcript.read(f'{{"type": "assistant", "message": {{"content": [{block}]}}}}'.encode())
        transcript.read(f'{{"type": "system", "subtype": "api_retry", "retry_delay_ms": {odd}}}'.encode())
    assert [event["type"] for event in told] == ["tool_call", "log"] * 7
    for event in told:
        sent = strict_json.parsed(json.dumps({"epoch": 1, "fromSeq": 1, "events": [event]}).encode())
        valid(EventsRequest, sent)


def test_usage_that_is_no_usage_counts_nothing() -> None:
    assert token_usage(None) == token_usage([]) == token_usage({"m": 1}) == {}
    assert token_usage({"m": {"inputTokens": "x"}})["input"] == 0

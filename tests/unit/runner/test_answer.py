"""Which words are a run's result, when the CLI asks for their kind beside them."""

from __future__ import annotations

from typing import Any

import pytest

from ohmyagent.runner.answer import REMINDER, TOOL
from tests.unit.runner.test_stream import judged, message, read, result

Line = dict[str, Any]
WORK = message("assistant", {"type": "tool_use", "id": "t1", "name": "Bash", "input": {}})
WORKED = message("user", {"type": "tool_result", "tool_use_id": "t1", "content": "ok"})
TELL = message("assistant", {"type": "tool_use", "id": "t9", "name": TOOL, "input": {"kind": "done"}})
TOLD = message("user", {"type": "tool_result", "tool_use_id": "t9", "content": "provided"})
ASKED = message("user", {"type": "text", "text": f"{REMINDER} You MUST call the tool"})
LOOKS = message("assistant", {"type": "text", "text": "I will look."})
SAYS = message("assistant", {"type": "text", "text": "# Report"})
SURE = message("assistant", {"type": "text", "text": "Sure."})


@pytest.mark.parametrize(
    ("lines", "structured", "expected"),
    [
        ((LOOKS, WORK, WORKED, SAYS, TELL, TOLD), {"kind": "done"}, "# Report"),
        ((LOOKS, WORK, WORKED, SAYS, ASKED, SURE, TELL, TOLD), {"kind": "done"}, "# Report"),
        ((LOOKS, WORK, WORKED, TELL, TOLD), {"kind": "done", "summary": "All fine."}, "All fine."),
        ((LOOKS, WORK, WORKED, TELL, TOLD), {"kind": "done"}, "I will look."),
        ((SAYS, ASKED, WORK, WORKED, LOOKS, TELL, TOLD), {"kind": "done"}, "I will look."),
        ((TELL, TOLD), {"kind": "done"}, None),
    ],
)
def test_the_result_is_the_last_words_and_never_the_form_beside_them(
    lines: tuple[Line, ...], structured: Line, expected: str | None
) -> None:
    transcript, told = read(*lines, result(result='{"kind":"done"}', structured_output=structured))

    assert transcript.words == expected
    assert [fields["text"] for kind, fields in told if kind == "result"] == ([expected] if expected else [])


def test_the_form_is_no_step_of_the_run() -> None:
    _, told = read(WORK, WORKED, SAYS, TELL, TOLD)

    assert [kind for kind, _ in told] == ["tool_call", "tool_result", "text"]


def test_who_has_answered_does_not_fail_for_the_turn_in_which_the_kind_is_asked() -> None:
    limit = result(subtype="error_max_turns", is_error=True, terminal_reason="max_turns")
    transcript, told = read(SAYS, ASKED, limit)

    assert (transcript.words, told[-1]) == ("# Report", ("result", {"text": "# Report"}))
    assert judged(limit, finished=transcript.answer.finished).outcome == "succeeded"
    assert judged(limit).outcome == "failed"

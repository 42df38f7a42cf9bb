"""The kind of a result: told, or inferred from the words and marked as that."""

from typing import Any

import pytest

from ohmyagent.domain.results import kind_of


@pytest.mark.parametrize("kind", ["done", "partial", "nothing_new", "blocked"])
def test_what_the_agent_tells_counts(kind: str) -> None:
    assert kind_of({"kind": kind, "summary": "x"}, "Nothing new.") == (kind, "structured")


@pytest.mark.parametrize("structured", [None, "done", {}, {"kind": "great"}, {"kind": ["done"]}, {"kind": {}}])
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("# Report\n\nThree rows.", "done"),
        ("Nothing new.", "nothing_new"),
        ("There is nothing new since yesterday.", "nothing_new"),
        ("**No changes** since the last run.", "nothing_new"),
        ("No newspapers were printed.", "done"),
        ("새로운 것이 없습니다. (데모 모델이 작성함)", "nothing_new"),
        ("새로운 글 3개를 찾았습니다.", "done"),
        ("Nothing new in prices.\n\n" + "But the news is long. " * 30, "done"),
        ("", "done"),
    ],
)
def test_without_that_it_is_inferred_and_marked(structured: Any, text: str, kind: str) -> None:
    assert kind_of(structured, text) == (kind, "inferred")

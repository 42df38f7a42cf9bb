"""What the command says: in both languages, with the same values, and nothing that is never said."""

import re
import string
from pathlib import Path

import pytest

from ohmyagent.cli import forms, words
from ohmyagent.cli.words import Words

CLI = Path(words.__file__).parent
HANGUL = re.compile("[가-힣]")
SAME = {"CLI_OK", "SANDBOX_OK", "python"}
"""Names and figures, which are the same in every language but for a word."""


def table() -> dict[str, Words]:
    found = {name: value for name, value in vars(words).items() if isinstance(value, Words)}
    for group in (words.STATES, words.TRIGGERS, words.CHECKS, words.KINDS, words.STANDSTILLS):
        found |= group
    return found


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("name", sorted(table()))
def test_everything_is_said_in_both_languages_with_the_same_values(name: str) -> None:
    said = table()[name]
    assert said.en.strip()
    assert not HANGUL.search(said.en)
    assert name in SAME or HANGUL.search(said.ko)
    assert fields(said.en) == fields(said.ko)


def test_nothing_is_kept_that_is_never_said() -> None:
    code = "\n".join(path.read_text() for path in CLI.glob("*.py") if path.name != "words.py")
    names = {name for name, value in vars(words).items() if isinstance(value, Words | dict) and name.isupper()}
    assert {name for name in names if not re.search(rf"words\.{name}\b", code)} == set()


def test_every_state_and_trigger_of_a_run_has_a_word() -> None:
    from ohmyagent.domain.agents import AgentStatus
    from ohmyagent.domain.executions import Status, Trigger

    assert set(words.STATES) == {*Status, *AgentStatus}
    assert set(words.TRIGGERS) == set(Trigger)


@pytest.mark.parametrize(
    ("kind", "source", "expected"),
    [
        (None, None, ""),
        ("nothing_new", "structured", "nothing new"),
        ("nothing_new", "inferred", "nothing new (inferred)"),
    ],
)
def test_the_kind_of_a_result_is_said_and_marked_where_it_was_inferred(kind, source, expected):
    assert forms.kind({"resultKind": kind, "resultKindSource": source}) == expected

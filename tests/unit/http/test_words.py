"""What a refusal says: in both languages, for every error and every rule of a field."""

import ast
from pathlib import Path

import pytest

from ohmyagent.domain import clauses, errors
from ohmyagent.domain.errors import Problem
from ohmyagent.http import problems, sentences
from ohmyagent.http.language import language_of

PACKAGE = Path(sentences.__file__).resolve().parents[1]
KOREAN = range(ord("가"), ord("힣") + 1)


def problem_kinds() -> list[type[Problem]]:
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Problem)]


@pytest.mark.parametrize("kind", problem_kinds(), ids=lambda kind: kind.__name__)
def test_every_error_has_a_status_a_code_and_a_sentence_in_both_languages(kind: type[Problem]) -> None:
    problem = kind()

    assert 400 <= problems.status_of(problem) <= 503
    assert kind.code.replace("_", "").isalpha()
    assert problem.said("en").isascii()
    assert any(ord(letter) in KOREAN for letter in problem.said("ko"))


def field_rules() -> list[str]:
    """The clauses that the rules of fields are broken with, read from the source."""
    found = set()
    for name in (
        "domain/agents.py",
        "domain/beta.py",
        "domain/hosts.py",
        "domain/schedules.py",
        "domain/secrets.py",
        "domain/text.py",
        "domain/workspaces.py",
    ):
        for node in ast.walk(ast.parse((PACKAGE / name).read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Raise)
                and isinstance(node.exc, ast.Call)
                and ast.unparse(node.exc.func) == "ValueError"
            ):
                clause = node.exc.args[0]
                assert isinstance(clause, ast.Constant), ast.unparse(node)
                found.add(str(clause.value))
    return sorted(found)


@pytest.mark.parametrize("clause", [*field_rules(), *clauses.TYPES.values()])
def test_every_rule_of_a_field_is_known_in_korean(clause: str) -> None:
    assert any(ord(letter) in KOREAN for letter in sentences.said(clause, "ko"))
    assert sentences.said(clause, "en") == clause


def test_rules_were_found() -> None:
    assert len(field_rules()) >= 12


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("must be at least 10", "10 이상이어야 합니다"),
        ("may have at most 80 characters", "80자까지 쓸 수 있습니다"),
        ("something new", "something new"),
    ],
)
def test_rules_with_a_value_keep_it(english: str, korean: str) -> None:
    assert sentences.said(english, "ko") == korean


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"), ("", "en"), ("ko", "ko"), ("KO-kr", "ko"), ("en-US,ko;q=0.9", "en"), ("fr, ko;q=0.1", "ko"),
        (";;,,", "en"), ("kok", "en"), ("*", "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_first_that_is_spoken_here(header: str | None, language: str) -> None:
    assert language_of(header) == language

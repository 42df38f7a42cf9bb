"""A conversation with an agent: the next run of the CLI goes on where the last one ended, in a new sandbox."""

from __future__ import annotations

import json

from tests.isolation.harness import Identity, Run, bash, finished, said

ID = "5d3c1c7e-8a53-4a6e-9f5d-0c2b7b1f4e11"


def body_of(run: Run) -> bytes:
    """The record that the run left with the platform."""
    session = run.platform.report["session"]
    assert session["path"].endswith(f"{ID}.jsonl")
    return run.platform.files[session["sha256"]]


def test_what_was_said_before_is_known_to_the_next_run(identity: Identity, home: str) -> None:
    first = finished(identity, home, said("내 이름은 연필입니다"), session={"id": ID})
    record = body_of(first)

    second = finished(identity, home, said("다시"), session={"id": ID}, record=record)

    assert second.platform.report["outcome"] == "succeeded"
    asked = json.dumps(second.model.requests[0]["body"]["messages"], ensure_ascii=False)
    assert "내 이름은 연필입니다" in asked
    assert len(body_of(second)) > len(record)
    assert second.platform.report["workspace"]["files"] == []


def test_without_a_conversation_nothing_of_it_is_kept(identity: Identity, home: str) -> None:
    assert finished(identity, home, said("x")).platform.report["session"] is None


def test_a_record_that_is_a_link_or_too_large_is_not_taken(anyone: Identity, home: str) -> None:
    for plant in (
        "ln -sf /etc/passwd $f",
        "rm -f $f; mkfifo $f",
        "truncate -s 40M $f",
    ):
        step = bash(f"f=$(ls ~/.claude/projects/*/{ID}.jsonl); chmod 400 $f; {plant}; chmod 500 $(dirname $f)")
        run = finished(anyone, home, step, session={"id": ID})
        assert run.platform.report["outcome"] == "succeeded"
        session = run.platform.report["session"]
        assert session is None or b"root:" not in body_of(run)
        assert session is None or session["bytes"] <= 32 << 20

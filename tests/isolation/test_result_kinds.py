"""The real CLI and the kind of a result: told, asked for again, or never told."""

from __future__ import annotations

from typing import Any

from tests.isolation.harness import Identity, Run, bash, prompt, running, said


def ended(anyone: Identity, home: str, *steps: dict[str, Any], kind: str, **spec: Any) -> Run:
    """Run these steps to the end, by a model that calls its results `kind`."""
    with running(anyone, home, prompt=prompt(*steps, kind=kind), **spec) as run:
        assert run.wait() == 0
        return run


def test_the_kind_is_told_beside_the_words(anyone: Identity, home: str) -> None:
    run = ended(anyone, home, bash("echo hi"), said("# Report"), kind="done")
    report = run.platform.report
    assert (report["structured"], report["result"]) == ({"kind": "done"}, "# Report")
    assert len(run.model.model_calls()) == 2
    assert len(run.platform.of_type("tool_call")) == 1


def test_an_agent_that_never_tells_it_still_succeeds_at_its_limit_of_turns(anyone: Identity, home: str) -> None:
    run = ended(anyone, home, said("# Report"), maxTurns=1, kind="")
    report = run.platform.report
    assert (report["outcome"], report["result"], report["structured"]) == ("succeeded", "# Report", None)


def test_an_agent_that_tells_it_when_asked_keeps_its_words(anyone: Identity, home: str) -> None:
    telling = {"text": "Sure.", "tool": "StructuredOutput", "input": {"kind": "partial"}}
    report = ended(anyone, home, said("# Report"), telling, kind="").platform.report
    assert (report["structured"], report["result"]) == ({"kind": "partial"}, "# Report")

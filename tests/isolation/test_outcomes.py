"""What the real CLI does with a model that fails, and what the report makes of it."""

from __future__ import annotations

import json

import pytest

from tests.isolation.harness import Identity, bash, finished, prompt, running, said


def failing(**spec: object) -> str:
    return f"Do the work. [[fake: {json.dumps(spec)} ]]"


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"status": 402, "msg": "no budget left"}, "budget"),
        ({"status": 403, "msg": "dead token"}, "upstream"),
        ({"status": 413}, "agent"),
        ({"status": 400, "msg": "prompt is too long: 9 tokens > 8 maximum"}, "agent"),
        ({"status": 529, "should_retry": "false"}, "upstream"),
        ({"stop": "refusal", "text": ""}, "upstream"),
        ({"sse_error": "overloaded_error"}, "upstream"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_upstream_error_has_its_own_code(spec: dict[str, object], code: str, anyone: Identity, home: str) -> None:
    with running(anyone, home, prompt=failing(**spec)) as run:
        assert run.wait() == 0
        report = run.platform.report
        assert (report["outcome"], report["errorCode"]) == ("failed", code), report
        assert report["error"]
        assert report["workspace"] is None


def test_an_error_that_passes_is_retried_and_logged(anyone: Identity, home: str) -> None:
    with running(anyone, home, prompt=failing(status=529, times=2, text="done")) as run:
        assert run.wait() == 0
        assert run.platform.report["outcome"] == "succeeded"
        assert len(run.platform.of_type("log")) == 2
        assert "529" in run.platform.of_type("log")[0]["text"]


def test_the_limit_of_turns_ends_a_run_and_keeps_what_was_said_and_written(anyone: Identity, home: str) -> None:
    step = {"text": "working on it", **bash("mkdir -p output; echo part > output/part.txt")}
    run = finished(anyone, home, step, step, step, step, maxTurns=2)
    report = run.platform.report
    assert (report["outcome"], report["errorCode"], report["result"]) == ("failed", "max_turns", "working on it")
    assert (report["workspace"], [file["path"] for file in report["artifacts"]]) == (None, ["part.txt"])


def test_a_rehearsal_saves_no_workspace(anyone: Identity, home: str) -> None:
    run = finished(anyone, home, bash("mkdir output; echo x > output/x"), save=False)
    assert run.platform.report["workspace"] is None
    assert [file["path"] for file in run.platform.report["artifacts"]] == ["x"]


def test_a_tool_that_the_agent_does_not_have_is_refused_and_the_run_goes_on(anyone: Identity, home: str) -> None:
    run = finished(anyone, home, bash("echo ran > /workspace/x"), said("without it"), tools=["Read"])
    assert run.platform.of_type("tool_result")[0]["isError"] is True
    assert run.platform.report["workspace"]["files"] == []
    assert run.platform.report["result"] == "without it"


def test_a_host_that_cannot_sandbox_reports_why_and_runs_nothing(anyone: Identity, home: str, tmp_path: object) -> None:
    with running(anyone, str(tmp_path), prompt=prompt()) as run:
        assert run.wait() == 0
        report = run.platform.report
        assert (report["outcome"], report["errorCode"]) == ("failed", "sandbox")
        assert "make setup" in report["error"]
        assert not run.model.requests


def test_the_first_request_is_lean(anyone: Identity, home: str) -> None:
    tools = ["Bash", "Read", "Write", "Edit", "Glob", "Grep", "WebFetch", "WebSearch"]
    run = finished(anyone, home, tools=tools)
    assert run.model.model_calls()[0]["bytes"] <= 17 << 10

"""Runs by the command.  The test plays the runner."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ohmyagent.cli import following
from ohmyagent.cli.client import Client
from ohmyagent.cli.place import Place
from ohmyagent.cli.problems import Refused, Unreachable
from ohmyagent.domain.costs import TokenUsage
from ohmyagent.use_cases import metering, running
from tests.http.world import NOON
from tests.unit.cli.conftest import Terminal

TIME = "2026-11-20T12:00:00.000Z"


def event(seq: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {"seq": seq, "time": TIME, "type": kind} | fields


STORY = [
    event(1, "status", status="running"),
    event(2, "text", text="살펴보겠습니다."),
    event(3, "tool_call", id="t1", name="Bash", input={"command": "ls -la\necho"}),
    event(4, "tool_result", id="t1", isError=False, output="a\nb\n\x1b[2J\u202e\nd\ne\nf\ng"),
    event(5, "network", host="news.example.com", allowed=False, reason="not on the list"),
    event(6, "text", text="끝났습니다."),
]


def run_of(terminal: Terminal, **fields: Any) -> dict[str, Any]:
    client = terminal.client()
    agent = client.post("/api/agents", {"name": "a", "finalPrompt": "b", "slug": "news"} | fields)
    return client.post(f"/api/agents/{agent['id']}/executions")


def played(terminal: Terminal, run_id: str, outcome: str = "succeeded", result: str | None = "끝났습니다.") -> None:
    """What a runner reports of a run, from the claim to its end."""
    here, runner = terminal.api.platform, terminal.api.claimed(run_id)
    spec = runner.claim["spec"]
    call = metering.reserve(here.store, spec["modelToken"], here.models.default, 1_000, 1_000, NOON)
    metering.settle(here.store, call, 0, TokenUsage(input=1_200, output=34), 0, partial=False, now=NOON)
    assert runner.post("events", fromSeq=1, events=STORY).status_code == 200
    report = {
        "outcome": outcome, "lastSeq": len(STORY), "errorCode": None if outcome == "succeeded" else "agent",
        "error": None, "result": result, "structured": None, "cli": None,
        "sandbox": None, "workspace": None, "artifacts": [], "hosts": [],
    }  # fmt: skip
    assert runner.post("finish", **report).status_code == 200


@contextmanager
def a_runner(terminal: Terminal, **report: Any) -> Iterator[None]:
    """Waits for a run to be accepted and plays it."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            while not (runs := list(terminal.client().items("/api/executions", 1))):
                time.sleep(0.02)
            played(terminal, runs[0]["id"], **report)
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    thread.join(20)
    assert failures == []


def agent_file(folder: Path) -> str:
    path = folder / "news.md"
    path.write_text("---\nname: news\n---\n일해 줘\n", encoding="utf-8")
    return str(path)


def test_a_run_that_succeeds_exits_0_with_its_result_on_stdout_and_its_log_on_stderr(
    terminal: Terminal, tmp_path: Path
) -> None:
    with a_runner(terminal):
        said = terminal.oma("run", agent_file(tmp_path))
    assert (said.code, said.out) == (0, "끝났습니다.\n")
    assert "살펴보겠습니다." in said.err
    assert "→ Bash  ls -la" in said.err
    assert "✓ succeeded · 0.0 s · 1,234 tokens · $0.00 · demo model, not Claude" in said.err
    assert said.err.count("끝났습니다.") == 0  # the result is not said twice


def test_a_run_that_fails_exits_1_and_says_why(terminal: Terminal, tmp_path: Path) -> None:
    with a_runner(terminal, outcome="failed", result=None):
        said = terminal.oma("run", agent_file(tmp_path))
    assert (said.code, said.out) == (1, "")
    assert "✗ failed" in said.err


def test_a_run_as_json_is_one_object_on_stdout(terminal: Terminal, tmp_path: Path) -> None:
    with a_runner(terminal):
        said = terminal.oma("run", agent_file(tmp_path), "--json")
    assert json.loads(said.out)["status"] == "succeeded"


@pytest.mark.parametrize(("given", "stdin"), [("자료", None), ("@data.txt", None), ("@-", "자료")])
def test_the_input_comes_as_text_from_a_file_or_from_stdin(
    terminal: Terminal, tmp_path: Path, given: str, stdin: str | None
) -> None:
    (tmp_path / "data.txt").write_text("자료", encoding="utf-8")
    with a_runner(terminal):
        terminal.oma("run", agent_file(tmp_path), "--input", given, input=stdin)
    (run,) = terminal.client().items("/api/executions", 10)
    execution = terminal.api.execution(run["id"])
    assert running.input_of(terminal.api.platform.store, execution) == "자료"


def test_an_input_that_cannot_be_read_is_a_mistake_and_runs_nothing(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"\xff")
    for given in ("@missing", "@bad"):
        assert terminal.oma("run", agent_file(tmp_path), "--input", given).code == 2
    assert list(terminal.client().items("/api/executions", 10)) == []


def test_running_a_file_again_keeps_one_agent(terminal: Terminal, tmp_path: Path) -> None:
    path = agent_file(tmp_path)
    for _ in range(2):
        with a_runner(terminal):
            terminal.oma("run", path)
        for run in terminal.client().items("/api/executions", 10):
            terminal.api.platform.store.delete(f"executions/{run['id']}")
    assert [agent["version"] for agent in terminal.client().items("/api/agents", 10)] == [1]


def test_a_log_is_told_to_people_without_anything_that_steers_the_terminal(terminal: Terminal) -> None:
    played(terminal, run_of(terminal)["id"])
    said = terminal.oma("logs", "news")
    assert said.out.splitlines() == [
        "· running",
        "살펴보겠습니다.",
        "→ Bash  ls -la",
        "  │ a",
        "  │ b",
        "  │ �[2J�",
        "  │ d",
        "  │ e",
        "  │ … +2",
        "⇄ news.example.com refused (not on the list)",
        "끝났습니다.",
    ]


def test_a_log_as_json_is_an_event_a_line(terminal: Terminal) -> None:
    played(terminal, run_of(terminal)["id"])
    lines = [json.loads(line) for line in terminal.oma("logs", "news", "-f", "--json").out.splitlines()]
    assert [line["seq"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert lines[3]["output"] == STORY[3]["output"]


def test_a_log_is_followed_to_the_runs_end(terminal: Terminal) -> None:
    run = run_of(terminal)
    with a_runner(terminal):
        said = terminal.oma("logs", run["id"][:9], "--follow")
    assert "끝났습니다." in said.out
    assert "succeeded" in said.err


def test_a_waiting_run_is_cancelled_at_once_and_not_twice(terminal: Terminal) -> None:
    run_of(terminal)
    assert "is cancelled" in terminal.oma("cancel", "news").err
    again = terminal.oma("cancel", "news")
    assert (again.code, again.err) == (1, "The run has ended already.")


def test_a_retry_is_a_new_run_linked_to_the_old_one(terminal: Terminal) -> None:
    run = run_of(terminal)
    assert terminal.oma("retry", run["id"]).code == 1  # it has not ended
    played(terminal, run["id"])
    again = json.loads(terminal.oma("retry", run["id"], "--json").out)
    assert (again["retryOf"], again["trigger"]) == (run["id"], "retry")


def test_runs_are_listed_and_shown(terminal: Terminal) -> None:
    assert "no runs yet" in terminal.oma("ls", "runs").err
    run = run_of(terminal)
    played(terminal, run["id"])
    row = terminal.oma("ls", "runs").out.split("\t")
    assert row[:3] == [run["id"][:10], "news", "succeeded"]
    shown = terminal.oma("show", run["id"])
    assert "demo model, not Claude" in shown.out
    assert shown.out.endswith("끝났습니다.\n")


def test_an_agent_without_runs_is_said_so(terminal: Terminal) -> None:
    terminal.client().post("/api/agents", {"name": "a", "finalPrompt": "b", "slug": "news"})
    said = terminal.oma("logs", "news")
    assert (said.code, said.err) == (1, "news has not run yet.")


def test_following_goes_on_where_it_was_when_the_platform_comes_back(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "GRACE_SECONDS", 0.0)
    run = run_of(terminal)
    runner = terminal.api.claimed(run["id"])
    runner.post("events", fromSeq=1, events=STORY[:2])
    here = Place(terminal.url, terminal.key)
    places = iter([here, here, Place("http://127.0.0.1:9", "x"), Place("http://127.0.0.1:9", "x")])
    away: list[bool] = []
    seen = []
    for found in following.events(Client(lambda: next(places, here), "en"), run["id"], away=away.append):
        if found is not None:
            seen.append(found["seq"])
        elif away == [] and len(seen) == 2:
            runner.post("events", fromSeq=3, events=STORY[2:])
        elif seen[-1] == 6:
            terminal.api.ended(run["id"])
    assert seen == [1, 2, 3, 4, 5, 6]
    assert away == [True, False]


def test_following_gives_up_on_a_platform_that_stays_away(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PATIENCE_SECONDS", 0.5)
    client = Client(lambda: Place("http://127.0.0.1:9", "x"), "en")
    with pytest.raises(Unreachable):
        list(following.events(client, "x_1"))


def test_following_a_run_that_does_not_exist_is_refused_at_once(terminal: Terminal) -> None:
    with pytest.raises(Refused):
        list(following.events(terminal.client(), "x_1"))


def test_following_ends_when_it_is_told_to(terminal: Terminal) -> None:
    stop = threading.Event()
    stop.set()
    assert list(following.events(terminal.client(), run_of(terminal)["id"], stop=stop)) == []

"""However a run ends, nothing of it is left, and what it did is kept."""

from __future__ import annotations

import os
import signal
import time

from ohmyagent.runner.bubblewrap import FIRST_UID
from tests.isolation.harness import Identity, alive, bash, finished, prompt, running, said

SLEEP = bash("echo begun; for i in $(seq 600); do read -t 0.1 <> <(:) || true; done")
IMMUNE = bash("trap '' TERM INT HUP; echo begun; while :; do :; done")
ESCAPED = bash("setsid nohup sh -c 'while :; do :; done' >/dev/null 2>&1 & echo started")


def test_a_run_ends_well_and_leaves_its_files_events_and_usage(identity: Identity, home: str) -> None:
    step = bash("mkdir -p output data; echo 안녕 > output/report.md; cat input.txt > data/copy.txt; cat data/old.txt")
    options = {"input": "what to do", "workspace": [("data/old.txt", b"from the last run")]}
    run = finished(identity, home, step, said("all done"), **options)
    report = run.platform.report
    assert (report["outcome"], report["result"], report["errorCode"]) == ("succeeded", "all done", None)
    assert run.outputs() == ["from the last run"]
    assert [file["path"] for file in report["workspace"]["files"]] == [
        "data/copy.txt", "data/old.txt", "output/report.md",
    ]  # fmt: skip
    assert [(file["path"], file["bytes"]) for file in report["artifacts"]] == [("report.md", 7)]
    assert {file["sha256"] for file in report["workspace"]["files"]} <= run.platform.files.keys()
    assert [event["seq"] for event in run.platform.events] == list(range(1, report["lastSeq"] + 1))
    assert run.platform.of_type("usage")[-1]["tokenUsage"]["output"] > 0


def test_a_file_of_an_earlier_run_is_no_artifact_of_this_one(anyone: Identity, home: str) -> None:
    run = finished(anyone, home, bash("echo new > output/new.txt"), workspace=[("output/old.txt", b"old")])
    assert [file["path"] for file in run.platform.report["artifacts"]] == ["new.txt"]


def test_a_cancelled_run_is_gone_and_keeps_its_events(identity: Identity, home: str) -> None:
    with running(identity, home, prompt=prompt(SLEEP)) as run:
        run.until_tool_called()
        inside = run.descendants()
        run.platform.cancel = True
        assert run.wait(30) == 0
        assert not alive(inside)
        report = run.platform.report
        assert (report["outcome"], report["workspace"], report["artifacts"]) == ("cancelled", None, [])
        assert report["cli"]["terminalReason"] == "aborted_tools"
        assert run.platform.of_type("tool_call")
        assert run.platform.of_type("usage"), "an interrupt lets the CLI say what it used"


def test_a_loop_that_ignores_every_signal_is_killed_at_the_time_limit(identity: Identity, home: str) -> None:
    with running(identity, home, prompt=prompt(IMMUNE), timeoutSeconds=6) as run:
        run.until_tool_called()
        inside = run.descendants()
        assert run.wait() == 0
        assert not alive(inside)
        assert (run.platform.report["outcome"], run.platform.report["errorCode"]) == ("timed_out", "timeout")


def test_what_a_tool_left_running_is_gone_with_the_run(identity: Identity, home: str) -> None:
    with running(identity, home, prompt=prompt(ESCAPED, SLEEP)) as run:
        run.until_tool_called(2)
        inside = run.descendants()
        run.platform.cancel = True
        assert run.wait() == 0
        assert not alive(inside)


def test_kill_9_of_the_runner_ends_the_sandbox(identity: Identity, home: str) -> None:
    with running(identity, home, prompt=prompt(ESCAPED, IMMUNE)) as run:
        run.until_tool_called(2)
        inside = run.descendants()
        os.kill(run.process.pid, signal.SIGKILL)
        run.until(lambda: not alive(inside), 20)


def test_a_runner_without_a_platform_stops_itself_and_leaves_nothing(identity: Identity, home: str) -> None:
    with running(identity, home, prompt=prompt(SLEEP), orphanSeconds=1) as run:
        run.until_tool_called()
        inside = run.descendants()
        run.platform.outage = True
        start = time.monotonic()
        assert run.wait() == 1
        assert time.monotonic() - start > 0.8
        assert not alive(inside)
        assert not run.platform.finished


def test_a_platform_that_comes_back_loses_no_event(identity: Identity, home: str) -> None:
    steps = [bash(f"echo {number}") for number in range(6)]
    with running(identity, home, prompt=prompt(*steps)) as run:
        run.until(lambda: run.platform.of_type("tool_call"))
        run.platform.outage = True
        time.sleep(1.5)
        run.platform.outage = False
        assert run.wait() == 0
        assert run.outputs() == [str(number) for number in range(6)]
        assert run.platform.report["lastSeq"] == len(run.platform.events)


def test_a_runner_whose_execution_was_taken_away_kills_and_says_nothing(identity: Identity, home: str) -> None:
    for status in (409, 403, 410):
        with running(identity, home, prompt=prompt(SLEEP)) as run:
            run.until_tool_called()
            inside = run.descendants()
            run.platform.statuses["events"] = status
            assert run.wait() == 0
            assert not alive(inside)
            assert not run.platform.finished


def test_a_claim_that_is_refused_is_nothing_to_do(anyone: Identity, home: str) -> None:
    for status in (404, 409, 410):
        with running(anyone, home) as run:
            run.platform.statuses["claim"] = status
            assert run.wait() == 0
            assert not run.platform.batches


def test_a_runner_that_is_told_to_stop_ends_its_run_in_order(anyone: Identity, home: str) -> None:
    with running(anyone, home, prompt=prompt(SLEEP)) as run:
        run.until_tool_called()
        run.process.terminate()
        assert run.wait() == 0
        assert (run.platform.report["outcome"], run.platform.report["errorCode"]) == ("failed", "killed")


def test_a_heartbeat_comes_while_nothing_happens(anyone: Identity, home: str) -> None:
    with running(anyone, home, prompt=prompt(SLEEP)) as run:
        run.until_tool_called()
        run.until(lambda: sum(not batch["events"] for _, batch in run.platform.batches) >= 2)


def test_no_process_of_an_agent_is_root_outside(identity: Identity, home: str) -> None:
    with running(identity, home, prompt=prompt(SLEEP), slot=3) as run:
        run.until_tool_called()
        owners = {os.stat(f"/proc/{pid}").st_uid for pid in run.descendants()}
        assert owners == {FIRST_UID + 3 if identity.name == "root" else identity.uid or os.geteuid()}


def test_the_sandboxs_agent_that_kills_everything_it_can_ends_its_own_run_alone(identity: Identity, home: str) -> None:
    run = finished(identity, home, bash("kill -9 -1"))
    assert (run.platform.report["outcome"], run.platform.report["errorCode"]) == ("failed", "killed")
    assert run.platform.report["cli"]["exitCode"] in (137, -9)

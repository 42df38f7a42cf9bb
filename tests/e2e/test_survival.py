"""`kill -9` at bad moments: no event, token or agent is lost, and every run ends."""

import os
import signal
import time

import pytest

from tests.platform_process import PlatformProcess
from tests.scripted import bash, script, until_event

pytestmark = pytest.mark.sandbox


def test_a_run_outlives_the_platform_and_its_log_goes_on_where_it_was(scripted):
    steps = (bash("for i in 1 2 3 4 5 6 7 8; do echo zeile $i; sleep 0.5; done"), {"text": "fertig"})
    agent = scripted.agent(finalPrompt=script(*steps, out=11))
    execution = scripted.run(agent)
    until_event(scripted, execution["id"], "tool_call")
    before = scripted.events(execution["id"])
    scripted.kill()
    time.sleep(3)
    scripted.start()
    ended = scripted.until(execution["id"])
    events = scripted.events(execution["id"])
    assert (ended["status"], ended["result"]) == ("succeeded", "fertig")
    assert ended["tokenUsage"]["output"] == 22
    assert events[: len(before)] == before
    assert [event["seq"] for event in events] == list(range(1, ended["lastSeq"] + 1))
    assert scripted.ask("GET", f"/api/agents/{agent['id']}")["totalRuns"] == 1


def test_a_model_call_cut_by_the_platforms_death_is_charged_and_flagged_and_the_run_goes_on(scripted, upstream):
    agent = scripted.agent(finalPrompt=script({"text": "lange " * 80}, hang_mid=8, times=1, out=30))
    execution = scripted.run(agent)
    deadline = time.monotonic() + 60
    while not upstream.model_calls():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1)  # some of the answer is through the gateway by then
    scripted.kill()
    scripted.start()
    ended = scripted.until(execution["id"], seconds=90)
    assert ended["status"] == "succeeded"
    assert ended["costPartial"]
    assert ended["costMicroUsd"] > 0


def test_a_dead_runner_takes_its_sandbox_along_and_the_run_ends_as_lost(scripted):
    agent = scripted.agent(finalPrompt=script(bash("while true; do :; done"), out=5))
    execution = scripted.run(agent)
    until_event(scripted, execution["id"], "tool_call")
    [runner] = scripted.runners()
    children = tree(runner)
    os.kill(runner, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while left := [pid for pid in children if alive(pid)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.02)
    ended = scripted.until(execution["id"])
    assert (ended["status"], ended["errorCode"]) == ("failed", "lost")
    assert ended["tokenUsage"]["output"] == 5
    again = scripted.agent(name="다음", finalPrompt=script({"text": "geht"}))
    assert scripted.until(scripted.run(again)["id"])["status"] == "succeeded"


def test_a_queued_run_survives_the_platform(scripted):
    agent = scripted.agent(finalPrompt=script(bash("sleep 1; echo a"), {"text": "eins"}))
    runs = [scripted.run(agent)["id"] for _ in range(3)]
    scripted.kill()
    scripted.start()
    assert [scripted.until(run)["status"] for run in runs] == ["succeeded"] * 3


def test_without_a_platform_the_runner_stops_by_itself(scripted):
    agent = scripted.agent(finalPrompt=script(bash("while true; do :; done")))
    execution = scripted.run(agent)
    until_event(scripted, execution["id"], "tool_call")
    [runner] = scripted.runners()
    children = tree(runner)
    scripted.kill()
    killed = time.monotonic()
    while any(alive(pid) for pid in [runner, *children]) and time.monotonic() < killed + 120:
        time.sleep(0.2)
    assert 25 < time.monotonic() - killed < 120
    scripted.start()
    assert scripted.until(execution["id"])["errorCode"] == "lost"


def test_a_second_platform_on_the_same_data_is_refused(scripted):
    with pytest.raises(AssertionError, match=r"실행 중|running"):
        PlatformProcess(scripted.data, {"LANG": "C.UTF-8"}).start()


def tree(pid: int) -> list[int]:
    """The process and all below it."""
    found = [pid]
    for parent in found:
        try:
            with open(f"/proc/{parent}/task/{parent}/children") as children:
                found += [int(child) for child in children.read().split()]
        except OSError:
            continue
    return found


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False

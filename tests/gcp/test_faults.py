"""What goes wrong between Google's parts: repetitions, lost answers, killed functions; a run still runs once."""

from typing import Any

import grpc
import pytest

from tests.gcp.cloud import Cloud, until
from tests.scripted import bash, script

pytestmark = [pytest.mark.emulator, pytest.mark.sandbox, pytest.mark.gcp]


def test_a_task_that_is_delivered_twice_starts_one_runner(cloud: Cloud) -> None:
    cloud.tasks.twice = 1
    before = len(cloud.run.executions)
    ended = cloud.until(cloud.request(cloud.agent(finalPrompt=script({"text": "einmal"})))["id"])
    until(lambda: cloud.tasks.twice == 0)
    assert ended["status"] == "succeeded"
    assert len(cloud.run.executions) == before + 1


def test_a_launch_whose_answer_is_lost_still_runs_once(cloud: Cloud) -> None:
    """`run_job` worked and timed out: nobody knows the handle, the claim decides."""
    cloud.wire.fail("RunJob", grpc.StatusCode.DEADLINE_EXCEEDED, done=True)
    before = len(cloud.run.executions)
    ended = cloud.until(cloud.request(cloud.agent(finalPrompt=script({"text": "doch"})))["id"])
    assert (ended["status"], ended["result"], ended["attempt"]) == ("succeeded", "doch", 1)
    assert len(cloud.run.executions) == before + 1
    ((task, entry),) = [
        (name, entry)
        for name, entry in cloud.tasks.entries.items()
        if entry.task.http_request.body.find(b"launch") >= 0
    ][-1:]
    until(lambda: entry.statuses[-1:] == [204])
    assert entry.statuses[0] == 503, task


def test_a_task_that_finds_nobody_comes_again(cloud: Cloud) -> None:
    cloud.tasks.unreachable = 3
    ended = cloud.until(cloud.request(cloud.agent(finalPrompt=script({"text": "spät"})))["id"])
    assert ended["status"] == "succeeded"


def test_an_answer_of_the_launch_that_is_lost_starts_nothing_twice(cloud: Cloud) -> None:
    cloud.street.lose["launch"] = 1
    before = len(cloud.run.executions)
    ended = cloud.until(cloud.request(cloud.agent(finalPrompt=script({"text": "eins"})))["id"])
    until(lambda: cloud.street.lose["launch"] == 0)
    assert ended["status"] == "succeeded"
    assert len(cloud.run.executions) == before + 1


def test_a_run_outlives_the_functions_that_it_reports_to(cloud: Cloud) -> None:
    agent = cloud.agent(finalPrompt=script(bash("sleep 15; echo da"), {"text": "überlebt"}))
    asked = cloud.request(agent)
    # once its runner has its claim: whoever loses that answer has lost the run, which the sweep then ends
    until(lambda: cloud.ask("executions", "GET", f"/api/executions/{asked['id']}/events?after=0")["items"])
    cloud.kill("runner")
    cloud.kill("executions")
    for name in ("runner", "executions"):
        cloud.boot(name)
        cloud.wait_for(name)
    ended: dict[str, Any] = cloud.until(asked["id"])
    assert (ended["status"], ended["result"]) == ("succeeded", "überlebt"), ended


def test_a_launcher_that_is_killed_is_asked_again(cloud: Cloud) -> None:
    cloud.kill("launch")
    asked = cloud.request(cloud.agent(finalPrompt=script({"text": "wieder"})))
    until(lambda: any(0 in entry.statuses or 503 in entry.statuses for entry in cloud.tasks.entries.values()))
    cloud.boot("launch")
    ended = cloud.until(asked["id"])
    assert (ended["status"], ended["result"]) == ("succeeded", "wieder")


def test_a_runner_that_is_killed_ends_its_run_as_lost(cloud: Cloud) -> None:
    asked = cloud.request(cloud.agent(finalPrompt=script(bash("sleep 120"), {"text": "nie"})))
    cloud.until(asked["id"], "running")
    (execution,) = list(cloud.run.executions.values())[-1:]
    (process,) = execution.processes
    assert process is not None
    process.kill()

    def lost() -> bool:
        cloud.knock()
        return str(cloud.execution(asked["id"])["status"]) == "failed"

    until(lost, seconds=120, pause=2.0)
    assert cloud.execution(asked["id"])["errorCode"] == "lost"

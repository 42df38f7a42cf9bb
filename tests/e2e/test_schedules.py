"""Schedules on the clock on the wall: agents start by themselves, once, whatever happens to the platform meanwhile."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from ohmyagent.wiring import LOOK_AHEAD
from tests.platform_process import Json, PlatformProcess
from tests.scripted import script

pytestmark = pytest.mark.sandbox

EVERY_MINUTE = {"cron": "* * * * *", "timezone": "Asia/Seoul"}
MINUTE = timedelta(minutes=1)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def due(platform: PlatformProcess, agent: Json) -> list[Json]:
    """The agent's executions of due instants, oldest first."""
    found = platform.ask("GET", f"/api/executions?agentId={agent['id']}")["items"]
    return sorted((run for run in found if run["dueTime"]), key=lambda run: str(run["dueTime"]))


def due_at(platform: PlatformProcess, agent: Json, when: datetime, seconds: float = 90) -> Json:
    """The execution of that instant, once there is one."""
    deadline = time.monotonic() + seconds
    while True:
        for run in due(platform, agent):
            if instant(run["dueTime"]) == when:
                return run
        assert time.monotonic() < deadline, f"nothing ran at {when}\n{platform.log.read_text()[-3000:]}"
        time.sleep(0.1)


def sleep_until(when: datetime) -> None:
    time.sleep(max(0.0, (when - datetime.now(UTC)).total_seconds()))


def minutely(platform: PlatformProcess) -> tuple[Json, datetime]:
    """An agent that comes due every minute, and its first instant, at least twelve seconds from now."""
    if datetime.now(UTC).second >= 48:
        sleep_until(datetime.now(UTC).replace(second=0) + MINUTE)
    agent = platform.agent(finalPrompt=script({"text": "fertig"}, out=9), schedule=EVERY_MINUTE)
    return agent, instant(agent["nextRunAt"])


def test_an_agent_runs_by_itself_on_time(scripted: PlatformProcess) -> None:
    agent, first = minutely(scripted)
    sleep_until(first)

    run = scripted.until(due_at(scripted, agent, first)["id"])

    assert (run["status"], run["trigger"], run["result"]) == ("succeeded", "schedule", "fertig")
    assert first <= instant(run["startTime"]) < first + MINUTE
    agent = scripted.ask("GET", f"/api/agents/{agent['id']}")
    assert instant(agent["nextRunAt"]) in (first + MINUTE, first + 2 * MINUTE)


def test_an_instant_that_falls_into_the_platforms_death_runs_once_when_it_is_back(scripted: PlatformProcess) -> None:
    agent, first = minutely(scripted)
    sleep_until(first - LOOK_AHEAD - timedelta(seconds=2))
    scripted.kill()
    sleep_until(first + timedelta(seconds=3))
    scripted.start()

    run = scripted.until(due_at(scripted, agent, first)["id"])

    assert (run["status"], run["trigger"], run["tokenUsage"]["output"]) == ("succeeded", "schedule", 9)
    assert instant(run["createdAt"]) > first + timedelta(seconds=3)
    scripted.kill()
    scripted.start()
    time.sleep(3)
    assert [instant(found["dueTime"]) for found in due(scripted, agent)].count(first) == 1
    deadline = time.monotonic() + 60  # the next minute's run may be under way
    while scripted.ask("GET", f"/api/agents/{agent['id']}")["totalRuns"] != len(due(scripted, agent)):
        assert time.monotonic() < deadline
        time.sleep(0.5)

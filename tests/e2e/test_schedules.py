"""Schedules on the clock on the wall: agents start by themselves, once, whatever happens to the platform meanwhile."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from ohmyagent.wiring import LOOK_AHEAD
from tests.fake_anthropic import FakeAnthropic
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


def until_a_fresh_minute() -> None:
    """So that the next one is far enough for two agents to be made and a platform to be killed before it."""
    if datetime.now(UTC).second >= 40:
        sleep_until(datetime.now(UTC).replace(second=0) + MINUTE)


def minutely(platform: PlatformProcess) -> Json:
    """An agent that comes due every minute."""
    return platform.agent(finalPrompt=script({"text": "fertig"}, out=9), schedule=EVERY_MINUTE)


@dataclass
class Evening:
    """One minute of the clock on the wall, for a platform that lives and for one that is dead when the minute comes."""

    first: datetime
    living: PlatformProcess
    agent: Json
    killed: PlatformProcess
    killed_agent: Json


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    with FakeAnthropic() as model:
        environment = {"ANTHROPIC_BASE_URL": model.url, "ANTHROPIC_API_KEY": "test-key"}
        folder = tmp_path_factory.mktemp("evening")
        living, killed = (PlatformProcess(folder / name, environment).start() for name in ("living", "killed"))
        try:
            until_a_fresh_minute()
            agent, killed_agent = minutely(living), minutely(killed)
            first = instant(agent["nextRunAt"])
            sleep_until(first - LOOK_AHEAD - timedelta(seconds=2))
            killed.kill()
            sleep_until(first + timedelta(seconds=3))
            killed.start()
            yield Evening(first, living, agent, killed, killed_agent)
        finally:
            living.end()
            killed.end()


def test_an_agent_runs_by_itself_on_time(evening: Evening) -> None:
    platform, agent, first = evening.living, evening.agent, evening.first

    run = platform.until(due_at(platform, agent, first)["id"])

    assert (run["status"], run["trigger"], run["result"]) == ("succeeded", "schedule", "fertig")
    assert first <= instant(run["startTime"]) < first + MINUTE
    agent = platform.ask("GET", f"/api/agents/{agent['id']}")
    assert instant(agent["nextRunAt"]) > first


def test_an_instant_that_falls_into_the_platforms_death_runs_once_when_it_is_back(evening: Evening) -> None:
    platform, agent, first = evening.killed, evening.killed_agent, evening.first
    assert instant(agent["nextRunAt"]) == first

    run = platform.until(due_at(platform, agent, first)["id"])

    assert (run["status"], run["trigger"], run["tokenUsage"]["output"]) == ("succeeded", "schedule", 9)
    assert instant(run["createdAt"]) > first + timedelta(seconds=3)
    platform.kill()
    platform.start()
    time.sleep(3)
    assert [instant(found["dueTime"]) for found in due(platform, agent)].count(first) == 1
    deadline = time.monotonic() + 60  # the next minute's run may be under way
    while platform.ask("GET", f"/api/agents/{agent['id']}")["totalRuns"] != len(due(platform, agent)):
        assert time.monotonic() < deadline
        time.sleep(0.5)

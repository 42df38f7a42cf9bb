"""A clock that is set back makes instants come again: what has its document keeps it, what has none gets one."""

import random
from datetime import UTC, datetime, timedelta

from ohmyagent.domain.agents import AgentDraft
from ohmyagent.domain.errors import Unavailable
from ohmyagent.ports import Task
from ohmyagent.use_cases import designing, ticking
from tests.faults import checker
from tests.faults.chaos import Chaos
from tests.faults.ledgers import Time
from tests.faults.machine import Machine
from tests.faults.platform import Platform
from tests.faults.simulation import History, folder

HOURLY = {"cron": "0 * * * *", "timezone": "UTC"}


def test_missed_instants_after_one_that_has_a_document_have_theirs_too(tmp_path):
    time = Time(datetime(2026, 11, 20, 11, 30, tzinfo=UTC))
    rng = random.Random(1)
    platform = Platform(tmp_path, time, Chaos(rng), Machine(rng), ticking.Clock())
    user = platform.user("u", "owner")
    draft = AgentDraft.model_validate({"name": "뉴스", "finalPrompt": "요약해 줘", "schedule": HOURLY})
    agent = designing.create(platform.real, platform.models, user, draft, now=time.now)
    time.true += timedelta(minutes=31)
    platform.tick()
    time.skew = timedelta(minutes=-20)
    changed = agent.draft.replace(schedule=agent.schedule.replace(cron="*/30 * * * *"))
    designing.save(platform.real, platform.models, user, agent.id, changed, now=time.now)
    time.true += timedelta(hours=3)
    platform.tick()
    found = list(checker.everything(platform, "executions"))
    assert [v for v in checker.check(platform) if "has no document" in v] == []
    assert sorted((item["status"], item["span"]["count"] if item["span"] else 1) for item in found) == [
        ("missed", 5), ("queued", 1),
    ]  # fmt: skip
    platform.close()


def test_a_task_that_failed_before_the_clock_was_set_back_comes_again_when_it_has_caught_up():
    """As in seed 951 of the first histories: its pause is over by a clock that is an hour behind."""
    tries = []

    def fails_once(task):
        tries.append(task.name)
        if len(tries) == 1:
            raise Unavailable()
        history.platform.ledgers.handled.add((task.kind, task.name))

    with folder() as place:
        history = History(1, place)
        platform = history.platform
        history._pacify(True)
        real, platform.handlers = platform.handlers, {"check": fails_once}
        platform.queue.enqueue(Task("check", "t-1"))
        history.time.true += timedelta(hours=2)
        platform.work(1)
        history.time.skew = timedelta(hours=-1)
        platform.work(9)
        assert [task.name for task in checker.owed(platform)] == tries == ["t-1"]
        platform.handlers = real | {"check": fails_once}
        history._drain()
        assert checker.owed(platform) == []
        assert tries.count("t-1") == 2
        platform.close()


def test_a_schedule_that_counts_for_a_moment_only_is_noticed(tmp_path):
    """As in seed 1421: between two edits a tick may have made a run by it."""
    time, rng = Time(datetime(2026, 11, 20, 11, 30, tzinfo=UTC)), random.Random(1)
    platform = Platform(tmp_path, time, Chaos(rng), Machine(rng), ticking.Clock())
    user = platform.user("u", "owner")
    draft = AgentDraft.model_validate({"name": "뉴스", "finalPrompt": "요약해 줘", "schedule": HOURLY})
    agent = designing.create(platform.real, platform.models, user, draft, now=time.now)
    for cron in ("*/30 * * * *", "0 * * * *"):
        changed = agent.draft.replace(schedule=agent.schedule.replace(cron=cron))
        designing.save(platform.real, platform.models, user, agent.id, changed, now=time.now)
    assert [activity.schedule.cron for activity in platform.ledgers.activities] == [
        "0 * * * *",
        "*/30 * * * *",
        "0 * * * *",
    ]
    platform.close()

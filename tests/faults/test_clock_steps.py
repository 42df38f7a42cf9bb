"""A clock that is set back makes instants come again: what has its document keeps it, what has none gets one."""

import random
from datetime import UTC, datetime, timedelta

from ohmyagent.domain.agents import AgentDraft
from ohmyagent.use_cases import designing, ticking
from tests.faults import checker
from tests.faults.chaos import Chaos
from tests.faults.ledgers import Time
from tests.faults.machine import Machine
from tests.faults.platform import Platform

HOURLY = {"cron": "0 * * * *", "timezone": "UTC"}


def test_missed_instants_after_one_that_has_a_document_have_theirs_too(tmp_path):
    time = Time(datetime(2026, 11, 20, 11, 30, tzinfo=UTC))
    rng = random.Random(1)
    platform = Platform(tmp_path, time, Chaos(rng), Machine(rng), ticking.Clock())
    user = platform.user("u", "owner")
    draft = AgentDraft.model_validate({"name": "뉴스", "finalPrompt": "요약해 줘", "schedule": HOURLY})
    agent = designing.create(platform.real, platform.models, user, draft, now=time.now)
    platform.look()
    time.true += timedelta(minutes=31)
    platform.tick()
    time.skew = timedelta(minutes=-20)
    changed = agent.draft.replace(schedule=agent.schedule.replace(cron="*/30 * * * *"))
    designing.save(platform.real, platform.models, user, agent.id, changed, now=time.now)
    platform.look()
    time.true += timedelta(hours=3)
    platform.tick()
    found = list(checker.everything(platform, "executions"))
    assert [v for v in checker.check(platform) if "has no document" in v] == []
    assert sorted((item["status"], item["span"]["count"] if item["span"] else 1) for item in found) == [
        ("missed", 5), ("queued", 1),
    ]  # fmt: skip
    platform.close()

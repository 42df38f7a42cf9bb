"""Schedules are looked at whenever an agent is saved: by themselves, and against the plan."""

import pytest

from ohmyagent import records
from ohmyagent.domain.agents import AgentDraft
from ohmyagent.domain.errors import Invalid
from ohmyagent.domain.schedules import OnHoliday, Schedule
from ohmyagent.use_cases import designing

HOURLY, TWICE_AN_HOUR = Schedule(cron="0 * * * *"), Schedule(cron="*/30 * * * *")


def refused(save):
    with pytest.raises(Invalid) as caught:
        save()
    return [error.field for error in caught.value.errors]


def draft(schedule):
    return AgentDraft(name="뉴스", final_prompt="요약해 줘", schedule=schedule)


def test_the_plan_decides_how_often_an_agent_may_come_due(world):
    owner, guest = world.user("u1", "owner"), world.user("u2", "guest")
    designing.create(world.store, world.models, owner, draft(TWICE_AN_HOUR), now=world.now)
    designing.create(world.store, world.models, guest, draft(HOURLY), now=world.now)
    assert refused(lambda: designing.create(world.store, world.models, guest, draft(TWICE_AN_HOUR), now=world.now)) == [
        "schedule.cron"
    ]


def test_a_version_from_a_larger_plan_does_not_come_back_in_a_smaller_one(world):
    owner = world.user()
    agent = designing.create(world.store, world.models, owner, draft(TWICE_AN_HOUR), now=world.now)
    designing.save(world.store, world.models, owner, agent.id, draft(HOURLY), now=world.now)
    guest = records.users.put(world.store, owner.id, owner.replace(plan="guest"))
    assert refused(lambda: designing.rollback(world.store, world.models, guest, agent.id, 1, now=world.now)) == [
        "schedule.cron"
    ]
    assert designing.find(world.store, guest, agent.id).schedule == HOURLY


def test_fields_that_contradict_each_other_are_refused_by_name(world):
    nowhere = HOURLY.replace(on_holiday=OnHoliday.SKIP)
    assert refused(
        lambda: designing.create(world.store, world.models, world.user(), draft(nowhere), now=world.now)
    ) == ["schedule.calendar"]

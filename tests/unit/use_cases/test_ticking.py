"""Due instants: each becomes one document, whatever happens to the tick, the schedule or the agent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from ohmyagent import records
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.domain.agents import AgentStatus
from ohmyagent.domain.errors import Invalid, NotFound
from ohmyagent.domain.executions import Status
from ohmyagent.ports import Where
from ohmyagent.use_cases import designing, running, ticking
from ohmyagent.use_cases.running.logs import members
from ohmyagent.use_cases.ticking import Clock

HOURLY = {"cron": "0 * * * *", "timezone": "Asia/Seoul"}


@pytest.fixture
def user(world):
    return world.user()


@pytest.fixture
def agent(world, user):
    world.now = world.now.replace(minute=30)
    return world.agent(user, schedule=HOURLY)


def tick(world, clock=None):
    return ticking.tick(world.store, world.queue, world.models, clock or Clock(), world.now)


def found(world, agent):
    owned = (Where("agentId", "==", agent.id), Where("userId", "==", agent.user_id))
    return records.executions.page(world.store, *owned, newest="createdAt")[0]


def test_a_schedule_is_set_when_the_agent_is_made_and_comes_due_once(world, user, agent):
    assert agent.next_run_at == world.now.replace(hour=13, minute=0)
    assert tick(world).runs == 0
    world.later(minutes=30, seconds=1)
    assert tick(world).runs == 1
    assert tick(world).runs == 0
    [run] = found(world, agent)
    assert (run.status, run.trigger, run.due_time) == (Status.QUEUED, "schedule", world.now.replace(second=0))
    assert designing.find(world.store, user, agent.id).next_run_at == world.now.replace(hour=14, second=0)


def test_ticks_at_once_make_one_run(world, agent):
    world.later(minutes=30)
    with ThreadPoolExecutor(8) as ticks:
        list(ticks.map(lambda _: tick(world), range(8)))
    assert len(found(world, agent)) == 1


def test_a_scheduled_run_goes_all_the_way(world, agent):
    world.later(minutes=30)
    tick(world)
    [run] = found(world, agent)
    claim = world.claim(run, world.launch(run))
    world.call(claim)
    assert world.finish(claim).status is Status.SUCCEEDED


def test_missed_hours_share_one_document_and_nothing_runs_late(world, agent):
    world.later(hours=5)
    done = tick(world)
    assert (done.runs, done.missed) == (0, 1)
    [missed] = found(world, agent)
    assert (missed.status, missed.span.count) == (Status.MISSED, 5)
    assert missed.span.until - missed.span.since == timedelta(hours=4)


def test_with_catch_up_the_latest_missed_one_runs(world, user):
    world.now = world.now.replace(minute=30)
    agent = world.agent(user, schedule=HOURLY | {"catchUp": "latest"})
    world.later(hours=5)
    assert tick(world) == ticking.Ticked(runs=1, missed=1, aside=())
    run = next(e for e in found(world, agent) if e.waits)
    assert run.due_time == world.now.replace(minute=0)


def test_within_the_grace_a_late_tick_still_runs_it(world, agent):
    world.later(minutes=34)
    assert tick(world).runs == 1


def test_an_instant_while_the_last_run_goes_on_is_skipped_by_name_or_waits(world, user, agent):
    world.started(user, agent)
    world.later(minutes=30)
    tick(world)
    run = next(e for e in found(world, agent) if e.due_time)
    running.launch(world.store, world.jobs, run.launch_id, world.pace, world.now)
    assert world.execution(run.id).error_code == "overlap"
    patient = world.agent(user, name="기다림", schedule=HOURLY | {"overlap": "queue"})
    world.started(user, patient)
    world.later(hours=1)
    tick(world)
    run = next(e for e in found(world, patient) if e.due_time)
    running.launch(world.store, world.jobs, run.launch_id, world.pace, world.now)
    assert world.execution(run.id).status is Status.QUEUED


def test_editing_sets_the_clock_anew_and_never_fires_at_once(world, user, agent):
    world.later(hours=1)
    draft = agent.draft.replace(schedule=agent.schedule.replace(cron="15 * * * *"))
    after = designing.save(world.store, world.models, user, agent.id, draft, now=world.now)
    assert after.next_run_at == world.now.replace(minute=15) + timedelta(hours=1)
    assert tick(world).runs == 0
    assert [(e.status, e.error_code) for e in found(world, agent)] == [(Status.SKIPPED, "schedule_changed")]


def test_another_edit_leaves_the_clock_alone(world, user, agent):
    draft = agent.draft.replace(name="새 이름")
    world.later(minutes=30)
    after = designing.save(world.store, world.models, user, agent.id, draft, now=world.now)
    assert after.next_run_at == agent.next_run_at
    assert tick(world).runs == 1


def test_time_paused_is_one_interval(world, user, agent):
    paused_at = world.now
    for status in (AgentStatus.PAUSED, AgentStatus.ACTIVE):
        draft = designing.find(world.store, user, agent.id).draft.replace(status=status)
        designing.save(world.store, world.models, user, agent.id, draft, now=world.now)
        if status is AgentStatus.PAUSED:
            assert tick(world).runs == 0
            world.later(hours=7)
    [pause] = found(world, agent)
    assert (pause.error_code, pause.span.since, pause.span.until) == ("paused", paused_at, world.now)
    assert designing.find(world.store, user, agent.id).paused_at is None


def test_a_run_made_ahead_of_its_time_is_skipped_with_the_pause(world, user, agent):
    world.later(minutes=29, seconds=30)
    assert tick(world, Clock(ahead=timedelta(seconds=60))).runs == 1
    [run] = found(world, agent)
    assert run.due_time > world.now
    draft = designing.find(world.store, user, agent.id).draft.replace(status=AgentStatus.PAUSED)
    designing.save(world.store, world.models, user, agent.id, draft, now=world.now)
    assert world.execution(run.id).error_code == "paused"


def test_deleting_stops_the_schedule_in_the_same_transaction(world, user, agent):
    designing.delete(world.store, user, agent.id, now=world.now)
    world.later(hours=3)
    assert tick(world).runs == 0
    assert records.agents.get(world.store, agent.id).next_run_at is None


def test_what_is_due_together_shares_launches_of_the_size_allowed(world, user):
    world.now = world.now.replace(minute=30)
    agents = [world.agent(user, name=f"에이전트 {n}", schedule=HOURLY) for n in range(7)]
    world.later(minutes=30)
    assert tick(world, Clock(batch=3)).runs == 7
    runs = [found(world, agent)[0] for agent in agents]
    assert sorted(len([r for r in runs if r.launch_id == id]) for id in {r.launch_id for r in runs}) == [1, 3, 3]
    for run in runs:
        assert members(world.store, run.launch_id)[run.launch_index] == run.id


def test_a_due_run_asks_the_store_for_two_documents_and_writes_four_at_most(world, user):
    world.now = world.now.replace(minute=30)
    for number in range(6):
        world.agent(world.user(f"v{number}", "guest"), schedule=HOURLY)
    world.later(minutes=30)
    asked = []

    def counted(work):
        def noted(tx):
            result = work(tx)
            asked.append((len(tx.read) + len(tx.glanced), len(tx.writes | tx.read)))
            return result

        return SqliteStore.transact(world.store, noted)

    world.store.transact = counted
    assert tick(world, Clock(timedelta(0), 100)).runs == 6
    [(reads, writes)] = asked
    assert (reads, writes) == (2 * 6, 3 * 6 + 1)  # agent, day; agent, day, run; one launch


def test_a_plan_that_grows_counts_at_once_and_a_smaller_one_from_the_next_day(world):
    world.now = world.now.replace(hour=0, minute=30)
    agent = world.agent(world.user("v", "guest"), schedule=HOURLY)
    world.later(minutes=31)

    def ran(hours):
        for _ in range(hours):
            tick(world)
            world.later(hours=1)
        statuses = [run.status for run in sorted(found(world, agent), key=lambda run: run.due_time)[-hours:]]
        return statuses.count(Status.QUEUED), statuses.count(Status.SKIPPED)

    assert ran(7) == (5, 2)
    world.user("v", "approved")
    assert ran(3) == (3, 0)
    world.user("v", "guest")
    assert ran(3) == (3, 0)
    assert ran(10) == (10, 0)
    assert ran(7) == (5, 2)


def test_more_agents_than_a_page_are_all_ticked(world, user):
    world.now = world.now.replace(minute=30)
    for number in range(230):
        world.agent(user, name=f"에이전트 {number}", schedule=HOURLY)
    world.later(minutes=30)
    assert tick(world).runs == 230
    assert tick(world).runs == 0


def test_the_calendar_of_a_day_says_that_a_pause_from_before_goes_on(world, user, agent):
    paused = agent.draft.replace(status=AgentStatus.PAUSED)
    designing.save(world.store, world.models, user, agent.id, paused, now=world.now)
    paused_at = world.now
    world.later(days=3)
    yesterday, tomorrow = world.now - timedelta(days=1), world.now + timedelta(days=1)
    [entry] = ticking.calendar(world.store, user, agent.id, yesterday, tomorrow, world.now)
    assert (entry.error_code, entry.due_time, entry.span.until) == ("paused", paused_at, world.now)
    assert ticking.calendar(world.store, user, agent.id, world.now, tomorrow, world.now) == []


def test_the_calendar_shows_what_was_missed_from_before_its_first_instant(world, user, agent):
    begin = world.now
    world.later(hours=10)
    tick(world)

    def states(since):
        found = ticking.calendar(world.store, user, agent.id, since, since + timedelta(minutes=5), world.now)
        return [entry.state for entry in found]

    last = begin + timedelta(hours=9, minutes=30)
    assert states(last - timedelta(hours=5)) == states(last) == ["missed"]
    assert states(last + timedelta(minutes=1)) == []


def test_the_calendar_has_no_gaps(world, user, agent):
    begin = world.now
    world.later(hours=3)
    tick(world)
    entries = ticking.calendar(world.store, user, agent.id, begin, begin + timedelta(hours=6), world.now)
    assert [(entry.state, entry.span.count if entry.span else None) for entry in entries] == [
        ("missed", 3), ("planned", None), ("planned", None), ("planned", None),
    ]  # fmt: skip
    with pytest.raises(Invalid):
        ticking.calendar(world.store, user, agent.id, begin, begin, world.now)
    with pytest.raises(NotFound):
        ticking.calendar(world.store, world.user("u2"), agent.id, begin, begin + timedelta(hours=1), world.now)

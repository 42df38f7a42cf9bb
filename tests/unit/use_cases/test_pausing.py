"""Agents that come to nothing stand still with a reason, and go on when it is gone."""

from datetime import UTC, datetime, timedelta

import pytest

from ohmyagent import records
from ohmyagent.domain.agents import AgentStatus
from ohmyagent.domain.errors import Gone
from ohmyagent.domain.pauses import MOST_FAILURES, PausedReason
from ohmyagent.domain.runner import Outcome
from ohmyagent.use_cases import designing, mailing, pausing, running, ticking

HOURLY = {"cron": "0 * * * *", "timezone": "Asia/Seoul"}
CHEAP = {"maxCostMicroUsd": 10_000, "monthlyCostMicroUsd": 20_000}


@pytest.fixture
def user(world):
    return world.user()


@pytest.fixture
def agent(world, user):
    world.now = world.now.replace(minute=30)
    return world.agent(user, schedule=HOURLY)


def now_of(world, agent):
    return records.agents.get(world.store, agent.id)


def ran(world, user, agent, outcome=Outcome.SUCCEEDED, cost=100):
    world.later(minutes=1)
    _, claim = world.started(user, agent)
    world.call(claim, cost=cost)
    return world.finish(claim, outcome, **({} if outcome is Outcome.SUCCEEDED else {"error_code": "agent"}))


def failing(world, user, agent):
    for _ in range(MOST_FAILURES):
        assert now_of(world, agent).paused_reason is None
        ran(world, user, agent, Outcome.FAILED)
    return now_of(world, agent)


def kinds(world, user):
    found, _ = mailing.page(world.store, user, limit=100, cursor=None)
    return [mail.kind.value for mail in reversed(found)]


def calendar(world, user, agent, hours):
    since = world.now - timedelta(hours=hours)
    return ticking.calendar(world.store, user, agent.id, since, world.now + timedelta(hours=1), world.now)


def test_five_failures_in_a_row_stop_the_schedule_and_the_user_hears_of_it(world, user, agent):
    stopped = failing(world, user, agent)
    assert (stopped.paused_reason, stopped.next_run_at, stopped.paused_at) == (PausedReason.FAILURES, None, world.now)
    assert kinds(world, user) == ["failed", "paused"]
    world.later(hours=5)
    assert ticking.tick(world.store, world.queue, world.models, ticking.Clock(), world.now).runs == 0
    [entry] = calendar(world, user, agent, 6)
    assert (entry.state, entry.error_code, entry.span.since) == ("skipped", "failures", stopped.paused_at)


def test_a_success_in_between_begins_the_count_anew(world, user, agent):
    for outcome in [Outcome.FAILED] * 4 + [Outcome.SUCCEEDED] + [Outcome.FAILED] * 4:
        ran(world, user, agent, outcome)
    assert now_of(world, agent).paused_reason is None
    assert now_of(world, agent).failures == 4


def test_a_success_by_hand_lets_it_go_on_and_the_gap_is_one_interval(world, user, agent):
    stopped = failing(world, user, agent)
    world.later(hours=3)
    ran(world, user, agent)
    after = now_of(world, agent)
    assert (after.paused_reason, after.failures, after.paused_at) == (None, 0, None)
    assert after.next_run_at > world.now
    pause = next(entry for entry in calendar(world, user, agent, 4) if entry.error_code == "failures")
    assert (pause.span.since, pause.span.until) == (stopped.paused_at, world.now)
    assert kinds(world, user)[-1] == "recovered"


def test_an_edit_or_resume_lets_it_go_on(world, user, agent):
    stopped = failing(world, user, agent)
    draft = stopped.draft.replace(status=AgentStatus.ACTIVE)
    after = designing.save(world.store, world.models, user, agent.id, draft, now=world.now)
    assert (after.paused_reason, after.failures) == (None, 0)
    assert after.scheduled


def test_without_a_schedule_nothing_stands_still(world, user):
    agent = world.agent(user)
    for _ in range(MOST_FAILURES + 1):
        ran(world, user, agent, Outcome.FAILED)
    assert now_of(world, agent).paused_reason is None


def test_a_run_made_ahead_is_skipped_with_the_reason(world, user, agent):
    for _ in range(MOST_FAILURES - 1):
        ran(world, user, agent, Outcome.FAILED)
    _, claim = world.started(user, agent)
    world.now = agent.next_run_at - timedelta(seconds=20)
    assert (
        ticking.tick(world.store, world.queue, world.models, ticking.Clock(timedelta(minutes=1)), world.now).runs == 1
    )
    [ahead] = now_of(world, agent).planned
    world.finish(claim, Outcome.FAILED, error_code="agent")
    assert (world.execution(ahead).status, world.execution(ahead).error_code) == ("skipped", "failures")


def test_what_waited_in_the_queue_does_not_start_once_the_agent_stands_still(world, user):
    world.now = world.now.replace(minute=30)
    agent = world.agent(user, schedule=HOURLY | {"overlap": "queue"})
    for _ in range(MOST_FAILURES - 1):
        ran(world, user, agent, Outcome.FAILED)
    _, claim = world.started(user, agent)
    world.later(minutes=30)
    ticking.tick(world.store, world.queue, world.models, ticking.Clock(), world.now)
    [waiting] = [e for e in records.executions.page(world.store, newest="createdAt")[0] if e.due_time and e.waits]
    world.finish(claim, Outcome.FAILED, error_code="agent")
    running.launch(world.store, world.jobs, waiting.launch_id, world.pace, world.now)
    assert (world.execution(waiting.id).status, world.execution(waiting.id).error_code) == ("skipped", "failures")
    by_hand = world.request(user, agent)
    world.launch(by_hand)
    assert world.execution(by_hand.id).status == "launching"


def test_a_used_up_month_stops_it_until_the_next_one(world, user):
    world.now = world.now.replace(minute=30)
    agent = world.agent(user, schedule=HOURLY, limits=CHEAP)
    ran(world, user, agent, cost=10_000)
    assert now_of(world, agent).paused_reason is None
    ran(world, user, agent, cost=10_000)
    stopped = now_of(world, agent)
    assert (stopped.paused_reason, stopped.next_run_at) == (PausedReason.BUDGET, None)
    assert kinds(world, user) == ["paused"]
    assert pausing.review(world.store, world.now) == 0
    world.now = datetime(2026, 12, 1, 0, 0, 5, tzinfo=UTC)
    assert pausing.review(world.store, world.now) == 1
    assert pausing.review(world.store, world.now) == 0
    after = now_of(world, agent)
    assert (after.paused_reason, after.next_run_at) == (None, datetime(2026, 12, 1, 1, tzinfo=UTC))
    assert kinds(world, user) == ["paused", "resumed"]
    [pause] = [e for e in records.executions.page(world.store, newest="createdAt")[0] if e.error_code == "budget"]
    assert (pause.status, pause.span.since, pause.span.until) == ("skipped", stopped.paused_at, world.now)


def test_a_raised_limit_lets_it_go_on_when_it_is_saved(world, user):
    agent = world.agent(user, schedule=HOURLY, limits=CHEAP)
    ran(world, user, agent, cost=10_000)
    ran(world, user, agent, cost=10_000)
    stopped = now_of(world, agent)
    same = designing.save(world.store, world.models, user, agent.id, stopped.draft, now=world.now)
    assert same.paused_reason is PausedReason.BUDGET
    limits = stopped.limits.replace(monthly_cost_micro_usd=30_000)  # a whole run more, exactly
    draft = stopped.draft.replace(limits=limits)
    assert designing.save(world.store, world.models, user, agent.id, draft, now=world.now).paused_reason is None


def test_what_is_left_of_a_month_but_too_little_for_a_run_is_used_up(world, user):
    agent = world.agent(user, schedule=HOURLY, limits=CHEAP)
    ran(world, user, agent, cost=10_000)
    ran(world, user, agent, cost=9_000)
    world.later(minutes=1)
    _, claim = world.started(user, agent)
    assert claim.spec.max_cost_micro_usd == 1_000
    world.finish(claim, Outcome.FAILED, error_code="budget")
    assert now_of(world, agent).paused_reason is PausedReason.BUDGET


def test_an_agent_whose_user_is_gone_stands_still_until_they_are_back(world, user, agent):
    execution = world.request(user, agent)
    records.users.delete(world.store, user.id)
    nonce = world.launch(execution)
    with pytest.raises(Gone):
        world.claim(execution, nonce)
    assert world.execution(execution.id).error_code == "user_deleted"
    assert now_of(world, agent).paused_reason is PausedReason.USER_DELETED
    assert pausing.review(world.store, world.now) == 0
    world.user(user.id)
    assert pausing.review(world.store, world.now) == 1
    assert now_of(world, agent).scheduled

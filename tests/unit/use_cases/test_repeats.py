"""What the platform lost is repeated as the agent says: linked, bounded, and no model call twice unasked."""

from datetime import timedelta

import pytest

from ohmyagent import records
from ohmyagent.domain.errors import Problem
from ohmyagent.domain.executions import Status, Trigger
from ohmyagent.domain.runner import Outcome
from ohmyagent.ports import Liveness
from ohmyagent.use_cases import mailing, metering, running
from tests.world import MODELS

HAIKU = MODELS.find("haiku")


@pytest.fixture
def user(world):
    return world.user()


def lost(world, execution):
    """Claimed; calling what is returned beside the claim makes its process die and be found."""
    claim = world.claim(execution, world.launch(execution))
    return claim, lambda: die(world, execution)


def die(world, execution):
    world.jobs.liveness = Liveness.GONE
    world.later(seconds=7)
    world.sweep()
    return world.execution(execution.id)


def test_a_lost_run_that_called_no_model_is_repeated_after_a_pause_with_the_same_input(world, user):
    execution = world.request(user, world.agent(user), "자료")
    _, gone = lost(world, execution)
    ended = gone()
    again = world.execution(ended.retried_by)
    assert (ended.status, ended.error_code) == (Status.FAILED, "lost")
    assert (again.trigger, again.retry_of, again.attempt, again.status) == (
        Trigger.RETRY, execution.id, 2, Status.QUEUED,
    )  # fmt: skip
    assert (again.agent, again.agent_version) == (execution.agent, execution.agent_version)
    running.launch(world.store, world.jobs, again.launch_id, world.pace, world.now)
    assert world.execution(again.id).status is Status.QUEUED  # not before its pause is over
    world.later(seconds=30)
    claim = world.claim(again, world.launch(again))
    assert claim.spec.input == "자료"
    world.call(claim)
    world.finish(claim)
    after = records.agents.get(world.store, execution.agent_id)
    assert (after.failures, after.total_runs, after.successful_runs) == (0, 2, 1)
    assert mailing.page(world.store, user, limit=10, cursor=None)[0] == []


def test_the_last_attempt_counts_and_is_told(world, user):
    agent = world.agent(user, retry={"times": 2})
    execution = world.request(user, agent)
    pauses = []
    while execution is not None:
        _, gone = lost(world, execution)
        ended = gone()
        execution = world.execution(ended.retried_by) if ended.retried_by else None
        if execution is not None:
            pauses.append(execution.start_after - ended.end_time)
            world.now = execution.start_after
    assert (ended.attempt, pauses) == (3, [timedelta(seconds=30), timedelta(minutes=5)])
    assert records.agents.get(world.store, agent.id).failures == 1
    assert [m.execution_id for m in mailing.page(world.store, user, limit=10, cursor=None)[0]] == [ended.id]


@pytest.mark.parametrize(("after_calls", "repeated"), [(False, False), (True, True)])
def test_a_run_that_called_a_model_is_repeated_only_if_its_agent_says_so(world, user, after_calls, repeated):
    execution = world.request(user, world.agent(user, retry={"afterCalls": after_calls}))
    claim, gone = lost(world, execution)
    world.call(claim)
    assert (gone().retried_by is not None) is repeated


def test_a_call_that_never_reached_the_model_is_none(world, user):
    execution = world.request(user, world.agent(user))
    claim, gone = lost(world, execution)
    call = metering.reserve(world.store, claim.spec.model_token, HAIKU, 100, 100, world.now)
    metering.release(world.store, call)
    assert gone().retried_by is not None


def test_a_call_under_way_may_have_reached_it(world, user):
    execution = world.request(user, world.agent(user))
    claim, gone = lost(world, execution)
    metering.reserve(world.store, claim.spec.model_token, HAIKU, 100, 100, world.now)
    assert gone().retried_by is None


def test_who_wants_no_retry_gets_none(world, user):
    _, gone = lost(world, world.request(user, world.agent(user, retry={"times": 0})))
    assert gone().retried_by is None


@pytest.mark.parametrize(
    ("code", "repeated"), [("sandbox", True), ("upstream", True), ("agent", False), ("memory", False), (None, False)]
)
def test_only_what_the_platform_broke_is_repeated(world, user, code, repeated):
    _, claim = world.started(user, world.agent(user))
    ended = world.finish(claim, Outcome.FAILED, error_code=code)
    assert (ended.retried_by is not None) is repeated


def test_neither_a_cancelled_run_nor_one_of_a_deleted_agent_is_repeated(world, user):
    execution = world.request(user, world.agent(user))
    _, gone = lost(world, execution)
    running.cancel(world.store, world.queue, user, execution.id, pace=world.pace, now=world.now)
    assert gone().retried_by is None


def test_a_retry_that_waits_can_be_cancelled(world, user):
    _, gone = lost(world, world.request(user, world.agent(user)))
    again = gone().retried_by
    running.cancel(world.store, world.queue, user, again, pace=world.pace, now=world.now)
    assert world.execution(again).status is Status.CANCELLED
    with pytest.raises(Problem):
        running.cancel(world.store, world.queue, user, again, pace=world.pace, now=world.now)


def test_a_retry_whose_task_was_lost_is_dispatched_by_the_sweep_when_its_pause_is_over(world, user):
    _, gone = lost(world, world.request(user, world.agent(user)))
    again = world.execution(gone().retried_by)
    found = []
    world.queue = Recorded(found)
    world.later(seconds=20)
    world.sweep()
    assert found == []
    world.later(seconds=25)
    world.sweep()
    assert found == [again.launch_id]


class Recorded:
    """A queue that only notes which launches it was given."""

    def __init__(self, found):
        self.found = found

    def enqueue(self, task):
        self.found.append(task.body["launchId"])
        return True

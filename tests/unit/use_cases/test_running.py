"""The path of a run: who may claim, what happens when things are lost, and that money adds up."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from ohmyagent import records
from ohmyagent.domain.costs import CLAUDE
from ohmyagent.domain.errors import BudgetExceeded, Conflict, Forbidden, Gone, KeyReused, NotFound, Problem, StaleEpoch
from ohmyagent.domain.executions import Event, Status
from ohmyagent.domain.runner import Outcome
from ohmyagent.domain.text import digest
from ohmyagent.domain.usage import month_id
from ohmyagent.ports import Later, Liveness
from ohmyagent.use_cases import designing, metering, running
from tests.world import MODELS


@pytest.fixture
def user(world):
    return world.user()


@pytest.fixture
def agent(world, user):
    return world.agent(user)


def test_a_run_goes_from_request_to_success_and_everything_adds_up(world, user, agent):
    execution, claim = world.started(user, agent)
    world.call(claim, cost=120, output=7)
    ended = world.finish(claim)
    assert (ended.status, ended.result, ended.cost_micro_usd) == (Status.SUCCEEDED, "끝", 120)
    assert ended.token_usage.output == 7
    after = designing.find(world.store, user, agent.id)
    assert (after.total_runs, after.successful_runs, after.total_cost_micro_usd) == (1, 1, 120)
    assert after.active_execution_id is None
    assert after.last_execution.id == execution.id
    month = records.months.get(world.store, month_id(user.id, "2026-11"))
    assert [(row.runs, row.cost_micro_usd) for row in month.rows] == [(1, 120)]
    assert month.reservations == ()


def test_the_same_key_is_the_same_run_and_another_input_is_refused(world, user, agent):
    first = world.request(user, agent, "a", key="k")
    assert world.request(user, agent, "a", key="k") == first
    with pytest.raises(KeyReused):
        world.request(user, agent, "b", key="k")


def test_of_many_runners_with_the_same_nonce_one_claims(world, user, agent):
    execution = world.request(user, agent)
    nonce = world.launch(execution)

    def claim(_):
        try:
            return world.claim(execution, nonce)
        except Problem as refused:
            return refused

    with ThreadPoolExecutor(8) as runners:
        answers = list(runners.map(claim, range(8)))
    assert sum(not isinstance(answer, Problem) for answer in answers) == 1


def test_a_runner_whose_answer_was_lost_claims_again_and_nobody_else_does(world, user, agent):
    execution = world.request(user, agent)
    nonce = world.launch(execution)
    lost = world.claim(execution, nonce, claim_id="mine")
    world.later(seconds=3)
    for other in ("yours", None):
        with pytest.raises(Conflict):
            world.claim(execution, nonce, claim_id=other)
    with pytest.raises(NotFound):
        world.claim(execution, "guess", claim_id="mine")
    claim = world.claim(execution, nonce, claim_id="mine")
    assert claim == lost
    assert claim.token not in claim.spec.model_token
    after = world.execution(execution.id)
    assert after.start_time == world.now - timedelta(seconds=3)
    assert after.lease.expires_at == world.now + world.pace.lease
    month = records.months.get(world.store, month_id(user.id, "2026-11"))
    assert [one.execution_id for one in month.reservations] == [execution.id]
    world.call(claim)
    assert world.finish(claim).status is Status.SUCCEEDED


@pytest.mark.parametrize(("left", "code"), [("deleted_at", "user_deleted"), ("suspended_at", "suspended")])
def test_whoever_left_between_the_request_and_the_claim_pays_for_no_run(world, user, agent, left, code):
    execution = world.request(user, agent)
    nonce = world.launch(execution)
    records.users.put(world.store, user.id, user.replace(**{left: world.now}))
    with pytest.raises(Gone):
        world.claim(execution, nonce)
    ended = world.execution(execution.id)
    assert (ended.status, ended.error_code) == (Status.FAILED, code)


@pytest.mark.parametrize("trace", ["an event", "a model call", "the end"])
def test_after_a_trace_of_its_runner_a_run_is_not_claimed_again(world, user, agent, trace):
    execution = world.request(user, agent)
    nonce = world.launch(execution)
    claim = world.claim(execution, nonce, claim_id="mine")
    if trace == "an event":
        event = Event(seq=1, time=world.now, type="text", text="절반")
        running.report(world.store, execution.id, claim.token, 1, 1, [event], pace=world.pace, now=world.now)
    elif trace == "a model call":
        world.call(claim)
    else:
        world.finish(claim)
    with pytest.raises(Gone if trace == "the end" else Conflict):
        world.claim(execution, nonce, claim_id="mine")
    assert world.execution(execution.id).token_digest == digest(claim.token)


def test_the_first_model_call_writes_the_ledger_and_after_an_end_without_one_there_is_no_first(world, user, agent):
    execution, claim = world.started(user, agent)
    assert records.ledgers.find(world.store, execution.id) is None
    assert running.shown(world.store, world.execution(execution.id)).cost_micro_usd == 0
    with pytest.raises(Forbidden):
        metering.reserve(world.store, claim.spec.model_token + "x", CLAUDE[0], 100, 100, world.now)
    world.call(claim, cost=120)
    assert records.ledgers.get(world.store, execution.id).spent == 120
    world.finish(claim)
    _, idle = world.started(user, agent)
    assert world.finish(idle).error_code == "no_model_call"
    with pytest.raises(Forbidden):
        world.call(idle)


def test_a_first_call_that_is_outrun_by_the_end_is_refused(world, user, agent):
    _, claim = world.started(user, agent)
    reserving = metering.reserving(claim.spec.model_token, CLAUDE[0], 100, 100, world.now)
    runs = []

    def work(tx):
        runs.append(reserving(tx))
        if len(runs) == 1:
            world.finish(claim)

    with pytest.raises(Forbidden):
        world.store.transact(work)
    ledger = records.ledgers.get(world.store, claim.execution_id)
    assert (ledger.closed, ledger.calls, ledger.spent) == (True, 0, 0)


def test_a_wrong_nonce_and_a_wrong_index_find_nothing(world, user, agent):
    execution = world.request(user, agent)
    nonce = world.launch(execution)
    with pytest.raises(NotFound):
        world.claim(execution, "guess")
    with pytest.raises(NotFound):
        world.claim(execution, nonce, index=1)


def test_launching_twice_starts_one_runner(world, user, agent):
    execution = world.request(user, agent)
    world.launch(execution)
    world.launch(execution)
    assert len(world.jobs.launched) == 1


def test_without_room_the_run_waits_and_its_agent_is_free(world, user, agent):
    execution = world.request(user, agent)
    world.jobs.room = False
    with pytest.raises(Later):
        world.launch(execution)
    assert world.execution(execution.id).status is Status.QUEUED
    world.jobs.room = True
    world.launch(execution)
    assert world.execution(execution.id).status is Status.LAUNCHING


def test_an_agent_runs_once_at_a_time_and_the_next_run_is_dispatched_after(world, user, agent):
    _, claim = world.started(user, agent)
    second = world.request(user, agent)
    world.launch(second)
    assert world.execution(second.id).status is Status.QUEUED
    world.call(claim)
    before = world.queue.depth().due
    world.finish(claim)
    assert world.queue.depth().due == before + 1
    world.launch(second)
    assert world.execution(second.id).status is Status.LAUNCHING


def test_a_deleted_agent_does_not_run_and_the_run_says_so(world, user, agent):
    execution = world.request(user, agent)
    designing.delete(world.store, user, agent.id, now=world.now)
    running.launch(world.store, world.jobs, execution.launch_id, world.pace, world.now)
    after = world.execution(execution.id)
    assert (after.status, after.error_code) == (Status.SKIPPED, "agent_deleted")
    assert world.jobs.launched == []


def test_a_run_that_lost_its_launch_is_launched_again_and_the_old_nonce_is_dead(world, user, agent):
    execution = world.request(user, agent)
    old = world.launch(execution)
    world.later(seconds=31)
    world.jobs.liveness = Liveness.GONE
    world.sweep()
    assert world.execution(execution.id).status is Status.QUEUED
    new = world.launch(execution)
    with pytest.raises(NotFound):
        world.claim(execution, old)
    assert world.claim(execution, new).epoch == 2


def test_a_run_that_can_never_be_launched_ends_as_lost(world, user, agent):
    execution = world.request(user, agent)
    world.jobs.liveness = Liveness.GONE
    for _ in range(5):
        world.launch(execution)
        world.later(seconds=31)
        world.sweep()
    after = world.execution(execution.id)
    assert (after.status, after.error_code) == (Status.FAILED, "lost")


def test_a_dead_runner_is_found_by_its_lease_and_what_it_said_is_kept(world, user, agent):
    execution, claim = world.started(user, agent)
    event = Event(seq=1, time=world.now, type="text", text="절반")
    running.report(world.store, execution.id, claim.token, 1, 1, [event], pace=world.pace, now=world.now)
    world.call(claim, cost=55)
    world.later(seconds=7)
    world.jobs.liveness = Liveness.GONE
    world.sweep()
    after = world.execution(execution.id)
    assert (after.status, after.error_code, after.last_seq, after.cost_micro_usd) == (Status.FAILED, "lost", 1, 55)
    assert [e["text"] for e in running.log(world.store, after, 0).items] == ["절반"]


@pytest.mark.parametrize("liveness", [Liveness.ALIVE, Liveness.UNKNOWN])
def test_a_silent_runner_that_may_live_is_left_alone_until_its_deadline(world, user, agent, liveness):
    execution, _ = world.started(user, agent)
    world.jobs.liveness = liveness
    world.later(seconds=60)
    world.sweep()
    assert world.execution(execution.id).status is Status.RUNNING
    world.later(seconds=agent.limits.timeout_seconds + 60)
    world.sweep()
    assert world.execution(execution.id).status is Status.TIMED_OUT
    assert world.jobs.stopped


def test_a_silent_runner_whose_handle_was_lost_is_lost_once_it_must_have_given_up(world, user, agent):
    execution = world.request(user, agent)
    world.claim(execution, world.launch(execution), handle=None)
    world.later(seconds=world.pace.lease.seconds + world.pace.orphan_seconds - 1)
    world.sweep()
    assert world.execution(execution.id).status is Status.RUNNING
    world.later(seconds=1)
    world.sweep()
    after = world.execution(execution.id)
    assert (after.status, after.error_code) == (Status.FAILED, "lost")
    assert after.end_time - execution.created_at <= world.pace.lease + timedelta(seconds=60)


def test_a_heartbeat_renews_the_lease(world, user, agent):
    execution, claim = world.started(user, agent)
    before = world.execution(execution.id).lease.expires_at
    world.later(seconds=4)
    running.report(world.store, execution.id, claim.token, 1, 1, [], pace=world.pace, now=world.now)
    assert world.execution(execution.id).lease.expires_at > before


def test_a_batch_sent_twice_counts_once(world, user, agent):
    execution, claim = world.started(user, agent)
    events = [Event(seq=n, time=world.now, type="log", text=str(n)) for n in (1, 2)]
    for _ in range(2):
        reply = running.report(world.store, execution.id, claim.token, 1, 1, events, pace=world.pace, now=world.now)
    assert reply.last_seq == 2
    assert [e["seq"] for e in running.log(world.store, world.execution(execution.id), 0).items] == [1, 2]


def test_a_stale_epoch_and_a_wrong_token_cannot_report(world, user, agent):
    execution, claim = world.started(user, agent)
    with pytest.raises(StaleEpoch):
        running.report(world.store, execution.id, claim.token, 2, 1, [], pace=world.pace, now=world.now)
    with pytest.raises(Forbidden):
        running.report(world.store, execution.id, "guess", 1, 1, [], pace=world.pace, now=world.now)


def test_the_sandbox_token_cannot_speak_for_the_runner(world, user, agent):
    execution, claim = world.started(user, agent)
    token = claim.spec.model_token
    with pytest.raises(Forbidden):
        running.report(world.store, execution.id, token, 1, 1, [], pace=world.pace, now=world.now)


def test_after_the_end_reports_are_refused_and_the_same_finish_gets_the_same_answer(world, user, agent):
    execution, claim = world.started(user, agent)
    world.call(claim)
    ended = world.finish(claim)
    assert world.finish(claim) == ended
    with pytest.raises(Gone):
        running.report(world.store, execution.id, claim.token, 1, 1, [], pace=world.pace, now=world.now)
    with pytest.raises(Gone):
        world.finish(claim, Outcome.FAILED)


def test_success_needs_a_model_call(world, user, agent):
    _, claim = world.started(user, agent)
    ended = world.finish(claim)
    assert (ended.status, ended.error_code) == (Status.FAILED, "no_model_call")


def test_cancelling_what_waits_ends_it_at_once_and_no_runner_can_claim_it(world, user, agent):
    execution = world.request(user, agent)
    nonce = world.launch(execution)
    after = running.cancel(world.store, world.queue, user, execution.id, pace=world.pace, now=world.now)
    assert after.status is Status.CANCELLED
    assert designing.find(world.store, user, agent.id).active_execution_id is None
    with pytest.raises(Gone):
        world.claim(execution, nonce)


def test_cancelling_what_runs_tells_the_runner_and_then_makes_an_end(world, user, agent):
    execution, claim = world.started(user, agent)
    running.cancel(world.store, world.queue, user, execution.id, pace=world.pace, now=world.now)
    reply = running.report(world.store, execution.id, claim.token, 1, 1, [], pace=world.pace, now=world.now)
    assert reply.cancel
    world.later(seconds=5)
    running.check(world.store, world.queue, world.jobs, execution.id, pace=world.pace, now=world.now)
    assert world.execution(execution.id).status is Status.CANCELLED
    assert world.jobs.stopped
    with pytest.raises(Gone):
        running.cancel(world.store, world.queue, user, execution.id, pace=world.pace, now=world.now)


def test_another_user_finds_nothing(world, agent, user):
    execution = world.request(user, agent)
    with pytest.raises(NotFound):
        running.find(world.store, world.user("u2"), execution.id)
    with pytest.raises(NotFound):
        world.request(world.user("u2"), agent)


def test_a_retry_is_a_linked_run_with_the_same_input(world, user, agent):
    execution, claim = world.started(user, agent, "자료")
    with pytest.raises(Conflict):
        running.retry(world.store, world.queue, MODELS, user, execution.id, now=world.now)
    world.finish(claim, Outcome.FAILED, error_code="agent")
    again = running.retry(world.store, world.queue, MODELS, user, execution.id, now=world.now)
    assert (again.retry_of, again.trigger) == (execution.id, "retry")
    assert running.input_of(world.store, again) == "자료"


def test_a_run_reserves_its_cap_and_the_agents_month_bounds_it(world, user):
    agent = world.agent(user, limits={"maxCostMicroUsd": 5_000, "monthlyCostMicroUsd": 6_000})
    _, first = world.started(user, agent)
    assert first.spec.max_cost_micro_usd == 5_000
    world.call(first, cost=4_000)
    world.finish(first)
    _, second = world.started(user, agent)
    assert second.spec.max_cost_micro_usd == 2_000


def test_without_budget_the_run_fails_by_name_and_the_agent_is_free(world, user):
    agent = world.agent(user, limits={"maxCostMicroUsd": 5_000, "monthlyCostMicroUsd": 5_000})
    _, claim = world.started(user, agent)
    world.call(claim, cost=5_000)
    world.finish(claim)
    execution = world.request(user, agent)
    with pytest.raises(Gone):
        world.claim(execution, world.launch(execution))
    after = world.execution(execution.id)
    assert (after.status, after.error_code) == (Status.FAILED, "budget")
    assert designing.find(world.store, user, agent.id).active_execution_id is None


def test_a_guests_month_bounds_all_agents_together(world):
    guest = world.user("g", plan="guest")
    agents = [world.agent(guest, name=f"에이전트 {n}") for n in range(2)]
    _, first = world.started(guest, agents[0])
    assert first.spec.max_cost_micro_usd == 300_000
    execution = world.request(guest, agents[1])
    with pytest.raises(Gone):
        world.claim(execution, world.launch(execution))


def test_parallel_calls_never_reserve_more_than_the_cap(world, user):
    agent = world.agent(user, limits={"maxCostMicroUsd": 2_000})
    _, claim = world.started(user, agent)

    def reserve(_):
        try:
            return metering.reserve(world.store, claim.spec.model_token, MODELS.default, 1_000, 1_000, world.now)
        except BudgetExceeded:
            return None

    with ThreadPoolExecutor(8) as callers:
        calls = [call for call in callers.map(reserve, range(40)) if call]
    assert 0 < sum(call.reserved for call in calls) <= 2_000


def test_near_the_cap_a_call_gets_fewer_tokens_instead_of_an_overshoot(world, user):
    agent = world.agent(user, limits={"maxCostMicroUsd": 1_000})
    _, claim = world.started(user, agent)
    call = metering.reserve(world.store, claim.spec.model_token, MODELS.default, 1_000, 64_000, world.now)
    assert 256 <= call.max_tokens < 2_000
    assert call.reserved <= 1_000


def test_a_call_left_open_at_the_end_is_charged_in_full_and_corrected_when_it_settles(world, user, agent):
    execution, claim = world.started(user, agent)
    call = metering.reserve(world.store, claim.spec.model_token, MODELS.default, 1_000, 1_000, world.now)
    ended = world.finish(claim, Outcome.FAILED, error_code="killed")
    assert (ended.cost_micro_usd, ended.cost_partial) == (call.reserved, True)
    usage = ended.token_usage.replace(input=10, output=3)
    for _ in range(2):
        metering.settle(world.store, call, 40, usage, 0, partial=True, now=world.later(seconds=5))
    after = world.execution(execution.id)
    assert (after.cost_micro_usd, after.token_usage.output, after.status) == (40, 3, Status.FAILED)
    assert designing.find(world.store, user, agent.id).total_cost_micro_usd == 40
    month = records.months.get(world.store, month_id(user.id, "2026-11"))
    assert [row.cost_micro_usd for row in month.rows] == [40]


def test_a_dead_token_and_a_model_outside_the_plan_are_forbidden(world, user, agent):
    _, claim = world.started(user, agent)
    with pytest.raises(Forbidden):
        metering.reserve(world.store, claim.spec.model_token, MODELS.find("opus"), 1_000, 1_000, world.now)
    world.call(claim)
    world.finish(claim)
    with pytest.raises(Forbidden):
        world.call(claim)


def test_a_forgotten_dispatch_is_healed_by_the_sweep(world, user, agent):
    world.request(user, agent)
    before = world.queue.depth().due
    world.later(seconds=11)
    world.sweep()
    assert world.queue.depth().due == before + 1


def test_when_the_machine_is_short_the_youngest_run_ends_and_says_why(world, user):
    first, _ = world.started(user, world.agent(user))
    world.later(seconds=1)
    second, _ = world.started(user, world.agent(user, name="나중"))
    running.relieve(world.store, world.queue, world.jobs, "host_memory", world.now)
    after = world.execution(second.id)
    assert (after.status, after.error_code) == (Status.FAILED, "host_memory")
    assert world.execution(first.id).status is Status.RUNNING
    assert world.jobs.stopped == ["handle-2"]

"""One life of a few runs, with the platform dying, refused or left without a reply at each step of it in turn."""

import random
from datetime import timedelta

import pytest

from ohmyagent import records
from ohmyagent.domain.agents import AgentDraft
from ohmyagent.domain.executions import ExecutionRequest
from ohmyagent.use_cases import designing, running
from tests.faults import checker
from tests.faults.chaos import Fault
from tests.faults.simulation import History, folder

SEEDS = (1, *(pytest.param(seed, marks=pytest.mark.long) for seed in (3, 39)))
"""Lives in which something comes due at noon."""
ROUNDS = (122, *[3] * 12)
STEPS_AT_LEAST = 40


def lived(seed: int, at: tuple[int, Fault] | None = None) -> tuple[int, list[str]]:
    """The operations of the life, and what did not hold.  A platform that died is there again a round later."""
    random.seed(seed)
    with folder() as place:
        history = History(seed, place)
        history.chaos.rate, history.chaos.at, history.machine.faulty = 0.0, at, False
        for seconds in ROUNDS:
            if history.chaos.dead:
                history._rise()
            history._quiet_round(timedelta(seconds=seconds))
        steps, history.chaos.at = history.chaos.steps, None
        history._drain()
        violations = [*history.watch.violations, *checker.check(history.platform)]
        assert at is not None or history.platform.ledgers.starts, "nothing ran"
        history.platform.close()
    return steps, violations


def test_a_run_whose_claim_got_no_answer_is_claimed_again_and_not_lost():
    """At each of its two operations; there is no third."""
    for step in range(1, 4):
        with folder() as place:
            history = History(1, place)
            history.chaos.rate, history.machine.faulty = 0.0, False
            platform, machine = history.platform, history.machine
            user = platform.user("u", "owner")
            draft = AgentDraft.model_validate({"name": "뉴스", "finalPrompt": "요약해 줘"})
            agent = designing.create(platform.real, platform.models, user, draft, now=platform.time.now)
            request = ExecutionRequest()
            run = running.request(
                platform.real, platform.queue, platform.models, user, agent.id, request, now=platform.time.now
            )
            platform.ledgers.accepted.add(run.id)
            platform.work(5)
            runner = next(runner for runner in machine.runners if runner.launch_id == run.launch_id)
            history.chaos.at = (history.chaos.steps + step, Fault.LOSE_REPLY)
            runner.step(platform, history.rng, faulty=False)
            assert (runner.claim is None, runner.alive) == (step < 3, True)
            history.chaos.at = None
            history._drain()
            ended = records.executions.get(platform.real, run.id)
            violations = checker.check(platform)
            starts = [start.execution_id for start in platform.ledgers.starts].count(run.id)
            platform.close()
        assert (violations, starts) == ([], 1)
        assert (ended.error_code, ended.epoch) != ("lost", 2)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("fault", list(Fault))
def test_at_every_step_of_a_run_s_life(fault, seed):
    steps, violations = lived(seed)
    assert violations == []
    assert steps >= STEPS_AT_LEAST
    for step in range(1, steps + 1):
        assert lived(seed, (step, fault))[1] == [], f"{fault} at step {step} of {steps}"

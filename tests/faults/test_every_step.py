"""One life of a few runs, with the platform dying, refused or left without a reply at each step of it in turn."""

import random
from datetime import timedelta

import pytest

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


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("fault", list(Fault))
def test_at_every_step_of_a_run_s_life(fault, seed):
    steps, violations = lived(seed)
    assert violations == []
    assert steps >= STEPS_AT_LEAST
    for step in range(1, steps + 1):
        assert lived(seed, (step, fault))[1] == [], f"{fault} at step {step} of {steps}"

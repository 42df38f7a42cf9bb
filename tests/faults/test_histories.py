"""Many histories under faults, and the proof that a bug would show in them."""

import pytest

from tests.faults.mutants import MUTANTS, RARE, Plant
from tests.faults.simulation import Told, run

SEEDS = 200
A_SHARE = 25
FOUND = (951, 1421)
"""Histories that once failed, by their numbers; what they showed has tests in test_clock_steps.py."""
MANY = 4_000


def told(seeds: range) -> list[Told]:
    """Raises with the command that replays the first history in which something does not hold."""
    found = []
    for seed in seeds:
        found.append(run(seed))
        shown = "\n".join(found[-1].violations)
        assert not shown, f"replay it: .venv/bin/python -m tests.faults --seed {seed}\n{shown}"
    return found


@pytest.mark.parametrize("first", range(0, SEEDS, A_SHARE))
def test_in_every_history_what_must_hold_holds(first):
    histories = told(range(first, first + A_SHARE))
    assert all(history.executions and history.deliveries for history in histories)
    for fault in ("kill before", "kill after", "refuse", "lose reply", "interleaved", "clock jump", "platform down"):
        assert sum(history.injected[fault] for history in histories), f"nothing was injected: {fault}"


@pytest.mark.parametrize("seed", FOUND)
def test_what_once_did_not_hold_holds(seed):
    told(range(seed, seed + 1))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_in_thousands_more_too():
    told(range(SEEDS, MANY))


@pytest.mark.parametrize(
    "plant",
    [*MUTANTS, *(pytest.param(plant, marks=pytest.mark.long) for plant in RARE)],
    ids=lambda plant: plant.__name__,
)
def test_a_bug_planted_on_purpose_is_found(plant: Plant, monkeypatch):
    plant(monkeypatch)
    assert any(run(seed).violations for seed in range(SEEDS)), f"{plant.__name__} went unnoticed in {SEEDS} histories"


def test_the_same_seed_is_the_same_history():
    assert run(7) == run(7)

"""Figures as people read them."""

import pytest

from ohmyagent.cli import forms


@pytest.mark.parametrize(
    ("micro", "shown"),
    [(None, "unknown"), (0, "$0.00"),
     (7, "$0.000007"), (1_234, "$0.0012"), (500_000, "$0.50"), (1_234_567_890, "$1,234.57")],
)  # fmt: skip
def test_money_is_never_shown_as_nothing_when_it_is_something(micro: int | None, shown: str) -> None:
    assert forms.money(micro) == shown


def test_a_cost_that_is_not_the_whole_is_said_to_be_at_least_that() -> None:
    assert forms.cost({"costMicroUsd": 500_000, "costPartial": True}) == "at least $0.50"


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0.0 s"), (59.94, "59.9 s"), (60, "1 min 00 s"), (3599.6, "1 h 00 min"), (7260, "2 h 01 min")],
)  # fmt: skip
def test_times_are_shown_in_their_unit(count: float, shown: str) -> None:
    assert forms.seconds(count) == shown


@pytest.mark.parametrize(("count", "shown"), [(999, "999 B"), (1_000, "1.0 kB"), (2_500_000, "2.5 MB")])
def test_sizes_are_shown_in_their_unit(count: int, shown: str) -> None:
    assert forms.size(count) == shown


def test_tokens_of_every_kind_count() -> None:
    assert forms.tokens({"input": 1_000, "output": 200, "cacheRead": 30, "cacheWrite": 4}) == "1,234 tokens"
    assert forms.tokens(None) == "unknown"

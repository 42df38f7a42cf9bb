"""Prices, ledgers and months: cost is exact, rounded up, and never silently 0."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmyagent.domain.costs import CLAUDE, FREE, HAIKU_PRICE, TokenUsage
from ohmyagent.domain.errors import BudgetExceeded, Forbidden
from ohmyagent.domain.text import digest
from ohmyagent.domain.usage import Ledger, Month, OpenCall, UsageRow

TOKENS = st.integers(0, 300_000)


@pytest.fixture
def ledger(noon):
    return Ledger(
        id="x", user_id="u", agent_id="a", token_digest=digest("t"), epoch=1, models=("m",), cap=1_000,
        expires_at=noon.replace(hour=13),
    )  # fmt: skip


def open_call(id: str, reserved: int, noon) -> OpenCall:
    return OpenCall(id=id, model="m", reserved=reserved, started_at=noon)


def test_the_published_price_is_applied_to_each_kind_of_token():
    usage = TokenUsage(input=1_000, output=100, cache_read=10_000, cache_write=800)
    assert HAIKU_PRICE.cost(usage) == 100 + 50 + 100 + 100
    assert CLAUDE[1].price.cost(usage) == 2_000 + 1_000 + 1_000 + 2_000


def test_a_fraction_of_a_micro_dollar_is_rounded_up():
    assert HAIKU_PRICE.cost(TokenUsage(input=1)) == 1


def test_beyond_100k_tokens_of_prompt_haiku_costs_five_times_as_much():
    assert HAIKU_PRICE.cost(TokenUsage(input=100_000)) == 10_000
    assert HAIKU_PRICE.cost(TokenUsage(input=50_000, cache_read=50_001)) == 27_501


def test_a_web_search_costs_a_cent():
    assert FREE.cost(TokenUsage(), searches=2) == 20_000


@given(TOKENS, TOKENS, TOKENS, TOKENS)
def test_no_call_costs_more_than_its_worst_case(fresh, read, write, output):
    usage = TokenUsage(input=fresh, cache_read=read, cache_write=write, output=output)
    for model in CLAUDE:
        for hour_writes in (0, write // 2, write):
            assert model.price.cost(usage, hour_writes=hour_writes) <= model.price.worst(usage.prompt, output)


@given(st.integers(0, 200_000), st.integers(0, 10**6))
def test_what_is_affordable_can_be_paid(prompt, money):
    for model in CLAUDE:
        output = model.price.affordable_output(prompt, money)
        assert output <= 0 or model.price.worst(prompt, output) <= money


def test_a_ledger_never_reserves_beyond_its_cap(ledger, noon):
    held = ledger.reserving(open_call("1", 600, noon))
    assert held.left == 400
    with pytest.raises(BudgetExceeded):
        held.reserving(open_call("2", 401, noon))


def test_a_call_settles_once(ledger, noon):
    held = ledger.reserving(open_call("1", 600, noon))
    settled = held.settling("1", 50, TokenUsage(output=5), 0, partial=False)
    assert (settled.spent, settled.usage.output, settled.left) == (50, 5, 950)
    assert settled.settling("1", 50, TokenUsage(output=5), 0, partial=False) is settled


def test_an_unknown_price_makes_the_cost_unknown_and_not_zero(ledger, noon):
    held = ledger.reserving(open_call("1", 0, noon))
    assert held.settling("1", None, TokenUsage(output=5), 0, partial=False).cost is None


def test_a_released_call_costs_nothing(ledger, noon):
    assert ledger.reserving(open_call("1", 600, noon)).releasing("1").left == 1_000


def test_at_the_end_open_calls_are_charged_and_flagged_and_a_late_settlement_corrects(ledger, noon):
    ended = ledger.reserving(open_call("1", 600, noon)).ended()
    assert (ended.spent, ended.partial, ended.closed) == (600, True, True)
    late = ended.settling("1", 70, TokenUsage(output=7), 0, partial=True)
    assert (late.spent, late.usage.output) == (70, 7)


@pytest.mark.parametrize("token", ["wrong", ""])
def test_a_wrong_token_is_forbidden(ledger, noon, token):
    with pytest.raises(Forbidden):
        ledger.usable(token, noon)


def test_a_token_dies_with_its_run_and_with_time(ledger, noon):
    assert ledger.usable("t", noon) == ledger
    for dead, now in ((ledger.ended(), noon), (ledger, noon.replace(hour=13))):
        with pytest.raises(Forbidden):
            dead.usable("t", now)


def test_a_month_counts_what_is_set_aside_until_it_is_booked():
    month = Month.empty("u", "2026-11").reserving("x1", "a", 500).reserving("x2", "b", 300)
    assert (month.committed(), month.committed("a")) == (800, 500)
    row = UsageRow(day="2026-11-20", agent_id="a", runs=1, cost_micro_usd=120, token_usage=TokenUsage(output=3))
    booked = month.booked("x1", row).booked("x1", row)
    assert (booked.committed("a"), len(booked.rows), booked.rows[0].runs) == (240, 1, 2)
    assert booked.corrected("2026-11-20", "a", TokenUsage(output=1), -40, 0).rows[0].cost_micro_usd == 200

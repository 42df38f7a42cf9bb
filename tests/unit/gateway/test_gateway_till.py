"""Metering on an event loop: many calls in one commit, each as if it were alone."""

import asyncio
from datetime import timedelta

import pytest

from ohmyagent import records
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.domain.costs import TokenUsage
from ohmyagent.domain.errors import BudgetExceeded, Forbidden, Unavailable
from ohmyagent.domain.text import digest
from ohmyagent.domain.usage import Ledger
from ohmyagent.gateway import till as till_module
from ohmyagent.gateway.bill import Bill
from ohmyagent.gateway.till import Till
from ohmyagent.gateway.together import together
from ohmyagent.use_cases.metering import token_for
from tests.gateway_service import MODEL, NOON

FULL = MODEL.price.worst(500, 1_000)
"""What a call of 1,000 bytes and 1,000 output tokens reserves."""


class Counting:
    """A store that counts its transactions, and is away for the next `away` of them."""

    def __init__(self, store):
        self._store = store
        self.commits = 0
        self.away = 0

    def transact(self, work):
        self.commits += 1
        if self.away:
            self.away -= 1
            raise Unavailable
        return self._store.transact(work)

    def __getattr__(self, name):
        return getattr(self._store, name)


@pytest.fixture
def store(tmp_path):
    return Counting(SqliteStore(tmp_path / "till.sqlite"))


def opened(store, name="x1", cap=1_000_000, **changes):
    token = token_for(name, "secret" * 4)
    ledger = Ledger(
        id=name, user_id="u1", agent_id="a1", token_digest=digest(token), epoch=1, models=(MODEL.id,), cap=cap,
        expires_at=NOON + timedelta(hours=1),
    )  # fmt: skip
    records.ledgers.put(store, name, ledger.replace(**changes))
    return token


def ledger(store, name="x1"):
    return records.ledgers.get(store, name)


def reserved(till, token):
    return till.reserve(token, MODEL, 1_000, 1_000, 0, NOON)


def bill(cost):
    return Bill(cost, TokenUsage(input=1), 0, partial=False)


def test_what_one_tick_asks_for_is_one_commit(store):
    tokens = [opened(store, f"x{number}") for number in range(32)]

    async def calls():
        till = Till(store)
        found = await asyncio.gather(*(reserved(till, token) for token in tokens))
        await asyncio.gather(*(till.settle(call, bill(7)) for call in found))

    asyncio.run(calls())
    assert store.commits == 2
    assert {ledger(store, f"x{number}").spent for number in range(32)} == {7}


def test_calls_of_one_run_in_one_commit_share_its_cap(store):
    token = opened(store, cap=FULL * 5 + FULL // 20)

    async def calls():
        till = Till(store)
        return await asyncio.gather(*(reserved(till, token) for _ in range(8)), return_exceptions=True)

    found = asyncio.run(calls())
    assert [isinstance(call, BudgetExceeded) for call in found] == [False] * 5 + [True] * 3
    assert ledger(store).reserved == FULL * 5


def test_calls_whose_prompts_cannot_be_seen_pass_the_cap_by_one_call_at_most(store):
    window = MODEL.price.worst(MODEL.context, 1_000)
    poor, rich = opened(store, "poor", cap=FULL * 5), opened(store, "rich", cap=window * 2 + FULL // 20)

    async def calls(till, token):
        asked = (till.reserve(token, MODEL, 1_000, 1_000, 0, NOON, unseen=True) for _ in range(8))
        found = await asyncio.gather(*asked, return_exceptions=True)
        return [call.reserved for call in found if not isinstance(call, BudgetExceeded)]

    assert asyncio.run(calls(Till(store), poor)) == [FULL * 5]
    assert asyncio.run(calls(Till(store), rich)) == [window, window]


def test_one_that_is_refused_hurts_none_of_the_others(store):
    good, dead = opened(store, "good"), opened(store, "dead", closed=True)

    async def calls():
        till = Till(store)
        asked = (reserved(till, token) for token in (dead, good, "nobody.secret", good))
        return await asyncio.gather(*asked, return_exceptions=True)

    found = asyncio.run(calls())
    assert [type(call) for call in found][::2] == [Forbidden, Forbidden]
    assert len(ledger(store, "good").open_calls) == 2
    assert not ledger(store, "dead").open_calls


def test_a_broken_ledger_is_the_trouble_of_its_own_run_only(store):
    good, broken = opened(store, "good"), opened(store, "broken")
    store.update("ledgers/broken", {"cap": "a lot"})

    async def calls():
        till = Till(store)
        return await asyncio.gather(*(reserved(till, token) for token in (broken, good)), return_exceptions=True)

    failed, call = asyncio.run(calls())
    assert isinstance(failed, ValueError)
    assert call.ledger_id == "good"


def test_a_store_that_is_away_refuses_all_and_nothing_is_kept(store):
    token = opened(store)
    store.away = 1

    async def calls():
        till = Till(store)
        return await asyncio.gather(*(reserved(till, token) for _ in range(3)), return_exceptions=True)

    assert {type(found) for found in asyncio.run(calls())} == {Unavailable}
    assert ledger(store).calls == 0


def test_a_settlement_is_made_up_for_when_the_store_is_back(store, monkeypatch):
    monkeypatch.setattr(till_module, "PAUSES", (0.01, 0.01, 0.01))
    token = opened(store)

    async def calls():
        till = Till(store)
        call = await reserved(till, token)
        store.away = 3
        await till.settle(call, bill(9))
        assert ledger(store).spent == 0
        await till.aclose()

    asyncio.run(calls())
    assert (ledger(store).spent, ledger(store).open_calls) == (9, ())


def test_a_settlement_whose_asker_was_cancelled_is_made_all_the_same(store):
    token = opened(store)

    async def calls():
        till = Till(store)
        call = await reserved(till, token)
        settling = asyncio.create_task(till.settle(call, bill(9)))
        await asyncio.sleep(0)
        settling.cancel()
        await asyncio.gather(settling, return_exceptions=True)
        await asyncio.sleep(0.01)

    asyncio.run(calls())
    assert ledger(store).spent == 9


def test_releasing_gives_everything_back(store):
    token = opened(store)

    async def calls():
        till = Till(store)
        await till.settle(await reserved(till, token), None)

    asyncio.run(calls())
    assert (ledger(store).left, ledger(store).partial) == (1_000_000, False)


def test_a_call_of_a_ledger_that_is_gone_ends_quietly(store):
    token = opened(store)

    async def calls():
        till = Till(store)
        call = await reserved(till, token)
        store.delete("ledgers/x1")
        await till.settle(call, bill(9))

    asyncio.run(calls())
    assert store.find("ledgers/x1") is None


def test_a_slow_store_is_called_elsewhere_one_call_at_a_time(store):
    token = opened(store)

    async def calls():
        till = Till(store, asyncio.to_thread)
        await asyncio.gather(*(reserved(till, token) for _ in range(3)))

    asyncio.run(calls())
    assert store.commits == 3
    assert len(ledger(store).open_calls) == 3


def test_works_in_one_transaction_see_what_the_ones_before_them_wrote(store):
    store.create("things/a", {"n": 1})

    def add(tx):
        tx.update("things/a", {"n": tx.get("things/a")["n"] + 1})
        return tx.get("things/a")["n"]

    def fail(tx):
        tx.put("things/a", {"n": 100})
        tx.create("things/b", {"n": 1})
        raise BudgetExceeded

    def drop(tx):
        tx.delete("things/a")

    results = together(
        store, [add, fail, add, drop, lambda tx: tx.find("things/a"), lambda tx: tx.create("things/a", {})]
    )
    assert results[:1] + results[2:] == [1, 2, None, None, None]
    assert isinstance(results[1], BudgetExceeded)
    assert (store.find("things/a"), store.find("things/b")) == ({}, None)

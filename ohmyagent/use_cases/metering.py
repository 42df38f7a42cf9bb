"""Money for model calls: reserved before each call, settled from the stream, never more than the cap."""

from collections.abc import Callable
from datetime import datetime
from math import ceil
from typing import TypeVar

from ohmyagent import records
from ohmyagent.domain.conversations import USAGE_AGENT, Turn
from ohmyagent.domain.costs import SEARCH_MICRO_USD, Model, TokenUsage
from ohmyagent.domain.errors import BudgetExceeded, Forbidden
from ohmyagent.domain.record import Record
from ohmyagent.domain.text import ID, new_id
from ohmyagent.domain.usage import Ledger, Month, OpenCall, month_id, month_of
from ohmyagent.ports import Store, Transaction

T = TypeVar("T")
Work = Callable[[Transaction], T]

BYTES_PER_TOKEN = 2
"""No text in use has fewer bytes to a token (English about 4, Korean about 3): so this bounds the prompt from above."""
LEAST_OUTPUT = 256
"""A call that could not even afford this many tokens is refused rather than cut short."""


class Call(Record):
    """A reservation handed to the gateway.  `maxTokens` is what the request may ask for now."""

    id: str
    ledger_id: str
    max_tokens: int
    reserved: int


def token_for(ledger_id: str, secret: str) -> str:
    """The token of one run: names its ledger, so that checking it reads one document."""
    return f"{ledger_id}.{secret}"


def ledger_of(token: str) -> str:
    """The ledger that a token names; raises Forbidden for anything that is no token of ours."""
    ledger_id, dot, secret = token.partition(".")
    if not dot or not secret or not ID.match(ledger_id) or ledger_id.startswith("__") or len(token) > 200:
        raise Forbidden("This token is not valid.")
    return ledger_id


def live(documents: records.Readable, token: str, now: datetime, origins: records.Readable | None = None) -> Ledger:
    """The ledger of a live token; raises Forbidden.

    Before its first call a run has none: what it begins with stands on the run, read from `origins` if that is given.
    There it may be stale: it is set once, and whoever ends the run writes the ledger, which `documents` shows.
    """
    id = ledger_of(token)
    ledger = records.ledgers.find(documents, id) or _origin(origins or documents, id)
    if ledger is None:
        raise Forbidden("This token is not valid.")
    return ledger.usable(token, now)


def _origin(documents: records.Readable, id: str) -> Ledger | None:
    execution = records.executions.find(documents, id)
    return None if execution is None or execution.ended else execution.ledger


def permitted(
    documents: records.Readable, token: str, model_id: str, now: datetime, origins: records.Readable | None = None
) -> Ledger:
    """The ledger of a live token that may use the model; raises Forbidden.  Alone, for calls that cost nothing."""
    ledger = live(documents, token, now, origins)
    if model_id not in ledger.models:
        raise Forbidden("This model is not part of the plan.", korean="이 요금제에서 쓸 수 없는 모델입니다.")
    return ledger


def reserve(
    store: Store, token: str, model: Model, request_bytes: int, max_tokens: int, now: datetime, *, searches: int = 0
) -> Call:
    """Set the worst cost of one call aside, lowering `max_tokens` where the cap is near.

    `request_bytes` is the length of the whole request body; `searches` is how many web searches it allows.
    Raises Forbidden (dead token, model not allowed) or BudgetExceeded.
    """
    return store.transact(reserving(token, model, request_bytes, max_tokens, now, searches=searches))


def reserving(
    token: str,
    model: Model,
    request_bytes: int,
    max_tokens: int,
    now: datetime,
    *,
    searches: int = 0,
    unseen: bool = False,
) -> Work[Call]:
    """What `reserve` does, to be run in a transaction (perhaps together with others).

    `unseen`: the prompt holds what `request_bytes` says nothing of.  Then as much of the price of a whole window is set
    aside as is left, so that the cap is passed by this one call at most.
    """
    prompt_tokens = ceil(request_bytes / BYTES_PER_TOKEN)
    call_id = new_id("c")

    def work(tx: Transaction) -> Call:
        ledger = permitted(tx, token, model.id, now, records.Glance(tx))
        granted, reserved = _affordable(ledger, model, prompt_tokens, max_tokens, searches)
        if unseen and model.price is not None:
            window = model.price.worst(max(prompt_tokens, model.context), granted) + searches * SEARCH_MICRO_USD
            reserved = max(reserved, min(window, ledger.left))
        call = OpenCall(id=call_id, model=model.id, reserved=reserved, started_at=now)
        records.ledgers.put(tx, ledger.id, ledger.reserving(call))
        return Call(id=call_id, ledger_id=ledger.id, max_tokens=granted, reserved=reserved)

    return work


def settle(
    store: Store, call: Call, cost: int | None, usage: TokenUsage, searches: int, *, partial: bool, now: datetime
) -> None:
    """Put the call's real cost in the reservation's place, exactly once; `cost` None means its price is unknown.

    A call that settles after its run ended was charged its reservation: run, agent and month are corrected too.
    """
    store.transact(settling(call, cost, usage, searches, partial=partial))


def settling(call: Call, cost: int | None, usage: TokenUsage, searches: int, *, partial: bool) -> Work[None]:
    """What `settle` does, to be run in a transaction."""

    def work(tx: Transaction) -> None:
        ledger = records.ledgers.get(tx, call.ledger_id)
        settled = ledger.settling(call.id, cost, usage, searches, partial=partial)
        correct = _correction(tx, ledger, settled, usage) if ledger.closed and settled is not ledger else None
        records.ledgers.put(tx, ledger.id, settled)
        if correct:
            correct()

    return work


def release(store: Store, call: Call) -> None:
    """Give back the reservation of a call that never reached a model."""
    store.transact(releasing(call))


def releasing(call: Call) -> Work[None]:
    """What `release` does, to be run in a transaction."""

    def work(tx: Transaction) -> None:
        ledger = records.ledgers.get(tx, call.ledger_id)
        records.ledgers.put(tx, ledger.id, ledger.releasing(call.id))

    return work


def _affordable(ledger: Ledger, model: Model, prompt_tokens: int, max_tokens: int, searches: int) -> tuple[int, int]:
    """The output tokens granted, and the micro-dollars to set aside; an unknown price reserves nothing."""
    wanted = max(1, min(max_tokens, model.max_output))
    if model.price is None:
        return wanted, 0
    fees = searches * SEARCH_MICRO_USD
    granted = min(wanted, model.price.affordable_output(prompt_tokens, ledger.left - fees))
    if granted < min(wanted, LEAST_OUTPUT):
        raise BudgetExceeded()
    return granted, model.price.worst(prompt_tokens, granted) + fees


def _correction(tx: Transaction, before: Ledger, after: Ledger, usage: TokenUsage) -> Callable[[], None]:
    """What to write into run, agent and month when a call settles after the end; reads now, writes when called."""
    turn = records.turns.find(tx, before.id)
    if turn is not None:
        return _turn_correction(tx, turn, before, after, usage)
    execution = records.executions.get(tx, before.id)
    agent = None if execution.rehearsal else records.agents.find(tx, execution.agent_id)
    booked = execution.start_time or execution.created_at
    month: Month | None = records.months.find(tx, month_id(execution.user_id, month_of(booked)))
    change = after.spent - before.spent
    unknown = int(after.cost is None) - int(before.cost is None)

    def write() -> None:
        fixed = execution.replace(token_usage=after.usage, cost_micro_usd=after.cost, cost_partial=after.partial)
        records.executions.put(tx, execution.id, fixed)
        if agent is not None:
            total = agent.total_token_usage + usage
            cost = max(0, agent.total_cost_micro_usd + change)
            records.agents.put(tx, agent.id, agent.replace(total_token_usage=total, total_cost_micro_usd=cost))
        if month is not None:
            day = booked.strftime("%Y-%m-%d")
            records.months.put(tx, month.id, month.corrected(day, execution.account, usage, change, unknown))

    return write


def _turn_correction(
    tx: Transaction, turn: Turn, before: Ledger, after: Ledger, usage: TokenUsage
) -> Callable[[], None]:
    """The same for a turn of a conversation, which may have been erased since."""
    conversation = records.conversations.find(tx, turn.conversation_id)
    month = records.months.find(tx, month_id(turn.user_id, month_of(turn.created_at)))
    change = after.spent - before.spent
    unknown = int(after.cost is None) - int(before.cost is None)

    def write() -> None:
        records.turns.put(tx, turn.id, turn.corrected(after.usage, after.cost, partial=after.partial))
        if conversation is not None:
            fixed = conversation.corrected(usage, change, unknown=after.cost is None)
            records.conversations.put(tx, conversation.id, fixed)
        if month is not None:
            pays = before.agent_id or USAGE_AGENT
            day = turn.created_at.strftime("%Y-%m-%d")
            records.months.put(tx, month.id, month.corrected(day, pays, usage, change, unknown))

    return write

"""How turns end.  Turn, conversation, ledger and month always move together."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.conversations import USAGE_AGENT, ChatBatch, Conversation, Mode, Turn
from ohmyagent.domain.errors import Gone
from ohmyagent.domain.usage import Ledger, UsageRow
from ohmyagent.ports import Store, Transaction
from ohmyagent.use_cases.running.ends import month_with
from ohmyagent.use_cases.running.requests import requested_id
from ohmyagent.use_cases.talking.events import Event, append
from ohmyagent.use_cases.talking.pieces import Ended
from ohmyagent.use_cases.talking.reading import find


def end(
    store: Store,
    turn: Turn,
    ended: Ended,
    events: Sequence[Event],
    messages: Sequence[Event],
    *,
    after: int,
    now: datetime,
) -> ChatBatch:
    """The turn's end with its last events, once, by the process that holds it; raises StaleEpoch or Gone.

    Its usage is the ledger's, which is closed: what is still open is charged in full and corrected when it settles.
    """
    assert turn.lease is not None
    owner, epoch = turn.lease.owner, turn.lease.epoch
    ledger = records.ledgers.get(store, turn.id).ended()
    conversation = records.conversations.find(store, turn.conversation_id)
    last = [_last_usage(store, turn, ledger, conversation), _ended_event(turn, ended)]

    def work(tx: Transaction) -> Callable[[ChatBatch], None]:
        current = records.turns.get(tx, turn.id).held_by(owner, epoch)
        paid = records.ledgers.get(tx, turn.id).ended()
        place = records.conversations.find(tx, turn.conversation_id)
        month = month_with(tx, turn.user_id, turn.created_at)
        used = _run_of(tx, turn, place) or paid

        def write(batch: ChatBatch) -> None:
            closed = current.closed(ended.reason, ended.code, used.usage, used.cost, now, partial=used.partial)
            records.turns.put(tx, turn.id, closed.replace(last_seq=batch.last_seq))
            records.ledgers.put(tx, paid.id, paid)
            records.months.put(tx, month.id, month.booked(turn.id, _row(turn, paid)))
            if place is not None:
                done = place.ending(batch.last_seq, paid.usage, paid.spent, paid.cost, now)
                records.conversations.put(tx, place.id, done)

        return write

    return append(
        store, turn.conversation_id, [*events, *last], now=now, turn=turn.id, messages=messages, after=after, work=work
    )


def _run_of(documents: records.Documents, turn: Turn, conversation: Conversation | None) -> Ledger | None:
    """The ledger of the run by which an agent answered the turn itself: it was booked there, and here it is shown."""
    if conversation is None or conversation.mode is Mode.DESIGN or conversation.agent_id is None:
        return None
    return records.ledgers.find(documents, requested_id(turn.user_id, conversation.agent_id, turn.id))


def _last_usage(store: Store, turn: Turn, own: Ledger, conversation: Conversation | None) -> Event:
    run = _run_of(store, turn, conversation)
    if run is None or conversation is None:
        return usage_event(turn, own, conversation)
    # what has ended was added to the conversation when it ended
    so_far = conversation if run.closed else conversation.corrected(run.usage, run.spent, unknown=run.cost is None)
    return usage_event(turn, run, None) | {"conversation": _sums(so_far)}


def stop(store: Store, user: User, conversation_id: str, now: datetime) -> Turn:
    """Ask the turn under way to end; raises NotFound, and Gone when there is none."""

    def work(tx: Transaction) -> Turn:
        conversation = find(tx, user, conversation_id)
        if conversation.turn is None:
            raise Gone("Nothing is being written.", korean="작성 중인 답변이 없습니다.")
        return records.turns.put(tx, conversation.turn, records.turns.get(tx, conversation.turn).stopping(now))

    return store.transact(work)


def release(store: Store, turn: Turn, now: datetime) -> None:
    """Give the turn up, so that another process takes it over at once; nothing happens if it is not held any more."""
    assert turn.lease is not None
    owner, epoch = turn.lease.owner, turn.lease.epoch

    def work(tx: Transaction) -> None:
        current = records.turns.get(tx, turn.id).held_by(owner, epoch).released(now)
        records.turns.put(tx, turn.id, current)

    store.transact(work)


def usage_event(turn: Turn, ledger: Ledger, conversation: Conversation | None) -> Event:
    """What the turn has used so far, and with it the conversation."""
    event: dict[str, Any] = {
        "type": "usage", "turn": turn.id, "tokenUsage": ledger.usage.model_dump(), "costMicroUsd": ledger.cost,
        "costPartial": ledger.partial,
    }  # fmt: skip
    if conversation is not None:
        whole = conversation.ending(0, ledger.usage, ledger.spent, ledger.cost, conversation.updated_at)
        event["conversation"] = _sums(whole)
    return event


def _sums(conversation: Conversation) -> Event:
    return {
        "tokenUsage": conversation.token_usage.model_dump(), "costMicroUsd": conversation.cost_micro_usd,
        "budgetMicroUsd": conversation.budget_micro_usd,
    }  # fmt: skip


def _ended_event(turn: Turn, ended: Ended) -> Event:
    event: Event = {"type": "turn_ended", "turn": turn.id, "reason": ended.reason.value}
    if ended.code is not None:
        event["code"] = ended.code
    if ended.en is not None:
        event["detail"] = {"ko": ended.ko or ended.en, "en": ended.en}
    return event


def _row(turn: Turn, ledger: Ledger) -> UsageRow:
    """A turn is no run: it only costs."""
    return UsageRow(
        day=turn.created_at.strftime("%Y-%m-%d"),
        agent_id=ledger.agent_id or USAGE_AGENT,
        token_usage=ledger.usage,
        cost_micro_usd=ledger.spent,
        unknown_costs=int(ledger.cost is None),
    )

"""Turns under way: held by one process at a time, taken over when that one has gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.conversations import (
    MOST_EPOCHS,
    ChatBatch,
    Conversation,
    Reason,
    Turn,
    TurnState,
)
from ohmyagent.domain.costs import ModelTable
from ohmyagent.domain.errors import Gone, StaleEpoch
from ohmyagent.domain.text import digest, new_secret
from ohmyagent.ports import Store, Transaction, Where
from ohmyagent.use_cases import metering
from ohmyagent.use_cases.talking import ends
from ohmyagent.use_cases.talking.events import Event, append, batches
from ohmyagent.use_cases.talking.parts import Progress, progress
from ohmyagent.use_cases.talking.pieces import Ended


@dataclass(frozen=True)
class Held:
    """A turn in the hands of the process that answers it; `token` pays for its model calls."""

    turn: Turn
    conversation: Conversation
    user: User
    token: str
    progress: Progress
    last_seq: int


def expired(store: Store, now: datetime, limit: int = 50) -> list[str]:
    """Turns under way whose owner has said nothing for too long."""
    where = (Where("state", "==", TurnState.RUNNING.value), Where("lease.expiresAt", "<=", now))
    found, _ = records.turns.page(store, *where, oldest="lease.expiresAt", limit=limit)
    return [turn.id for turn in found]


def take_over(store: Store, models: ModelTable, turn_id: str, *, owner: str, now: datetime) -> Held | None:
    """The turn for its next owner, what was shown of its unfinished step declared void.

    None when it went through too many owners and has been ended.  Raises Conflict while its owner counts as alive, Gone
    when it has ended, NotFound.
    """
    secret = new_secret()

    def work(tx: Transaction) -> tuple[Turn, Conversation, User | None]:
        turn = records.turns.get(tx, turn_id).taken_over(owner, now)
        conversation = records.conversations.get(tx, turn.conversation_id)
        user = records.users.find(tx, turn.user_id)
        ledger = records.ledgers.get(tx, turn.id)
        token = metering.token_for(turn.id, secret)
        records.turns.put(tx, turn.id, turn)
        records.ledgers.put(tx, ledger.id, ledger.replace(token_digest=digest(token), epoch=turn.epoch))
        return turn, conversation, user

    turn, conversation, user = store.transact(work)
    done = progress(batches(store, turn.conversation_id, turn.first_seq - 1), turn.id)
    token = metering.token_for(turn.id, secret)
    barred = user is None or user.deleted_at is not None or user.suspended_at is not None
    if user is None or barred or turn.epoch > MOST_EPOCHS or turn.stop_requested_at or now >= turn.deadline:
        ended = Ended(Reason.STOPPED if turn.stop_requested_at else Reason.INTERRUPTED)
        ends.end(store, turn, ended, (), (), after=done.last_seq, now=now)
        return None
    resets: list[Event] = [{"type": "part_reset", "turn": turn.id, "part": part} for part in done.void]
    batch = keep(store, turn, resets, (), after=done.last_seq, now=now)
    return Held(turn, conversation, user, token, done, batch.last_seq)


def keep(
    store: Store, turn: Turn, events: Sequence[Event], messages: Sequence[Event], *, after: int, now: datetime
) -> ChatBatch:
    """Keep events of a turn that is held; raises StaleEpoch or Gone when it is not held any more."""
    assert turn.lease is not None
    owner, epoch = turn.lease.owner, turn.lease.epoch

    def work(tx: Transaction) -> None:
        records.turns.get(tx, turn.id).held_by(owner, epoch)

    return append(store, turn.conversation_id, events, now=now, turn=turn.id, messages=messages, after=after, work=work)


def renew(store: Store, turn: Turn, now: datetime) -> Turn:
    """Hold it for longer; says whether somebody asked it to stop.  Raises StaleEpoch or Gone."""
    assert turn.lease is not None
    owner, epoch = turn.lease.owner, turn.lease.epoch

    def work(tx: Transaction) -> Turn:
        current = records.turns.get(tx, turn.id).held_by(owner, epoch).renewed(now)
        return records.turns.put(tx, turn.id, current)

    return store.transact(work)


def renew_all(store: Store, turns: Sequence[Turn], now: datetime) -> dict[str, Turn | None]:
    """`renew` for several turns in one commit; None for one that is not held any more."""

    def work(tx: Transaction) -> dict[str, Turn | None]:
        found = {turn.id: _held_still(records.turns.find(tx, turn.id), turn) for turn in turns}
        renewed = {id: turn and turn.renewed(now) for id, turn in found.items()}
        for turn in filter(None, renewed.values()):
            records.turns.put(tx, turn.id, turn)
        return renewed

    return store.transact(work)


def _held_still(present: Turn | None, held: Turn) -> Turn | None:
    assert held.lease is not None
    if present is None:
        return None
    try:
        return present.held_by(held.lease.owner, held.lease.epoch)
    except (StaleEpoch, Gone):
        return None

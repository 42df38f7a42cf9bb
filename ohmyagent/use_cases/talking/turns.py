"""Turns: begun once for each message, held by one process at a time, taken over when that one has gone."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ohmyagent import records
from ohmyagent.domain.accounts import Locale, User
from ohmyagent.domain.conversations import (
    MOST_EPOCHS,
    TURN_CAP,
    ChatBatch,
    Conversation,
    Mode,
    Reason,
    Saying,
    Turn,
    TurnFile,
    TurnState,
)
from ohmyagent.domain.costs import ModelTable
from ohmyagent.domain.errors import Conflict, Gone, KeyReused, NotFound, StaleEpoch, Unauthenticated
from ohmyagent.domain.executions import TOKEN_MARGIN
from ohmyagent.domain.permissions import Action, may
from ohmyagent.domain.text import digest, new_secret
from ohmyagent.domain.uploads import Upload
from ohmyagent.domain.usage import Ledger, Month
from ohmyagent.ports import Store, Transaction, Where
from ohmyagent.use_cases import designing, metering, planning, prompts, uploading
from ohmyagent.use_cases.running.ends import month_with
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


@dataclass(frozen=True)
class Begun:
    """What became of a message: its turn; and when it is a new one, the turn to answer and its first events."""

    turn: Turn
    held: Held | None
    batch: ChatBatch | None


class _KnownAlready(Exception):
    """The message came a moment before."""

    def __init__(self, turn: Turn) -> None:
        super().__init__(turn.id)
        self.turn = turn


def begin(
    store: Store, models: ModelTable, user: User, saying: Saying, *, owner: str, language: Locale, now: datetime
) -> Begun:
    """Start the answer to a message, once: the same `clientMessageId` gives the turn it began.

    The turn has what is left of the conversation's budget and of the user's month, which may be nothing.
    Raises NotFound for an unknown conversation or agent, Conflict while another turn of the conversation is under way,
    KeyReused for another text under the same id, Unauthenticated and Suspended for who was let in before that.
    """
    known = records.turns.find(store, saying.turn_id(user.id))
    if known is not None:
        return Begun(_same(known, saying), None, None)
    uploads = uploading.given(store, user, saying.files)
    files = tuple(TurnFile(id=u.id, name=u.name, media_type=u.media_type, bytes=u.bytes) for u in uploads)
    secret = new_secret()
    made: list[tuple[Turn, Conversation]] = []

    def work(tx: Transaction) -> Callable[[ChatBatch], None]:
        # whoever speaks on a connection came in a while ago
        present = _able(tx, user)
        twin = records.turns.find(tx, saying.turn_id(user.id))
        if twin is not None:
            raise _KnownAlready(twin)
        conversation = _conversation(tx, user, saying, now).beginning(saying.turn_id(user.id), now)
        month = month_with(tx, user.id, now)
        turn = Turn.asked(
            saying, conversation, files, language=language, model=models.default.id, prompt=_prompt(conversation),
            cap=_cap(tx, present, conversation, month, now), now=now,
        )  # fmt: skip
        turn = turn.replace(seconds=turn.seconds + _agents_seconds(tx, conversation))

        def write(batch: ChatBatch) -> None:
            begun = turn.leased(owner, now).replace(first_seq=batch.from_seq, last_seq=batch.last_seq)
            grown = conversation.replace(last_seq=batch.last_seq)
            records.ledgers.put(tx, turn.id, _ledger(begun, conversation, models, secret))
            records.months.put(tx, month.id, month.reserving(turn.id, conversation.pays, turn.cap))
            records.turns.put(tx, begun.id, begun)
            records.conversations.put(tx, grown.id, grown)
            made[:] = [(begun, grown)]

        return write

    place = saying.conversation_of(user.id)
    turn_id = saying.turn_id(user.id)
    started, asked = _started(saying, turn_id, files), _asked(saying, uploads)
    try:
        batch = append(store, place, [started], now=now, turn=turn_id, messages=(asked,), work=work)
    except _KnownAlready as found:
        return Begun(_same(found.turn, saying), None, None)
    except Conflict:
        # what is under way may be this very turn, begun between two reads
        twin = records.turns.find(store, turn_id)
        if twin is None:
            raise
        return Begun(_same(twin, saying), None, None)
    turn, conversation = made[0]
    token = metering.token_for(turn.id, secret)
    held = Held(turn, conversation, user, token, Progress(), batch.last_seq)
    return Begun(turn, held, batch)


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


def _prompt(conversation: Conversation) -> str | None:
    """The version that the designer answers with; agents have instructions of their own."""
    return prompts.DESIGNER if conversation.mode is Mode.DESIGN else None


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


def _same(turn: Turn, saying: Saying) -> Turn:
    if turn.text_digest != digest(saying.text) or saying.conversation_id not in (None, turn.conversation_id):
        raise KeyReused(
            "This clientMessageId was used with another message.", korean="이미 쓰인 clientMessageId입니다."
        )
    return turn


def _conversation(tx: Transaction, user: User, saying: Saying, now: datetime) -> Conversation:
    found = records.conversations.find(tx, saying.conversation_of(user.id))
    if found is None and saying.conversation_id is None:
        if saying.agent_id is not None:
            designing.find(tx, user, saying.agent_id)
        return Conversation.opened(saying, user.id, now)
    if found is None or not may(user, Action.USE, found) or found.deleted_at is not None:
        raise NotFound()
    if saying.agent_id not in (None, found.agent_id):
        raise Conflict("This conversation is about another agent.", korean="다른 에이전트의 대화입니다.")
    return found


def _able(tx: Transaction, user: User) -> User:
    """The user as of now; raises Unauthenticated for an account that has ended, and Suspended."""
    present = records.users.find(tx, user.id) or user
    if present.deleted_at is not None:
        raise Unauthenticated()
    return present.able()


def _cap(tx: Transaction, user: User, conversation: Conversation, month: Month, now: datetime) -> int:
    """Micro-dollars for the turn's own calls.  An agent that answers itself is a run, which has a cap of its own."""
    if conversation.mode is Mode.AGENT:
        return 0
    left = [TURN_CAP, conversation.left]
    monthly, platform = planning.plan_of(tx, user).monthly_micro_usd, planning.platform_left(tx, user, now)
    if monthly is not None:
        left.append(monthly - month.committed())
    if platform is not None:
        left.append(platform)
    return max(0, min(left))


def _agents_seconds(tx: Transaction, conversation: Conversation) -> int:
    """How long an agent that answers itself may take."""
    if conversation.mode is Mode.DESIGN or conversation.agent_id is None:
        return 0
    agent = records.agents.find(tx, conversation.agent_id)
    return agent.limits.timeout_seconds if agent else 0


def _ledger(turn: Turn, conversation: Conversation, models: ModelTable, secret: str) -> Ledger:
    return Ledger(
        id=turn.id,
        user_id=turn.user_id,
        agent_id=conversation.agent_id,
        token_digest=digest(metering.token_for(turn.id, secret)),
        epoch=turn.epoch,
        models=tuple(dict.fromkeys((models.default.id, models.small(models.default).id))),
        cap=turn.cap,
        expires_at=turn.deadline + TOKEN_MARGIN,
    )


def _started(saying: Saying, turn_id: str, files: tuple[TurnFile, ...]) -> Event:
    run = {"runId": saying.run_id} if saying.run_id else {}
    return {
        "type": "turn_started", "turn": turn_id, "messageId": f"m{turn_id[1:]}",
        "clientMessageId": saying.client_message_id, "text": saying.text,
        "files": [file.model_dump() for file in files],
    } | run  # fmt: skip


def _asked(saying: Saying, uploads: tuple[Upload, ...]) -> Event:
    """The message as the model gets it.  Files are data, in JSON, so that nothing in them looks like the person's.

    The run that it is about comes the same way, for `read_run`: nobody need write its id.
    """
    if not uploads and saying.run_id is None:
        return {"role": "user", "content": saying.text}
    given: list[Event] = [
        {"file": {"name": u.name, "mediaType": u.media_type, "bytes": u.bytes, "beginning": u.excerpt}} for u in uploads
    ]
    if saying.run_id is not None:
        given.append({"run": {"runId": saying.run_id}})
    blocks = [{"type": "text", "text": json.dumps(data, ensure_ascii=False)} for data in given]
    return {"role": "user", "content": [*blocks, {"type": "text", "text": saying.text}]}

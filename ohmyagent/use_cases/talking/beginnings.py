"""Turns begun: once for each message, with what they may cost set aside."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from ohmyagent import records
from ohmyagent.domain.accounts import Locale, User
from ohmyagent.domain.conversations import TURN_CAP, ChatBatch, Conversation, Mode, Saying, Turn, TurnFile
from ohmyagent.domain.costs import ModelTable
from ohmyagent.domain.errors import Conflict, KeyReused, NotFound, Unauthenticated
from ohmyagent.domain.executions import TOKEN_MARGIN
from ohmyagent.domain.permissions import Action, may
from ohmyagent.domain.text import digest, new_secret
from ohmyagent.domain.uploads import Upload
from ohmyagent.domain.usage import Ledger, Month
from ohmyagent.ports import Store, Transaction
from ohmyagent.use_cases import designing, metering, planning, prompts, uploading
from ohmyagent.use_cases.running.ends import month_with
from ohmyagent.use_cases.talking.events import Event, append
from ohmyagent.use_cases.talking.parts import Progress
from ohmyagent.use_cases.talking.turns import Held


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
    secret = new_secret()
    beginning = _Beginning(
        models, user, saying, uploading.given(store, user, saying.files), secret, owner, language, now
    )
    try:
        batch = append(
            store, saying.conversation_of(user.id), [beginning.started], now=now, turn=beginning.turn_id,
            messages=(_asked(saying, beginning.uploads),), work=beginning.work,
        )  # fmt: skip
    except _KnownAlready as found:
        return Begun(_same(found.turn, saying), None, None)
    except Conflict:
        # what is under way may be this very turn, begun between two reads
        twin = records.turns.find(store, beginning.turn_id)
        if twin is None:
            raise
        return Begun(_same(twin, saying), None, None)
    turn, conversation = beginning.made[0]
    held = Held(turn, conversation, user, metering.token_for(turn.id, secret), Progress(), batch.last_seq)
    return Begun(turn, held, batch)


@dataclass
class _Beginning:
    """What a turn is begun with; `made` is the turn and its conversation once both are kept."""

    models: ModelTable
    user: User
    saying: Saying
    uploads: tuple[Upload, ...]
    secret: str
    owner: str
    language: Locale
    now: datetime
    made: list[tuple[Turn, Conversation]] = field(default_factory=list)

    @property
    def turn_id(self) -> str:
        return self.saying.turn_id(self.user.id)

    @property
    def files(self) -> tuple[TurnFile, ...]:
        return tuple(TurnFile(id=u.id, name=u.name, media_type=u.media_type, bytes=u.bytes) for u in self.uploads)

    @property
    def started(self) -> Event:
        return _started(self.saying, self.turn_id, self.files)

    def work(self, tx: Transaction) -> Callable[[ChatBatch], None]:
        """Reads and checks; what it returns keeps turn, conversation, ledger and reservation."""
        # whoever speaks on a connection came in a while ago
        present = _able(tx, self.user)
        twin = records.turns.find(tx, self.turn_id)
        if twin is not None:
            raise _KnownAlready(twin)
        conversation = _conversation(tx, self.user, self.saying, self.now).beginning(self.turn_id, self.now)
        month = month_with(tx, self.user.id, self.now)
        turn = Turn.asked(
            self.saying, conversation, self.files, language=self.language, model=self.models.default.id,
            prompt=_prompt(conversation), cap=_cap(tx, present, conversation, month, self.now), now=self.now,
        )  # fmt: skip
        turn = turn.replace(seconds=turn.seconds + _agents_seconds(tx, conversation))
        return lambda batch: self._keep(tx, batch, turn, conversation, month)

    def _keep(self, tx: Transaction, batch: ChatBatch, turn: Turn, conversation: Conversation, month: Month) -> None:
        begun = turn.leased(self.owner, self.now).replace(first_seq=batch.from_seq, last_seq=batch.last_seq)
        grown = conversation.replace(last_seq=batch.last_seq)
        records.ledgers.put(tx, turn.id, _ledger(begun, conversation, self.models, self.secret))
        records.months.put(tx, month.id, month.reserving(turn.id, conversation.pays, turn.cap))
        records.turns.put(tx, begun.id, begun)
        records.conversations.put(tx, grown.id, grown)
        self.made[:] = [(begun, grown)]


def _prompt(conversation: Conversation) -> str | None:
    """The version that the designer answers with; agents have instructions of their own."""
    return prompts.DESIGNER if conversation.mode is Mode.DESIGN else None


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

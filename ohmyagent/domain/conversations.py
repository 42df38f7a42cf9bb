"""Conversations: what people say to the designer or to an agent, and what comes back, turn by turn.

A turn is running until it has ended, detached from whoever asked.  Its lease names the process that answers; the epoch
rises with each owner and fences the ones before.  A turn begins and ends with its conversation, ledger and month.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field

from ohmyagent.domain.accounts import Locale
from ohmyagent.domain.costs import TokenUsage
from ohmyagent.domain.errors import Conflict, Gone, StaleEpoch
from ohmyagent.domain.record import Instant, MicroUsd, Record
from ohmyagent.domain.text import Text, derived_id, digest, new_id

LEASE = timedelta(seconds=8)
"""How long a process that answers counts as alive without a word."""
TURN_LENGTH = timedelta(minutes=10)
"""A turn that has not ended by then is ended."""
MOST_EPOCHS = 5
"""A turn that has killed this many processes is not given to another."""
CONVERSATION_BUDGET = 1_000_000
TURN_CAP = 200_000
"""Micro-dollars; less than a guest's month, so that a run can be tried beside a turn."""
MOST_FILES = 10
LONGEST_TITLE = 60
LONGEST_TEXT = 32_000
USAGE_AGENT = "chat"
"""Stands for the agent in the month's rows of conversations that have none."""

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9-][A-Za-z0-9_-]{0,127}$")]


class Mode(StrEnum):
    """Whom the person talks to."""

    DESIGN = "design"
    AGENT = "agent"


class Reason(StrEnum):
    """How a turn ended."""

    DONE = "done"
    STOPPED = "stopped"
    ERROR = "error"
    BUDGET = "budget"
    INTERRUPTED = "interrupted"


class Saying(Record):
    """What a person sends.  The same `clientMessageId` never starts a second turn."""

    conversation_id: Id | None = None
    agent_id: Id | None = None
    text: Annotated[Text, Field(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S")]
    client_message_id: Annotated[str, Field(pattern=r"^[!-~]{1,200}$")] = Field(default_factory=lambda: new_id("n"))
    files: Annotated[tuple[Id, ...], Field(max_length=MOST_FILES)] = ()
    run_id: Id | None = None
    """The run that it is about."""

    def turn_id(self, user_id: str) -> str:
        return derived_id("t", user_id, "turns", self.client_message_id)

    def conversation_of(self, user_id: str) -> str:
        """The conversation that it belongs to: a new one is named by the message that begins it."""
        return self.conversation_id or derived_id("v", user_id, "conversations", self.client_message_id)

    @property
    def title(self) -> str:
        line = " ".join(self.text.split())
        return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rstrip() + "…"


class TurnFile(Record):
    """A file that came with a message."""

    id: str
    name: str
    media_type: str
    bytes: int


class Conversation(Record):
    """`turn` is the one under way, `lastSeq` that of a turn's beginning or end.  A cost that is not known is None."""

    id: str
    user_id: str
    agent_id: str | None = None
    mode: Mode = Mode.DESIGN
    title: str
    created_at: Instant
    updated_at: Instant
    deleted_at: Instant | None = None
    last_seq: int = 0
    turns: int = 0
    turn: str | None = None
    token_usage: TokenUsage = TokenUsage()
    cost_micro_usd: MicroUsd | None = 0
    spent: MicroUsd = 0
    budget_micro_usd: MicroUsd = CONVERSATION_BUDGET

    @classmethod
    def opened(cls, saying: Saying, user_id: str, now: datetime) -> Self:
        return cls(
            id=saying.conversation_of(user_id), user_id=user_id, agent_id=saying.agent_id, title=saying.title,
            created_at=now, updated_at=now,
        )  # fmt: skip

    @property
    def left(self) -> int:
        """Micro-dollars of its budget that nothing has used."""
        return max(0, self.budget_micro_usd - self.spent)

    @property
    def pays(self) -> str:
        """In whose row of the month its cost is booked."""
        return self.agent_id or USAGE_AGENT

    def beginning(self, turn_id: str, now: datetime) -> Self:
        """With that turn under way; raises Conflict while there is another."""
        if self.turn is not None:
            raise Conflict("An answer is still being written.", korean="아직 답변을 작성하고 있습니다.")
        return self.replace(turn=turn_id, turns=self.turns + 1, updated_at=now)

    def ending(self, last_seq: int, usage: TokenUsage, spent: int, cost: int | None, now: datetime) -> Self:
        """Without a turn, and with what its last one used."""
        known = None if self.cost_micro_usd is None or cost is None else self.cost_micro_usd + cost
        return self.replace(
            turn=None, last_seq=last_seq, token_usage=self.token_usage + usage, spent=self.spent + spent,
            cost_micro_usd=known, updated_at=now,
        )  # fmt: skip

    def corrected(self, usage: TokenUsage, change: int, *, unknown: bool) -> Self:
        """With what a call added (or gave back) after its turn had ended."""
        known = None if unknown or self.cost_micro_usd is None else max(0, self.cost_micro_usd + change)
        spent = max(0, self.spent + change)
        return self.replace(token_usage=self.token_usage + usage, spent=spent, cost_micro_usd=known)


class TurnState(StrEnum):
    RUNNING = "running"
    ENDED = "ended"


class TurnLease(Record):
    """Who answers, and until when it counts as alive without a word."""

    owner: str
    epoch: int
    expires_at: Instant


class Turn(Record):
    """One message and its answer.  `firstSeq` is the seq of its `turn_started`; `prompt` names the system prompt."""

    id: str
    conversation_id: str
    user_id: str
    client_message_id: str
    text_digest: str
    number: int
    text: str
    files: tuple[TurnFile, ...] = ()
    language: Locale
    model: str
    prompt: str | None = None
    cap: MicroUsd
    seconds: int = int(TURN_LENGTH.total_seconds())
    state: TurnState = TurnState.RUNNING
    reason: Reason | None = None
    code: str | None = None
    first_seq: int = 0
    last_seq: int = 0
    created_at: Instant
    ended_at: Instant | None = None
    stop_requested_at: Instant | None = None
    lease: TurnLease | None = None
    token_usage: TokenUsage = TokenUsage()
    cost_micro_usd: MicroUsd | None = None
    cost_partial: bool = False

    @classmethod
    def asked(
        cls,
        saying: Saying,
        conversation: Conversation,
        files: tuple[TurnFile, ...],
        *,
        language: Locale,
        model: str,
        cap: int,
        now: datetime,
        prompt: str | None = None,
    ) -> Self:
        return cls(
            id=saying.turn_id(conversation.user_id), conversation_id=conversation.id, user_id=conversation.user_id,
            client_message_id=saying.client_message_id, text_digest=digest(saying.text), number=conversation.turns,
            text=saying.text, files=files, language=language, model=model, prompt=prompt, cap=cap,
            created_at=now,
        )  # fmt: skip

    @property
    def message_id(self) -> str:
        return f"m{self.id[1:]}"

    @property
    def ended(self) -> bool:
        return self.state is TurnState.ENDED

    @property
    def deadline(self) -> datetime:
        return self.created_at + timedelta(seconds=self.seconds)

    @property
    def epoch(self) -> int:
        return self.lease.epoch if self.lease else 0

    def leased(self, owner: str, now: datetime) -> Self:
        """To that process, from now on."""
        return self.replace(lease=TurnLease(owner=owner, epoch=self.epoch + 1, expires_at=now + LEASE))

    def taken_over(self, owner: str, now: datetime) -> Self:
        """By another process; raises Conflict while its owner counts as alive, Gone when it has ended."""
        if self.ended or self.lease is None:
            raise Gone()
        if now < self.lease.expires_at:
            raise Conflict("This turn has an owner.", korean="이미 처리하고 있습니다.")
        return self.leased(owner, now)

    def held_by(self, owner: str, epoch: int) -> Self:
        """Itself, for the process that answers it; raises StaleEpoch, or Gone when it has ended."""
        if self.ended or self.lease is None:
            raise Gone()
        if (self.lease.owner, self.lease.epoch) != (owner, epoch):
            raise StaleEpoch()
        return self

    def renewed(self, now: datetime) -> Self:
        assert self.lease is not None
        return self.replace(lease=self.lease.replace(expires_at=now + LEASE))

    def released(self, now: datetime) -> Self:
        """Free for the next owner at once."""
        assert self.lease is not None
        return self.replace(lease=self.lease.replace(expires_at=now))

    def stopping(self, now: datetime) -> Self:
        """Somebody wants it to end; raises Gone when it has."""
        if self.ended:
            raise Gone("The answer has ended already.", korean="이미 끝난 답변입니다.")
        return self if self.stop_requested_at else self.replace(stop_requested_at=now)

    def closed(
        self, reason: Reason, code: str | None, usage: TokenUsage, cost: int | None, now: datetime, *, partial: bool
    ) -> Self:
        """Its end, once; raises Gone when it has one."""
        if self.ended:
            raise Gone()
        return self.replace(
            state=TurnState.ENDED, reason=reason, code=code, ended_at=now, lease=None,
            token_usage=usage, cost_micro_usd=cost, cost_partial=partial,
        )  # fmt: skip

    def corrected(self, usage: TokenUsage, cost: int | None, *, partial: bool) -> Self:
        """With what its ledger says by now."""
        return self.replace(token_usage=usage, cost_micro_usd=cost, cost_partial=partial)


class ChatBatch(Record):
    """Some consecutive events of a conversation, each a line of JSON; a document, named by its first seq.

    `messages` is what the step that ends with them added to the model's side of the conversation, as JSON: with it a
    step is done, and what stands after the last such batch belongs to a step that is not.
    `nonce` tells the batch of a commit whose answer was lost from somebody else's.
    """

    from_seq: int
    last_seq: int
    turn: str | None
    nonce: str
    lines: tuple[str, ...]
    messages: str | None = None
    created_at: Instant

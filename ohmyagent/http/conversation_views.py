"""What the API shows of conversations."""

from typing import Annotated, Any, Literal, Self, cast

from pydantic import Field

from ohmyagent.domain.conversations import (
    LONGEST_TEXT,
    MOST_FILES,
    Conversation,
    Id,
    Mode,
    Saying,
    Turn,
    TurnState,
)
from ohmyagent.domain.costs import TokenUsage
from ohmyagent.domain.record import Instant, MicroUsd, Record
from ohmyagent.domain.text import Text
from ohmyagent.http.views import Listing, same
from ohmyagent.use_cases.talking import Message


class ConversationBody(Record):
    """A message to the designer; without `conversationId` it begins a conversation, with `agentId` about that agent.

    `runId` names the run that it is about.
    """

    conversation_id: Id | None = None
    agent_id: Id | None = None
    message: Annotated[Text, Field(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S")]
    client_message_id: Annotated[str, Field(pattern=r"^[!-~]{1,200}$")] | None = None
    files: Annotated[tuple[Id, ...], Field(max_length=MOST_FILES)] = ()
    run_id: Id | None = None

    @property
    def saying(self) -> Saying:
        named: dict[str, Any] = {"client_message_id": self.client_message_id} if self.client_message_id else {}
        return Saying(
            conversation_id=self.conversation_id, agent_id=self.agent_id, text=self.message, files=self.files,
            run_id=self.run_id, **named,
        )  # fmt: skip


class MessageView(Record):
    """What one side said in a conversation.  `parts` are texts and cards in the order they came.

    `ended` says how the answer ended, null while it is being written; a person's message has none.
    """

    id: str
    turn: str
    role: Literal["user", "assistant"]
    content: str
    parts: tuple[dict[str, Any], ...]
    files: tuple[dict[str, Any], ...]
    timestamp: str
    token_usage: TokenUsage | None
    cost_micro_usd: MicroUsd | None
    ended: dict[str, Any] | None

    @classmethod
    def shown(cls, message: Message) -> Self:
        return cls(
            id=message.id, turn=message.turn, role=cast(Literal["user", "assistant"], message.role),
            content=message.content, parts=tuple(message.parts), files=tuple(message.files),
            timestamp=message.timestamp, cost_micro_usd=message.cost_micro_usd, ended=message.ended,
            token_usage=None if message.token_usage is None else TokenUsage.model_validate(message.token_usage),
        )  # fmt: skip


class AnswerView(Record):
    """A turn that has ended: the answer as a message, and the kept events it came by."""

    conversation_id: str
    message: MessageView
    events: tuple[dict[str, Any], ...]


class ConversationView(Record):
    """A conversation.  `turn` is the one under way, `lastSeq` the seq of its last event."""

    id: str
    user_id: str
    agent_id: str | None
    mode: Mode
    title: str
    created_at: Instant
    updated_at: Instant
    last_seq: int
    turn: str | None
    token_usage: TokenUsage
    cost_micro_usd: MicroUsd | None
    budget_micro_usd: MicroUsd

    @classmethod
    def shown(cls, conversation: Conversation) -> Self:
        return cls.model_construct(**same(cls, conversation))


class ConversationWithMessages(ConversationView):
    """The same with all that was said up to `lastSeq`.  `draft` is the agent it is working on, if there is one."""

    messages: tuple[MessageView, ...]
    draft: dict[str, Any] | None = None


class TicketView(Record):
    """A pass to one stream, for one use within a minute."""

    ticket: str
    expires_at: Instant


class TurnView(Record):
    """A turn that was asked to end."""

    id: str
    conversation_id: str
    state: TurnState

    @classmethod
    def shown(cls, turn: Turn) -> Self:
        return cls.model_construct(**same(cls, turn))


class ConversationList(Listing[ConversationView]):
    """Conversations, the one last talked in first."""

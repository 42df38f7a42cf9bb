"""What an answer is made of, and who makes it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ohmyagent.domain.accounts import Locale, User
from ohmyagent.domain.conversations import Conversation, Reason, Turn

Json = dict[str, Any]
CardKind = Literal["draft", "schedule", "price", "rehearsal", "agent", "choice", "run"]
ToolState = Literal["started", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Delta:
    """A little more of the part that is being written."""

    text: str


@dataclass(frozen=True, slots=True)
class PartEnd:
    """The part is finished: it is kept as a whole, and the next delta begins another.  Nothing if it is empty."""


@dataclass(frozen=True, slots=True)
class Card:
    """Something to look at and to act on.  The same id again replaces it; not `kept`: shown to whoever looks now."""

    kind: CardKind
    data: Json
    id: str
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Tool:
    """What a tool does; kept with the next batch."""

    name: str
    state: ToolState


@dataclass(frozen=True, slots=True)
class Status:
    """What is happening now, in the language of the turn; kept nowhere."""

    text: str
    tool: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about the conversation that its reader should know later too: kept, and the last one of a turn stays.

    `left_out` turns at its beginning are not shown to the model any more.
    """

    code: str
    ko: str
    en: str
    left_out: int


@dataclass(frozen=True, slots=True)
class Saved:
    """Messages (in the Messages API's form) that the step added.  They are durable when the iterator is asked again.

    An assistant's message with tool calls is saved before the tools act, their results before the model is asked again.
    """

    messages: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """An end other than running out: nothing after it is read.  `code` is a slug; the sentences are for a person."""

    reason: Reason
    code: str | None = None
    ko: str | None = None
    en: str | None = None


Piece = Delta | PartEnd | Card | Tool | Status | Notice | Saved | Ended


@dataclass(frozen=True)
class TurnContext:
    """What an answer starts from.

    `history` is the conversation so far in the Messages API's form, without the `left_out` turns at its beginning, the
    turn's own message and finished steps included: after a takeover it may end with an assistant's message whose tools
    have not answered.  `told`: whether the conversation says what is left out.
    `token` pays for the turn's model calls at the gateway.
    """

    user: User
    conversation: Conversation
    turn: Turn
    history: tuple[Json, ...]
    token: str
    left_out: int = 0
    told: bool = True

    @property
    def language(self) -> Locale:
        return self.turn.language


class Answerer(Protocol):
    """Answers turns, several at once.

    It may be cancelled at any await (a stop, a lost lease) and be started again after a crash, from the last `Saved`.
    """

    def answer(self, turn: TurnContext) -> AsyncIterator[Piece]: ...

"""A conversation with the designer, over the real store and any model that speaks the Messages API."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2

from ohmyagent import records
from ohmyagent.adapters.local.queue import SqliteQueue
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.demo import DemoModel
from ohmyagent.designer.answering import Designer
from ohmyagent.designer.model import Model
from ohmyagent.domain.accounts import User
from ohmyagent.domain.conversations import Conversation, Saying, Turn
from ohmyagent.domain.costs import DEMO, ModelTable
from ohmyagent.domain.drafts import Draft
from ohmyagent.records.indexes import INDEXES
from ohmyagent.use_cases import drafting, prompts
from ohmyagent.use_cases.talking.pieces import Card, Delta, Ended, PartEnd, Piece, Saved, Status, Tool, TurnContext
from tests.world import World

Asgi = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]
]
DEMO_ONLY = ModelTable((DEMO,), default="demo")


@dataclass
class Answered:
    """One answer of the designer."""

    pieces: list[Piece] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces if isinstance(piece, Delta))

    def cards(self, kind: str) -> list[dict[str, Any]]:
        """What is left to see: the same card again stands in the place of the first."""
        shown = {piece.id: piece.data for piece in self.pieces if isinstance(piece, Card) and piece.kind == kind}
        return list(shown.values())

    @property
    def tools(self) -> list[tuple[str, str]]:
        return [
            (piece.name, piece.state) for piece in self.pieces if isinstance(piece, Tool) and piece.state != "started"
        ]

    @property
    def ended(self) -> Ended | None:
        return next((piece for piece in self.pieces if isinstance(piece, Ended)), None)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [message for piece in self.pieces if isinstance(piece, Saved) for message in piece.messages]


class Talk:
    """A conversation of one user; `say` goes on with it."""

    def __init__(
        self, world: World, model: Model, user: User, *, agent_id: str | None = None, token: str = "t.secret"
    ) -> None:
        self.world, self.user, self._token = world, user, token
        self._designer = Designer(world.store, world.models, model, lambda: world.now)
        self.history: list[dict[str, Any]] = []
        self.turns = 0
        self.conversation = Conversation(
            id=f"v_{user.id}_{agent_id or 'new'}", user_id=user.id, agent_id=agent_id, title="대화",
            created_at=world.now, updated_at=world.now,
        )  # fmt: skip
        records.conversations.put(world.store, self.conversation.id, self.conversation)

    def say(self, text: str, *, language: str | None = None) -> Answered:
        return asyncio.run(self.said(text, language=language))

    async def said(self, text: str, *, language: str | None = None) -> Answered:
        self.turns += 1
        self.history.append({"role": "user", "content": text})
        answered = Answered()
        async for piece in self._designer.answer(self.context(text, language)):
            answered.pieces.append(piece)
            if isinstance(piece, Saved):
                self.history += piece.messages
        return answered

    def context(self, text: str, language: str | None = None) -> TurnContext:
        saying = Saying(text=text, conversation_id=self.conversation.id, client_message_id=f"n{self.turns}")
        turn = Turn.asked(
            saying, self.conversation, (), language=language or self.user.locale, model=self.world.models.default.id,  # type: ignore[arg-type]
            prompt=prompts.DESIGNER, cap=200_000, now=self.world.now,
        )  # fmt: skip
        return TurnContext(
            user=self.user, conversation=self.conversation, turn=turn, history=tuple(self.history), token=self._token
        )

    @property
    def draft(self) -> Draft:
        return drafting.present(self.world.store, self.user, self.conversation.id, self.world.now)


def world_in(folder: Path, now: datetime, models: ModelTable = DEMO_ONLY) -> World:
    world = World(
        SqliteStore(folder / "oma.db", indexes=INDEXES), SqliteQueue(folder / "oma.db"), folder / "files", now
    )
    world.models = models
    return world


def over(app: Asgi) -> Model:
    """A model behind an application in this process, as the gateway would be."""
    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app))  # type: ignore[arg-type]
    return Model("http://model.example.com", http=lambda: http, retries=0)


def demo() -> Model:
    return over(DemoModel(pace=0))


__all__ = ["Answered", "Delta", "PartEnd", "Status", "Talk", "demo", "over", "world_in"]

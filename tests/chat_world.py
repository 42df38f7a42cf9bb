"""Answers that a test writes, and readers that note what comes to them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

from ohmyagent.chat.engine import MOST_TURNS, Engine
from ohmyagent.chat.frames import Mailbox
from ohmyagent.chat.rooms import Visit
from ohmyagent.domain.accounts import User
from ohmyagent.domain.conversations import Mode, Saying
from ohmyagent.use_cases.talking import Begun, Delta, PartEnd, Piece, Saved, TurnContext
from tests.world import World

PATIENCE = 30.0
Json = dict[str, Any]
Answer = Callable[[TurnContext], AsyncIterator[Piece]]


class Scripted:
    """An answerer that does what the test's generator does; it notes each context it was started with."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.contexts: list[TurnContext] = []

    async def answer(self, turn: TurnContext) -> AsyncIterator[Piece]:
        self.contexts.append(turn)
        async for piece in self._answer(turn):
            yield piece


async def words(turn: TurnContext) -> AsyncIterator[Piece]:
    """One part, one step."""
    yield Delta("안녕")
    yield Delta("하세요")
    yield PartEnd()
    yield Saved(({"role": "assistant", "content": "안녕하세요"},))


class Program:
    """What an engine needs of the whole."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.store, self.files, self.models = world.store, world.files, world.models

    def now(self) -> datetime:
        return self._world.now


class Process:
    """One process of the streaming service, in this one; `die` leaves its leases behind as `kill -9` would."""

    def __init__(self, world: World, answer: Answer = words, most_turns: int = MOST_TURNS) -> None:
        self.answerer = Scripted(answer)
        self.engine = Engine(
            Program(world), {Mode.DESIGN: self.answerer, Mode.AGENT: self.answerer}, most_turns=most_turns
        )

    async def say(self, user: User, text: str = "안녕", **more: Any) -> Begun:
        return await self.engine.say(user, Saying(text=text, **more), "ko")

    def die(self) -> None:
        for writing, task in list(self.engine._writings.values()):
            writing.abandon()
            task.cancel()

    async def idle(self) -> None:
        """Returns when nothing is being written here."""
        await until(lambda: not self.engine._writings)


class Reader:
    """Somebody in a conversation, with all that came."""

    def __init__(self, process: Process, conversation_id: str, after: int = 0, most: int = 2**20) -> None:
        self.mailbox = Mailbox(most)
        self.events: list[Json] = []
        self.visit = Visit(process.engine.rooms, conversation_id, self.mailbox, after)
        self._task = asyncio.create_task(self._take())

    @property
    def kept(self) -> list[Json]:
        return [event for event in self.events if "seq" in event]

    @property
    def seqs(self) -> list[int]:
        return [event["seq"] for event in self.kept]

    @property
    def shown(self) -> dict[int, str]:
        """Part by part what a page shows: the kept text, or what is on its way."""
        parts: dict[int, str] = {}
        whole: set[int] = set()
        for event in self.events:
            part = event.get("part", -1)
            if event["type"] == "part_reset":
                parts.pop(part, None)
                whole.discard(part)
            elif event["type"] == "text" and "text" in event:
                parts[part] = event["text"]
                whole.add(part)
            elif event["type"] == "text" and part not in whole:
                before = parts.get(part, "")
                assert event["offset"] <= len(before), "a piece is missing"
                parts[part] = before[: event["offset"]] + event["delta"]
        return parts

    def has(self, kind: str) -> bool:
        return any(event["type"] == kind for event in self.events)

    async def until(self, kind: str) -> Json:
        await until(lambda: self.has(kind))
        return next(event for event in reversed(self.events) if event["type"] == kind)

    def leave(self) -> None:
        self.visit.close()
        self.mailbox.close()
        self._task.cancel()

    async def _take(self) -> None:
        while not self.mailbox.closed:
            self.events += [json.loads(frame.text) for frame in await self.mailbox.take()]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)

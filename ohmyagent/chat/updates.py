"""GET /api/updates/stream: what changed for the signed-in user, so that every tab loads it again.

The store's hints are the source, and a hint may be missed: a reader that comes back loads everything once.
"""

import asyncio
import json
import time
from collections.abc import Callable
from functools import partial

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp

from ohmyagent import records
from ohmyagent.chat.answers import after_of, headers_of
from ohmyagent.chat.entrance import Platform, visitor
from ohmyagent.chat.event_stream import EventStream
from ohmyagent.chat.frames import Frame, Mailbox
from ohmyagent.chat.guests import Guests
from ohmyagent.chat.running import Run
from ohmyagent.domain.errors import Problem
from ohmyagent.ports import Document, Where

log = structlog.get_logger()

GATHER_SECONDS = 0.15
"""Changes of one thing within this time are told once."""
LONGEST_STAMP = 16
KINDS = {
    records.agents.name: "agent",
    records.executions.name: "execution",
    records.conversations.name: "conversation",
    records.months.name: "usage",
}


class Updates:
    """The route, and watches over what belongs to those who read, so that nobody pays for others' changes."""

    def __init__(self, platform: Platform, guests: Guests, run: Run) -> None:
        self._platform = platform
        self._guests = guests
        self._run = run
        self._readers: dict[str, set[Mailbox]] = {}
        self._watched: dict[str, list[Callable[[], None]]] = {}
        self._changed: dict[str, None] = {}
        self._telling: asyncio.Task[None] | None = None
        self._stamp = 0

    async def stream(self, request: Request) -> ASGIApp:
        after_of(request, LONGEST_STAMP)
        guest = await visitor(self._platform, self._run, request)
        mailbox = Mailbox()
        seat = self._guests.sit(guest.user.id, mailbox, guest.still)

        def leave() -> None:
            self._leave(guest.user.id, mailbox)
            self._guests.leave(seat)

        try:
            await self._enter(guest.user.id, mailbox)
        except BaseException:
            leave()
            raise
        log.info("stream", route="/api/updates/stream")
        return EventStream(mailbox, headers_of(request), lambda frame: False, leave)

    async def _enter(self, user_id: str, mailbox: Mailbox) -> None:
        self._readers.setdefault(user_id, set()).add(mailbox)
        if user_id in self._watched:
            return
        loop = asyncio.get_running_loop()

        def wake(path: str) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._heard, path)

        watched: list[Callable[[], None]] = []
        self._watched[user_id] = watched
        for name in KINDS:
            stop = await self._run(partial(self._platform.store.watch, name, wake, Where("userId", "==", user_id)))
            if self._watched.get(user_id) is not watched:  # the last reader has left meanwhile
                stop()
                return
            watched.append(stop)

    def _leave(self, user_id: str, mailbox: Mailbox) -> None:
        readers = self._readers.get(user_id, set())
        readers.discard(mailbox)
        if not readers:
            self._readers.pop(user_id, None)
            for stop in self._watched.pop(user_id, []):
                stop()

    def _heard(self, path: str) -> None:
        self._changed[path] = None
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        while self._changed:
            await asyncio.sleep(GATHER_SECONDS)
            paths, self._changed = list(self._changed), {}
            for path in paths:
                try:
                    found = await self._run(partial(self._platform.store.find, path))
                except Problem:
                    continue  # a hint is lost; whoever reads asks now and then anyway
                self._pass_on(path, found)

    def _pass_on(self, path: str, found: Document | None) -> None:
        """What is gone has no owner any more; it went out of sight, and was told, before it was erased."""
        readers = self._readers.get(found["userId"] if found else "", ())
        if not readers:
            return
        collection, _, id = path.rpartition("/")
        self._stamp = max(self._stamp + 1, time.time_ns() // 1_000_000)
        kind = KINDS[collection]
        event = {"seq": self._stamp, "type": kind, "id": id if kind != "usage" else "usage"}
        frame = Frame(self._stamp, json.dumps(event, separators=(",", ":")))
        for reader in readers:
            reader.put(frame)

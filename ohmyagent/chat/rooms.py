"""Who reads a conversation in this process: each kept event once and in order, whoever wrote it and wherever."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Protocol

import structlog

from ohmyagent import records
from ohmyagent.chat.frames import Frame, Mailbox
from ohmyagent.chat.running import Run
from ohmyagent.domain.conversations import ChatBatch
from ohmyagent.domain.errors import Problem
from ohmyagent.ports import Store
from ohmyagent.use_cases import talking
from ohmyagent.use_cases.talking.events import Line, lines_of

log = structlog.get_logger()

PAGE = 20
"""Batches read at once."""


class Live(Protocol):
    """The answer that this process is writing."""

    def snapshot(self) -> list[str]:
        """What somebody who comes in now must see and what is kept nowhere yet."""


class Room:
    """All readers have the same kept events, up to `last_seq`.  `known` is the highest seq that was heard of."""

    def __init__(self, store: Store, run: Run, id: str) -> None:
        self.id = id
        self.live: Live | None = None
        self.readers: set[Mailbox] = set()
        self.last_seq = 0
        self.known = 0
        self.claims = 0
        self._store = store
        self._run = run
        self._reading: asyncio.Task[None] | None = None

    def show(self, text: str) -> None:
        """To whoever looks now; kept nowhere."""
        if self.readers:
            frame = Frame(None, text)
            for reader in self.readers:
                reader.put(frame)

    def keep(self, batch: ChatBatch) -> None:
        """Pass on what this process has just kept."""
        self.known = max(self.known, batch.last_seq)
        if not self.readers:
            return
        if batch.from_seq > self.last_seq + 1:
            self.catch_up()
        else:
            self._publish(lines_of(batch))

    def poke(self, seq: int) -> None:
        """A batch that begins with this seq was kept, by whomever."""
        self.known = max(self.known, seq)
        if self.readers and seq > self.last_seq:
            self.catch_up()

    def catch_up(self) -> None:
        """Read what was kept and not passed on yet."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())

    async def enter(self, reader: Mailbox, after: int) -> None:
        """Give the reader what was kept after that seq, then what is on its way, then whatever comes."""
        last = min(after, await self._run(partial(talking.last_seq, self._store, self.id)))
        while not reader.closed and not reader.overflown:
            log = await self._run(partial(talking.log, self._store, self.id, last, PAGE))
            reader.put_all(Frame(line.seq, line.text) for line in log.lines)
            last = log.last_seq
            if log.more:
                await reader.drained()
                continue
            # from here on nothing is awaited, so nothing comes in between
            self._publish(log.lines)
            if not self.readers:
                self.last_seq = last
            if last >= max(self.last_seq, self.known):
                reader.put_all(Frame(None, text) for text in (self.live.snapshot() if self.live else ()))
                self.readers.add(reader)
                return

    async def _read(self) -> None:
        more = True
        while self.readers and (more or self.known > self.last_seq):
            before = self.last_seq
            log = await self._run(partial(talking.log, self._store, self.id, before, PAGE))
            self._publish(log.lines)
            more = log.more
            if not log.lines:
                return

    def _publish(self, lines: Iterable[Line]) -> None:
        for line in lines:
            if line.seq == self.last_seq + 1:
                self.last_seq = line.seq
                frame = Frame(line.seq, line.text)
                for reader in self.readers:
                    reader.put(frame)


class Rooms:
    """The rooms that somebody is in.  The store's hints come from its own threads."""

    def __init__(self, store: Store, run: Run) -> None:
        self._store = store
        self._run = run
        self._rooms: dict[str, tuple[Room, Callable[[], None]]] = {}

    def claim(self, id: str) -> Room:
        """The room, kept until it is left as often as it was claimed."""
        if id not in self._rooms:
            room, loop = Room(self._store, self._run, id), asyncio.get_running_loop()

            def wake(path: str) -> None:
                with suppress(RuntimeError):  # the loop is closed
                    loop.call_soon_threadsafe(room.poke, int(path.rpartition("/")[2]))

            self._rooms[id] = room, self._store.watch(records.chat_batches(id).name, wake)
        room = self._rooms[id][0]
        room.claims += 1
        return room

    def leave(self, room: Room, reader: Mailbox | None = None) -> None:
        if reader is not None:
            room.readers.discard(reader)
        room.claims -= 1
        if not room.claims:
            self._rooms.pop(room.id)[1]()

    async def catch_up(self) -> None:
        """For hints that never came; one room after the other, so that words need not wait for all of them."""
        for room, _ in list(self._rooms.values()):
            if room.readers:
                room.catch_up()
                await asyncio.sleep(0)

    def __len__(self) -> int:
        return len(self._rooms)


class Visit:
    """One reader in one room; what is said there comes to `mailbox` until `close`."""

    def __init__(self, rooms: Rooms, id: str, mailbox: Mailbox, after: int) -> None:
        self._rooms = rooms
        self._room = rooms.claim(id)
        self._mailbox = mailbox
        self._task: asyncio.Task[None] | None = asyncio.create_task(self._enter(after))

    def close(self) -> None:
        """Leave; once or more often."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self._rooms.leave(self._room, self._mailbox)

    async def _enter(self, after: int) -> None:
        try:
            await self._room.enter(self._mailbox, after)
        except Problem as problem:
            # the reader comes back by itself
            log.warning("a reader could not come in", code=problem.code)
            self._mailbox.close()

"""The turns that this process answers: begun by a message or taken over, held by a lease, ended once.

A turn runs detached from whoever asked.  A process that dies leaves its leases to run out; the next sweep, here or in
another process, goes on with the step that was not finished.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from ohmyagent import records
from ohmyagent.chat.pacing import Window
from ohmyagent.chat.rooms import Rooms
from ohmyagent.chat.running import Run, inline
from ohmyagent.chat.writing import Desk, Writing
from ohmyagent.domain.accounts import Locale, User
from ohmyagent.domain.conversations import LEASE, Mode, Saying, Turn
from ohmyagent.domain.costs import ModelTable
from ohmyagent.domain.errors import NoRoom, Problem, Unavailable
from ohmyagent.domain.text import new_id
from ohmyagent.ports import Files, Store, Where
from ohmyagent.use_cases import talking, ticketing
from ohmyagent.use_cases.talking import Answerer, Begun, Held

log = structlog.get_logger()

MOST_TURNS = 512
"""At once in one process."""
RENEW_SECONDS = 2.5
MOST_TOGETHER = 50
"""Leases renewed in one commit."""
LOOK_SECONDS = 0.5
SWEEP_SECONDS = 2.0
TIDY_SECONDS = 60.0
CATCH_UP_SECONDS = 15.0


class Program(Protocol):
    """What the service needs of the whole."""

    @property
    def store(self) -> Store: ...
    @property
    def files(self) -> Files: ...
    @property
    def models(self) -> ModelTable: ...
    @property
    def now(self) -> Callable[[], datetime]: ...


class Engine:
    """`start` before the first turn, `stop` gives what is under way to the next process."""

    def __init__(
        self,
        program: Program,
        answerers: Mapping[Mode, Answerer],
        run: Run = inline,
        *,
        most_turns: int = MOST_TURNS,
        window: Window | None = None,
    ) -> None:
        self.owner = new_id("p")
        self.rooms = Rooms(program.store, run)
        self._program = program
        self._answerers = answerers
        self._run = run
        self._most_turns = most_turns
        self._window = window or Window()
        self._writings: dict[str, tuple[Writing, asyncio.Task[None]]] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._checks: set[asyncio.Future[None]] = set()
        self._unwatch: Callable[[], None] | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()

        def wake(path: str) -> None:
            if path.rpartition("/")[2] in self._writings and not loop.is_closed():
                loop.call_soon_threadsafe(self._look_at, path.rpartition("/")[2])

        self._unwatch = self._program.store.watch(records.turns.name, wake, Where("lease.owner", "==", self.owner))
        chores = ((LOOK_SECONDS, self._renew), (SWEEP_SECONDS, self.sweep), (TIDY_SECONDS, self._tidy))
        self._loops = [asyncio.create_task(self._every(seconds, chore)) for seconds, chore in chores]
        self._loops.append(asyncio.create_task(self._every(CATCH_UP_SECONDS, self._catch_up)))
        self._loops.append(asyncio.create_task(self._window.pulse()))

    async def stop(self) -> None:
        """Write no more; the leases are given up, so that whoever comes next need not wait."""
        for task in self._loops:
            task.cancel()
        if self._unwatch is not None:
            self._unwatch()
        under_way = list(self._writings.values())
        for writing, _ in under_way:
            writing.abandon()
        if under_way:
            await asyncio.wait([task for _, task in under_way], timeout=5.0)
        for writing, _ in under_way:
            try:
                await self._run(partial(talking.release, self._program.store, writing.held.turn, self._program.now()))
            except Problem:
                continue

    async def say(self, user: User, saying: Saying, language: Locale) -> Begun:
        """Begin the answer to a message (once) and return; raises what `talking.begin` raises, NoRoom."""
        if len(self._writings) >= self._most_turns:
            raise NoRoom("Too many answers are being written.", korean="지금은 답변이 너무 많이 밀려 있습니다.")
        here = self._program
        begin = partial(
            talking.begin, here.store, here.models, user, saying, owner=self.owner, language=language, now=here.now()
        )
        # once begun, the turn must be held by somebody: hanging up does not come in between
        return await asyncio.shield(asyncio.ensure_future(self._begin(begin)))

    def writes(self, turn_id: str) -> bool:
        return turn_id in self._writings

    async def sweep(self) -> None:
        """Take over turns whose process has gone."""
        here = self._program
        for turn_id in await self._run(partial(talking.expired, here.store, here.now())):
            if turn_id in self._writings or len(self._writings) >= self._most_turns:
                continue
            take = partial(talking.take_over, here.store, here.models, turn_id, owner=self.owner, now=here.now())
            try:
                held = await self._run(take)
            except Unavailable:
                raise
            except Problem:
                continue  # another process was faster, or it has ended
            log.info("turn taken over", turn=turn_id, goes_on=held is not None)
            if held is not None:
                self._hold(held)

    async def _begin(self, begin: Callable[[], Begun]) -> Begun:
        begun = await self._run(begin)
        if begun.held is not None:
            self._hold(begun.held)
        return begun

    def _hold(self, held: Held) -> None:
        room = self.rooms.claim(held.conversation.id)
        here = self._program
        answerer = self._answerers[held.conversation.mode]
        writing = Writing(Desk(here.store, self._run, here.now, answerer, self._window), room, held)
        room.live = writing
        room.poke(held.last_seq)
        task = asyncio.create_task(writing.run())
        self._writings[held.turn.id] = writing, task
        task.add_done_callback(partial(self._done, held, writing))

    def _done(self, held: Held, writing: Writing, task: "asyncio.Task[None]") -> None:
        self._writings.pop(held.turn.id, None)
        if writing.room.live is writing:
            writing.room.live = None
        self.rooms.leave(writing.room)
        if not task.cancelled() and task.exception() is not None:
            log.error("a turn was left", turn=held.turn.id, error=type(task.exception()).__name__)

    def _look_at(self, turn_id: str) -> None:
        """Somebody wrote the turn: perhaps it should stop."""
        found = self._writings.get(turn_id)
        if found is not None:
            task = asyncio.ensure_future(self._check(found[0]))
            self._checks.add(task)
            task.add_done_callback(self._checks.discard)

    async def _check(self, writing: Writing) -> None:
        turn = await self._run(partial(records.turns.find, self._program.store, writing.held.turn.id))
        if turn is not None:
            self._judge(writing, turn)

    def _judge(self, writing: Writing, turn: Turn) -> None:
        if turn.ended or turn.lease is None or turn.epoch != writing.held.turn.epoch:
            writing.abandon()
        elif turn.stop_requested_at is not None:
            writing.stop()

    async def _renew(self) -> None:
        """Hold what is held for longer, many in one commit; what cannot be held is given up before another takes it."""
        now = self._program.now()
        soon = now + LEASE - timedelta(seconds=RENEW_SECONDS)
        due = [writing for writing, _ in self._writings.values() if writing.expires_at <= soon]
        for first in range(0, len(due), MOST_TOGETHER):
            await self._renew_together(due[first : first + MOST_TOGETHER])
            await asyncio.sleep(0)  # where the store answers at once, words of others would wait for all of them

    async def _renew_together(self, writings: list[Writing]) -> None:
        here, now = self._program, self._program.now()
        held = [writing.held.turn for writing in writings]
        try:
            turns = await self._run(partial(talking.renew_all, here.store, held, now))
        except Problem:
            turns = {}
        for writing in writings:
            turn = turns.get(writing.held.turn.id)
            if turn is not None:
                writing.expires_at = now + LEASE
                self._judge(writing, turn)
            elif writing.held.turn.id in turns or here.now() >= writing.expires_at:
                writing.abandon()

    async def _tidy(self) -> None:
        here = self._program
        await self._run(partial(ticketing.sweep, here.store, here.now()))
        await self._run(partial(talking.erase_deleted, here.store, here.files))

    async def _catch_up(self) -> None:
        await self.rooms.catch_up()

    async def _every(self, seconds: float, chore: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await chore()
            except Exception as error:  # a process border: one failed round must not end the clock
                log.error("chat chore", error=type(error).__name__)
            await asyncio.sleep(seconds)

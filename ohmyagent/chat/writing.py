"""One answer being written: pieces become text on its way and events that are kept, until it ends somehow.

Text is shown at once and kept when its part is finished.  What is kept goes out after the commit, so nothing that has a
number is ever taken back.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import structlog

from ohmyagent import records
from ohmyagent.chat.pacing import Bucket, Window
from ohmyagent.chat.rooms import Room
from ohmyagent.chat.running import Run
from ohmyagent.domain.conversations import Mode, Reason
from ohmyagent.domain.errors import BudgetExceeded, Gone, Problem, StaleEpoch, Unavailable
from ohmyagent.ports import Store
from ohmyagent.use_cases import talking
from ohmyagent.use_cases.talking import Answerer, Card, Delta, Ended, Held, Notice, PartEnd, Piece, Saved, Status, Tool
from ohmyagent.use_cases.talking.ends import usage_event
from ohmyagent.use_cases.talking.events import encoded

log = structlog.get_logger()
T = TypeVar("T")
Event = dict[str, Any]

KEEP_SECONDS = 0.5
KEPT_A_SECOND = 1.5
KEPT_AT_ONCE = 4
"""Commits of one turn: so many a second in the long run, so many in a row.  Its lease needs one every few seconds."""
PAUSES = (0.1, 0.3, 1.0, 2.0, 4.0)
"""Seconds between attempts while the store is away; after the last one the lease is over anyway."""
EARLY_SECONDS = 0.002
"""What comes so shortly before its time is shown as if in time: a clock of whole milliseconds rounds."""
QUOTED = json.JSONEncoder(ensure_ascii=False).encode

BROKE = Ended(
    Reason.BUDGET, "budget", ko="한 번의 답, 이 대화 또는 이번 달에 쓸 수 있는 비용에 닿았습니다.",
    en="The limit of one answer, of this conversation or of the month is reached.",
)  # fmt: skip
SPENT = Ended(
    Reason.BUDGET, "budget", ko="이 대화의 예산을 모두 썼습니다.", en="The budget of this conversation is used up.",
)  # fmt: skip
MONTH_SPENT = Ended(
    Reason.BUDGET, "budget", ko="이번 달에 쓸 수 있는 비용을 모두 썼습니다.", en="The limit of this month is used up.",
)  # fmt: skip
TOO_LONG = Ended(Reason.ERROR, "timeout", ko="답변이 너무 오래 걸려 멈췄습니다.", en="The answer took too long.")
BROKEN = Ended(Reason.ERROR, "internal", ko="답변을 쓰다가 문제가 생겼습니다.", en="Something went wrong.")


@dataclass(frozen=True)
class Desk:
    """What every answer is written with."""

    store: Store
    run: Run
    now: Callable[[], datetime]
    answerer: Answerer
    window: Window


class Writing:
    """The answer to one turn that this process holds.  `run` returns when nothing of it is left to do here."""

    def __init__(self, desk: Desk, room: Room, held: Held) -> None:
        self.held = held
        assert held.turn.lease is not None
        self.expires_at = held.turn.lease.expires_at
        self._desk = desk
        self.room = room
        self._turn = held.turn
        self._last_seq = held.last_seq
        self._part = held.progress.part
        self._offset = 0
        self._prefix = self._line_head()
        self._chunks: list[str] = []
        self._unsent: list[str] = []
        self._unkept: list[tuple[int, str]] = []
        self._step_text: list[str] = []
        self._status: str | None = None
        self._sent_at = 0.0
        self._sending: asyncio.TimerHandle | None = None
        self._pending: list[Event] = []
        self._lock = asyncio.Lock()
        self._bucket = Bucket(KEPT_A_SECOND, KEPT_AT_ONCE)
        self._commits: set[asyncio.Task[None]] = set()
        self._flush_at: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[Any] | None = None
        self._stopped = False
        self._left = False

    def snapshot(self) -> list[str]:
        """The unfinished part, finished ones that are not durable yet, and what is happening."""
        live = [(part, text) for part, text in self._unkept]
        if self._chunks:
            self._send()
            live.append((self._part, "".join(self._chunks)))
        shown = [
            encoded(self.room.id, {"type": "text", "turn": self._turn.id, "part": part, "offset": 0, "delta": text})
            for part, text in live
        ]
        return [*shown, self._status] if self._status else shown

    def stop(self) -> None:
        """The user wants it to end; what is written stays."""
        self._stopped = True
        self._cancel()

    def abandon(self) -> None:
        """Write nothing more: another process has it, or will."""
        self._left = True
        self._cancel()

    async def run(self) -> None:
        """Answer, and keep the end; never raises."""
        self._task = asyncio.current_task()
        ended = await self._answered()
        if self._sending:
            self._sending.cancel()
        if self._flush_at:
            self._flush_at.cancel()
        if self._commits:
            await asyncio.wait(self._commits)
        if not self._left:
            await self._finish(ended)

    async def _answered(self) -> Ended:
        if self._turn.cap <= 0 and self.held.conversation.mode is Mode.DESIGN:
            return MONTH_SPENT if self.held.conversation.left > 0 else SPENT
        if self._stopped:
            return Ended(Reason.STOPPED)
        try:
            left = (self._turn.deadline - self._desk.now()).total_seconds()
            async with asyncio.timeout(left):
                return await self._write()
        except asyncio.CancelledError:
            assert self._task is not None
            self._task.uncancel()
            return Ended(Reason.STOPPED if self._stopped else Reason.INTERRUPTED)
        except TimeoutError:
            return TOO_LONG
        except BudgetExceeded:
            return BROKE
        except Problem as problem:
            return Ended(Reason.ERROR, problem.code, ko=problem.said("ko"), en=problem.said("en"))
        except Exception as error:  # a process border; its message may hold what a person typed, so it is not logged
            log.error("an answer failed", turn=self._turn.id, error=type(error).__name__)
            return BROKEN

    async def _write(self) -> Ended:
        context = await self._context()
        async with aclosing(self._desk.answerer.answer(context)) as pieces:  # type: ignore[type-var]
            async for piece in pieces:
                if type(piece) is Delta:
                    self._say(piece.text)
                elif isinstance(piece, Ended):
                    return piece
                else:
                    await self._take(piece)
        return Ended(Reason.DONE)

    async def _context(self) -> talking.TurnContext:
        """An agent that answers itself keeps its own record of what was said."""
        held, memory = self.held, talking.Recent()
        if held.conversation.mode is Mode.DESIGN:
            memory = await self._desk.run(partial(talking.recent, self._desk.store, held.conversation))
        return talking.TurnContext(
            held.user, held.conversation, self._turn, memory.messages, held.token, memory.left_out, memory.told
        )

    async def _take(self, piece: Piece) -> None:
        turn = self._turn.id
        match piece:
            case PartEnd():
                self._end_part()
            case Card(kind, data, id, kept):
                event = {"type": "card", "turn": turn, "card": id, "kind": kind, "data": data}
                if kept:
                    self._keep_soon(event)
                else:
                    self.room.show(encoded(self.room.id, event))
            case Tool(name, state):
                self._keep_soon({"type": "tool", "turn": turn, "name": name, "state": state})
            case Status(text, tool):
                told = {"type": "status", "turn": turn, "text": text} | ({"tool": tool} if tool else {})
                self._status = encoded(self.room.id, told)
                self.room.show(self._status)
            case Notice(code, ko, en, left_out):
                detail = {"ko": ko, "en": en}
                # with the next batch: a notice is worth no commit of its own
                self._pending.append(
                    {"type": "notice", "turn": turn, "code": code, "leftOut": left_out, "detail": detail}
                )
            case Saved(messages):
                self._end_part()
                self._pending.append(await self._usage())
                await self._flush(messages)

    def _say(self, text: str) -> None:
        """Show it at once, or together with what comes in the same moment."""
        self._chunks.append(text)
        self._unsent.append(text)
        if self._sending is None:
            loop = asyncio.get_running_loop()
            due = self._sent_at + self._desk.window.seconds
            if loop.time() >= due - EARLY_SECONDS:
                self._send()
            else:
                self._sending = loop.call_at(due, self._send)

    def _send(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
        if not self._unsent:
            return
        delta = "".join(self._unsent)
        self._unsent.clear()
        self._status = None
        self._sent_at = asyncio.get_running_loop().time()
        if self.room.readers:
            self.room.show(f'{self._prefix}{self._offset},"delta":{QUOTED(delta)}}}')
        self._offset += utf16_length(delta)

    def _end_part(self) -> None:
        self._send()
        if not self._chunks:
            return
        text = "".join(self._chunks)
        self._step_text.append(text)
        self._unkept.append((self._part, text))
        self._keep_soon({"type": "text", "turn": self._turn.id, "part": self._part, "text": text})
        self._part += 1
        self._offset = 0
        self._chunks = []
        self._prefix = self._line_head()

    def _line_head(self) -> str:
        ids = f'"conversationId":"{self.room.id}","type":"text","turn":"{self._turn.id}"'
        return f'{{{ids},"part":{self._part},"offset":'

    def _keep_soon(self, event: Event) -> None:
        self._pending.append(event)
        if self._flush_at is None:
            self._flush_at = asyncio.get_running_loop().call_later(KEEP_SECONDS, self._begin_flush)

    def _begin_flush(self) -> None:
        self._flush_at = None
        self._commit(())

    async def _flush(self, messages: tuple[Event, ...]) -> None:
        """Keep what is pending; returns when it is durable, and passed on."""
        # a commit cannot be taken back: it goes on when this is cancelled, and `run` waits for it
        await asyncio.shield(self._commit(messages))

    def _commit(self, messages: tuple[Event, ...]) -> "asyncio.Task[None]":
        task = asyncio.create_task(self._keep_pending(messages))
        self._commits.add(task)
        task.add_done_callback(self._commits.discard)
        return task

    async def _keep_pending(self, messages: tuple[Event, ...]) -> None:
        async with self._lock:
            await self._bucket.enter()
            if self._flush_at is not None:
                self._flush_at.cancel()
                self._flush_at = None
            events, self._pending = self._pending, []
            if not events or self._left:
                return
            store, turn, after, now = self._desk.store, self._turn, self._last_seq, self._desk.now()
            batch = await self._surely(partial(talking.keep, store, turn, events, messages, after=after, now=now))
            if batch is None:
                self.abandon()
                return
            self._last_seq = batch.last_seq
            kept = {event["part"] for event in events if event["type"] == "text"}
            self._unkept = [(part, text) for part, text in self._unkept if part not in kept]
            if messages:
                self._step_text.clear()
            self.room.keep(batch)

    async def _finish(self, ended: Ended) -> None:
        self._end_part()
        if self._flush_at is not None:
            self._flush_at.cancel()
        rest = "".join(self._step_text).strip()
        messages: tuple[Event, ...] = ({"role": "assistant", "content": rest},) if rest else ()
        store, turn, now = self._desk.store, self._turn, self._desk.now()
        work = partial(talking.end, store, turn, ended, self._pending, messages, after=self._last_seq, now=now)
        batch = await self._surely(work)
        if batch is not None:
            self.room.keep(batch)
            log.info("turn", turn=turn.id, reason=ended.reason.value, code=ended.code)

    async def _surely(self, work: Callable[[], T]) -> T | None:
        """The outcome, also if the store was away for a moment; None when the turn is not ours any more."""
        for pause in (*PAUSES, None):
            try:
                return await self._desk.run(work)
            except (StaleEpoch, Gone):
                return None
            except Unavailable:
                if pause is None:
                    return None
                await asyncio.sleep(pause)
        return None

    async def _usage(self) -> Event:
        def read() -> Event:
            store = self._desk.store
            ledger = records.ledgers.get(store, self._turn.id)
            return usage_event(self._turn, ledger, records.conversations.find(store, self._turn.conversation_id))

        return await self._desk.run(read)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()


def utf16_length(text: str) -> int:
    """As browsers count: offsets are theirs."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2

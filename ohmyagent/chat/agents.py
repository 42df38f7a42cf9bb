"""Answers of an agent itself: a run of it, whose log becomes the answer as it is written."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from ohmyagent import records
from ohmyagent.chat.following import PAGE, either, woken
from ohmyagent.chat.running import Run, inline
from ohmyagent.domain.accounts import Locale
from ohmyagent.domain.conversations import Reason
from ohmyagent.domain.costs import ModelTable
from ohmyagent.domain.executions import Execution, Status
from ohmyagent.domain.runner import Pace
from ohmyagent.ports import Files, Queue, Store
from ohmyagent.use_cases import conversing, explaining, running
from ohmyagent.use_cases.running import Log
from ohmyagent.use_cases.talking import Card, Delta, Ended, PartEnd, Piece, Tool, TurnContext
from ohmyagent.use_cases.talking import Status as Now

TOLD_EVERY = 1.0
"""Seconds between two readings of the clock that the person sees while the agent is being started."""

WAITING = {"ko": "순서를 기다리는 중… {seconds}초", "en": "Waiting for its turn… {seconds} s"}
STARTING = {"ko": "에이전트를 시작하는 중… {seconds}초", "en": "Starting the agent… {seconds} s"}
WORKING = {"ko": "일하는 중…", "en": "Working…"}
USING = {"ko": "{tool} 사용 중…", "en": "Using {tool}…"}
SPENT = Ended(
    Reason.BUDGET, "budget", ko="이 대화에 쓰기로 한 금액을 모두 썼습니다.",
    en="What you agreed to spend in this conversation is used up.",
)  # fmt: skip


class Program(Protocol):
    """What the answers need of the whole."""

    @property
    def store(self) -> Store: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def files(self) -> Files: ...
    @property
    def models(self) -> ModelTable: ...
    @property
    def pace(self) -> Pace: ...
    @property
    def now(self) -> Callable[[], datetime]: ...


class AgentAnswerer:
    """Started again after a crash it finds the run that it asked for, and tells its log from the beginning."""

    def __init__(self, program: Program, run: Run = inline) -> None:
        self._program = program
        self._run = run

    async def answer(self, turn: TurnContext) -> AsyncIterator[Piece]:
        here = self._program
        talk = await self._run(partial(records.talks.get, here.store, turn.conversation.id))
        if talk.left <= 0:
            yield SPENT
            return
        ask = partial(conversing.ask, here.store, here.queue, here.files, here.models, turn.user, turn.turn, here.now())
        run = await self._run(ask)
        try:
            async for piece in self._told(turn, run):
                yield piece
        except asyncio.CancelledError:
            await self._leave(turn, run)
            raise

    async def _leave(self, turn: TurnContext, run: Execution) -> None:
        """A turn that was stopped or took too long takes its run along; one that goes on elsewhere does not."""
        here = self._program
        current = await self._run(partial(records.turns.find, here.store, turn.turn.id))
        if current is None or current.stop_requested_at is not None or here.now() >= current.deadline:
            await self._run(
                partial(conversing.stop, here.store, here.queue, turn.user, run.id, pace=here.pace, now=here.now())
            )

    async def _told(self, turn: TurnContext, run: Execution) -> AsyncIterator[Piece]:
        after, tools, shown = 0, dict[str, str](), ""
        yield _card(run, self._program.now())
        with woken(self._program.store, run.id) as changed:
            while True:
                changed.clear()
                run, log = await self._run(partial(self._read, turn, run.id, after))
                for event in log.items:
                    for piece in _pieces(event, tools, turn.language):
                        yield piece
                after = log.last_seq
                if log.done:
                    break
                status = _status(run, bool(after), self._program.now(), turn.language)
                if status and status != shown:
                    shown = status
                    yield Now(status)
                if not log.items:
                    await either(changed, TOLD_EVERY)
        yield _card(run, self._program.now())
        ended = _ended(run)
        if ended is not None:
            yield ended

    def _read(self, turn: TurnContext, run_id: str, after: int) -> tuple[Execution, Log]:
        store = self._program.store
        execution = running.find(store, turn.user, run_id)
        return running.shown(store, execution), running.log(store, execution, after, PAGE)


def _pieces(event: dict[str, Any], tools: dict[str, str], language: Locale) -> list[Piece]:
    match event["type"]:
        case "text":
            return [Delta(event["text"]), PartEnd()]
        case "tool_call":
            tools[event["id"]] = event["name"]
            return [Tool(event["name"], "started"), Now(USING[language].format(tool=event["name"]), event["name"])]
        case "tool_result":
            name = tools.pop(event["id"], "")
            return [Tool(name, "failed" if event["isError"] else "done"), Now(WORKING[language])] if name else []
    return []


def _status(run: Execution, spoke: bool, now: datetime, language: Locale) -> str | None:
    """What the person waits for, as long as the agent has said nothing itself; the time is that of the request."""
    if spoke:
        return None
    words = WAITING if run.status is Status.QUEUED else STARTING
    return words[language].format(seconds=max(0, int((now - run.created_at).total_seconds())))


def _card(run: Execution, now: datetime) -> Card:
    """The run: what it costs and leaves, and how long it took to start."""
    started = (run.start_time - run.created_at).total_seconds() if run.start_time else None
    data = {
        "executionId": run.id, "state": run.status.value, "startSeconds": started,
        "seconds": round(((run.end_time or now) - run.created_at).total_seconds(), 1),
        "tokenUsage": run.token_usage.model_dump(by_alias=True) if run.token_usage else None,
        "costMicroUsd": run.cost_micro_usd if run.ended else None,
        "hosts": [host.model_dump(mode="json", by_alias=True) for host in run.hosts],
        "artifacts": [{"path": file.path, "bytes": file.bytes} for file in run.artifacts],
        "errorCode": run.error_code,
    }  # fmt: skip
    return Card("run", data, id=run.id)


def _ended(run: Execution) -> Ended | None:
    if run.status is Status.SUCCEEDED:
        return None
    if run.status is Status.CANCELLED:
        return Ended(Reason.STOPPED)
    reason = Reason.BUDGET if run.error_code == "budget" else Reason.ERROR
    said = {language: explaining.sentence(run.error_code, run.error, language) for language in ("ko", "en")}
    return Ended(reason, run.error_code, ko=said["ko"], en=said["en"])

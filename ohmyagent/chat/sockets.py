"""WS /ws/{ticket}: one socket for any of a person's conversations.  Frames are JSON text; whatever is wrong is said.

Client: message, stop, resume, ping.  Server: ready first, the events of the conversations, pong, error.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import structlog
from pydantic import Field
from starlette.websockets import WebSocket, WebSocketDisconnect

from ohmyagent.chat.engine import Engine
from ohmyagent.chat.entrance import Platform, Visitor, check_page, entered
from ohmyagent.chat.frames import Frame, Mailbox, push_of
from ohmyagent.chat.guests import Guests
from ohmyagent.chat.pacing import Bucket
from ohmyagent.chat.rooms import Visit
from ohmyagent.chat.running import Run
from ohmyagent.domain.accounts import Scope
from ohmyagent.domain.conversations import LONGEST_TEXT, MOST_FILES, Id, Saying
from ohmyagent.domain.errors import Forbidden, Invalid, Malformed, Problem, RateLimited, TooLarge, Unauthenticated
from ohmyagent.domain.record import Record
from ohmyagent.domain.text import Text
from ohmyagent.http import bodies, sentences, strict_json
from ohmyagent.http.views import UserView
from ohmyagent.use_cases import talking

log = structlog.get_logger()

LARGEST_FRAME = 256 * 1024
MOST_VISITS = 8
"""Conversations that one socket follows; one more takes the place of the one joined first."""
FRAMES_A_SECOND, FRAMES_AT_ONCE = 10.0, 60.0
MOST_FAULTS = 20
SEND_SECONDS = 15.0
POLICY, SLOW, SIGNED_OUT, GOING_AWAY = 1008, 4408, 4401, 1012


class MessageFrame(Record):
    """Something said."""

    type: Literal["message"]
    conversation_id: Id | None = None
    agent_id: Id | None = None
    text: Annotated[Text, Field(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S")]
    client_message_id: Annotated[str, Field(pattern=r"^[!-~]{1,200}$")]
    files: Annotated[tuple[Id, ...], Field(max_length=MOST_FILES)] = ()
    run_id: Id | None = None


class StopFrame(Record):
    """No more of this answer."""

    type: Literal["stop"]
    conversation_id: Id


class ResumeFrame(Record):
    """Everything of this conversation after a seq, and whatever comes."""

    type: Literal["resume"]
    conversation_id: Id
    after: Annotated[int, Field(ge=0, lt=10**9)] = 0


class PingFrame(Record):
    """Are you there?"""

    type: Literal["ping"]


class Sockets:
    """The route; `run` makes calls to the store."""

    def __init__(self, platform: Platform, engine: Engine, guests: Guests, run: Run) -> None:
        self._platform = platform
        self._engine = engine
        self._guests = guests
        self._run = run

    async def serve(self, socket: WebSocket) -> None:
        try:
            check_page(self._platform, socket, strict=False)
        except Forbidden:
            return await socket.close(POLICY)
        await socket.accept()
        mailbox = Mailbox()
        try:
            guest = await entered(self._platform, self._run, socket.path_params["ticket"], Scope.READ, Scope.RUN)
            seat = self._guests.sit(guest.user.id, mailbox, guest.still)
        except Problem as problem:
            await socket.send_text(refusal(problem, "en"))
            return await socket.close(SIGNED_OUT if isinstance(problem, Unauthenticated) else POLICY)
        try:
            await _Session(self._platform, self._engine, self._run, socket, guest, mailbox).hold()
        finally:
            self._guests.leave(seat)


class _Session:
    """One socket of one person."""

    def __init__(
        self, platform: Platform, engine: Engine, run: Run, socket: WebSocket, guest: Visitor, mailbox: Mailbox
    ) -> None:
        self._platform = platform
        self._engine = engine
        self._run = run
        self._socket = socket
        self._guest = guest
        self._mailbox = mailbox
        self._visits: dict[str, Visit] = {}
        self._bucket = Bucket(FRAMES_A_SECOND, FRAMES_AT_ONCE)
        self._faults = 0
        self._code = GOING_AWAY

    async def hold(self) -> None:
        user = UserView.shown(self._guest.user).model_dump(mode="json")
        self._tell({"type": "ready", "user": user})
        self._mailbox.push = push_of(self._socket.scope)
        listening = asyncio.create_task(self._listen())
        try:
            await self._pass_on()
        finally:
            listening.cancel()
            for visit in self._visits.values():
                visit.close()
            with suppress(asyncio.CancelledError):
                await listening

    async def _pass_on(self) -> None:
        """Send what comes until the other side is gone or too slow."""
        mailbox, send = self._mailbox, self._socket.send_text
        with suppress(WebSocketDisconnect, TimeoutError, RuntimeError):
            while True:
                frames = await mailbox.take()
                if frames:
                    async with asyncio.timeout(SEND_SECONDS):
                        for frame in frames:
                            await send(frame.text)
                elif mailbox.overflown:
                    async with asyncio.timeout(SEND_SECONDS):
                        await send(error_text("slow", "The reader was too slow; come back and resume.", None))
                        await self._socket.close(SLOW)
                    return
                elif mailbox.closed:
                    async with asyncio.timeout(SEND_SECONDS):
                        await self._socket.close(self._code)
                    return

    async def _listen(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return self._mailbox.close()
            try:
                if not self._bucket.take():
                    return self._end(RateLimited())
                await self._heed(message)
            except Problem as problem:
                self._faults += 1
                if self._faults > MOST_FAULTS:
                    return self._end(problem)
                self._refuse(problem, self._named)

    async def _heed(self, message: Any) -> None:
        self._named: str | None = None
        text = message.get("text")
        if text is None:
            raise Malformed(detail="Frames are JSON text.", korean="프레임은 JSON 텍스트여야 합니다.")
        if len(text) > LARGEST_FRAME:
            raise TooLarge("A frame may have 256 KB at most.", korean="메시지는 256KB까지 보낼 수 있습니다.")
        fields = strict_json.parsed(text.encode("utf-8", "surrogatepass"))
        named = fields.get("conversationId")
        self._named = named if isinstance(named, str) and len(named) <= 128 else None
        heed = self._frames.get(fields.get("type", "")) if isinstance(fields.get("type"), str) else None
        if heed is None:
            raise Invalid.of("type", "must be message, stop, resume or ping")
        await heed(self, fields)

    async def _message(self, fields: dict[str, Any]) -> None:
        frame = bodies.valid(MessageFrame, fields)
        saying = Saying(**{name: getattr(frame, name) for name in MessageFrame.model_fields if name != "type"})
        user = self._guest.user
        begun = await self._engine.say(user, saying, user.locale)
        self._visit(begun.turn.conversation_id, begun.turn.first_seq - 1)

    async def _stop(self, fields: dict[str, Any]) -> None:
        frame = bodies.valid(StopFrame, fields)
        here = self._platform
        await self._run(partial(talking.stop, here.store, self._guest.user, frame.conversation_id, here.now()))

    async def _resume(self, fields: dict[str, Any]) -> None:
        frame = bodies.valid(ResumeFrame, fields)
        await self._run(partial(talking.find, self._platform.store, self._guest.user, frame.conversation_id))
        if frame.conversation_id in self._visits:
            self._visits.pop(frame.conversation_id).close()
        self._visit(frame.conversation_id, frame.after)

    async def _ping(self, fields: dict[str, Any]) -> None:
        bodies.valid(PingFrame, fields)
        self._tell({"type": "pong"})

    _frames: ClassVar[dict[str, Callable[["_Session", dict[str, Any]], Awaitable[None]]]] = {
        "message": _message, "stop": _stop, "resume": _resume, "ping": _ping,
    }  # fmt: skip

    def _visit(self, conversation_id: str, after: int) -> None:
        """Follow the conversation, unless that is being done."""
        if conversation_id in self._visits:
            return
        if len(self._visits) >= MOST_VISITS:
            self._visits.pop(next(iter(self._visits))).close()
        self._visits[conversation_id] = Visit(self._engine.rooms, conversation_id, self._mailbox, after)

    def _refuse(self, problem: Problem, conversation_id: str | None) -> None:
        self._mailbox.put(Frame(None, refusal(problem, self._guest.user.locale, conversation_id)))

    def _end(self, problem: Problem) -> None:
        self._code = POLICY
        self._refuse(problem, None)
        self._mailbox.close()

    def _tell(self, event: dict[str, Any]) -> None:
        self._mailbox.put(Frame(None, json.dumps(event, ensure_ascii=False, separators=(",", ":"))))


def refusal(problem: Problem, language: str, conversation_id: str | None = None) -> str:
    """A problem as an event."""
    wrong = []
    if isinstance(problem, Invalid):
        wrong = [{"field": one.field, "message": sentences.said(one.message, language)} for one in problem.errors]
    return error_text(problem.code, problem.said(language), conversation_id, wrong)


def error_text(code: str, detail: str, conversation_id: str | None, errors: list[dict[str, str]] | None = None) -> str:
    event: dict[str, Any] = {"type": "error", "code": code, "detail": detail}
    if errors:
        event["errors"] = errors
    if conversation_id is not None:
        event["conversationId"] = conversation_id
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))

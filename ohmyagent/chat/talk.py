"""POST /api/conversation and GET /api/conversations/{id}/stream: a turn's events as they come, or whole at its end."""

import json
from functools import partial

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from ohmyagent.chat.answers import after_of, body_of, headers_of, id_of
from ohmyagent.chat.engine import Engine
from ohmyagent.chat.entrance import Platform, Visitor, visitor
from ohmyagent.chat.event_stream import EventStream
from ohmyagent.chat.frames import Frame, Mailbox
from ohmyagent.chat.guests import Guests
from ohmyagent.chat.rooms import Visit
from ohmyagent.chat.running import Run
from ohmyagent.domain.accounts import Locale
from ohmyagent.domain.conversations import Conversation, Turn
from ohmyagent.domain.errors import Unavailable
from ohmyagent.http import bodies, strict_json
from ohmyagent.http.conversation_views import AnswerView, ConversationBody, MessageView
from ohmyagent.http.language import language_of
from ohmyagent.use_cases import talking

log = structlog.get_logger()

HEAD = 300
"""Characters within which a line of JSON says what it is."""


class Talk:
    """The routes; `run` makes the calls to the store."""

    def __init__(self, platform: Platform, engine: Engine, guests: Guests, run: Run) -> None:
        self._platform = platform
        self._engine = engine
        self._guests = guests
        self._run = run

    async def say(self, request: Request) -> ASGIApp:
        guest = await visitor(self._platform, self._run, request)
        saying = bodies.valid(ConversationBody, strict_json.parsed(await body_of(request))).saying
        begun = await self._engine.say(guest.user, saying, spoken(request, guest))
        turn, mailbox = begun.turn, Mailbox()
        await self._find(guest, turn.conversation_id)
        log.info("turn asked", route="/api/conversation", turn=turn.id, again=begun.held is None)
        if "text/event-stream" in request.headers.get("accept", ""):
            return self._streamed(request, guest, mailbox, turn.conversation_id, turn.first_seq - 1, turn.id)
        visit = Visit(self._engine.rooms, turn.conversation_id, mailbox, turn.first_seq - 1)
        try:
            return await self._whole(request, turn, mailbox)
        finally:
            visit.close()

    async def stream(self, request: Request) -> ASGIApp:
        """Stays open over any number of turns; its end comes when the conversation is gone."""
        id, after = id_of(request), after_of(request)
        guest = await visitor(self._platform, self._run, request)
        await self._find(guest, id)
        mailbox = Mailbox()
        log.info("stream", route="/api/conversations/{id}/stream", conversation=id, after=after)
        return self._streamed(request, guest, mailbox, id, after, None)

    def _streamed(
        self, request: Request, guest: Visitor, mailbox: Mailbox, id: str, after: int, turn_id: str | None
    ) -> ASGIApp:
        store = self._platform.store
        seat = self._guests.sit(guest.user.id, mailbox, lambda: talking.find(store, guest.still(), id))
        visit = Visit(self._engine.rooms, id, mailbox, after)

        def last(frame: Frame) -> bool:
            return turn_id is not None and ends(frame, turn_id)

        def leave() -> None:
            visit.close()
            self._guests.leave(seat)

        return EventStream(mailbox, headers_of(request), last, leave)

    async def _whole(self, request: Request, turn: Turn, mailbox: Mailbox) -> Response:
        kept: list[str] = []
        while not (mailbox.closed or mailbox.overflown):
            for frame in await mailbox.take():
                if frame.seq is not None:
                    kept.append(frame.text)
                if ends(frame, turn.id):
                    events = tuple(event for event in map(json.loads, kept) if event.get("turn", turn.id) == turn.id)
                    message = MessageView.shown(talking.told(events)[-1])
                    answer = AnswerView.model_construct(
                        conversation_id=turn.conversation_id, message=message, events=events
                    )
                    return Response(answer.model_dump_json(by_alias=True), 200, headers_of(request), "application/json")
        raise Unavailable()

    async def _find(self, guest: Visitor, id: str) -> Conversation:
        return await self._run(partial(talking.find, self._platform.store, guest.user, id))


def spoken(request: Request, guest: Visitor) -> Locale:
    """What the browser asks for, or else what the person has set."""
    asked = request.headers.get("accept-language")
    return language_of(asked) if asked else guest.user.locale


def ends(frame: Frame, turn_id: str) -> bool:
    """Whether this is the end of that turn.  In JSON a quote within a text is escaped, so no text looks like it."""
    return frame.seq is not None and f'"type":"turn_ended","turn":"{turn_id}"' in frame.text[:HEAD]

"""/api/conversations and /api/stream/ticket: what was said, and the way in to what is being said."""

from typing import Any

from flask import Blueprint, Response

from ohmyagent.domain.accounts import Scope
from ohmyagent.domain.cards import DraftCard
from ohmyagent.domain.conversations import Conversation, Mode
from ohmyagent.domain.errors import NotFound, Unauthenticated
from ohmyagent.http.answers import answer, nothing
from ohmyagent.http.context import app, credential, user
from ohmyagent.http.conversation_views import (
    ConversationList,
    ConversationView,
    ConversationWithMessages,
    MessageView,
    TicketView,
    TurnView,
)
from ohmyagent.http.operations import operation
from ohmyagent.http.queries import PageQuery
from ohmyagent.use_cases import drafting, talking, ticketing

bp = Blueprint("conversations", __name__, url_prefix="/api/conversations")
tickets = Blueprint("tickets", __name__, url_prefix="/api/stream")


@bp.get("")
@operation("List conversations", query=PageQuery, answers={200: ConversationList})
def listing(query: PageQuery) -> Response:
    found, cursor = talking.page(app().store, user(), limit=query.limit, cursor=query.cursor)
    items = tuple(map(ConversationView.shown, found))
    return answer(ConversationList.model_construct(items=items, next_cursor=cursor))


@bp.get("/<id:conversation_id>")
@operation("Read a conversation", answers={200: ConversationWithMessages}, problems=(404,))
def read(conversation_id: str) -> Response:
    conversation = talking.find(app().store, user(), conversation_id)
    messages, last_seq = talking.messages(app().store, conversation)
    about = ConversationView.shown(conversation).replace(last_seq=last_seq)
    said = tuple(map(MessageView.shown, messages))
    return answer(ConversationWithMessages.model_construct(**dict(about), messages=said, draft=_draft(conversation)))


def _draft(conversation: Conversation) -> dict[str, Any] | None:
    """What is being designed; None before anything is, in a talk with an agent, and when the agent is gone."""
    if conversation.mode is not Mode.DESIGN:
        return None
    try:
        draft = drafting.present(app().store, user(), conversation.id, app().now())
    except NotFound:
        return None
    return DraftCard.shown(draft).model_dump(mode="json") if draft.revision else None


@bp.delete("/<id:conversation_id>")
@operation("Delete a conversation", answers={204: None}, problems=(404,))
def delete(conversation_id: str) -> Response:
    here = app()
    talking.delete(here.store, here.files, user(), conversation_id, here.now())
    return nothing()


@bp.post("/<id:conversation_id>/stop")
@operation("Stop the answer under way", answers={202: TurnView}, problems=(404, 410))
def stop(conversation_id: str) -> Response:
    return answer(TurnView.shown(talking.stop(app().store, user(), conversation_id, app().now())), 202)


@tickets.post("/ticket")
@operation("A pass to one stream", answers={201: TicketView}, scopes=frozenset({Scope.READ, Scope.RUN}))
def ticket() -> Response:
    signed_in = credential()
    if signed_in is None:
        raise Unauthenticated()
    secret, kept = ticketing.mint(app().store, user(), signed_in.secret, app().now())
    return answer(TicketView(ticket=secret, expires_at=kept.expires_at), 201)

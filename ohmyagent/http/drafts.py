"""/api/conversations/{id}/draft and beside it: what the user does with a draft, by clicks and never by the designer."""

from typing import Annotated

from flask import Blueprint, Response
from pydantic import Field

from ohmyagent.domain.accounts import Scope
from ohmyagent.domain.agents import Host
from ohmyagent.domain.cards import DraftCard, PriceCard
from ohmyagent.domain.record import Record
from ohmyagent.http.agents import AgentPatch
from ohmyagent.http.answers import answer
from ohmyagent.http.context import app, idempotency_key, language, user
from ohmyagent.http.operations import operation
from ohmyagent.http.queries import Number
from ohmyagent.http.views import AgentView, ExecutionView
from ohmyagent.use_cases import drafting, pricing, rehearsing, showing, uploading

bp = Blueprint("drafts", __name__, url_prefix="/api/conversations/<id:conversation_id>")

Revision = Annotated[int, Field(ge=0, le=10**9)]


class DraftPatch(Record):
    """What the user changed by hand in the revision that the page showed."""

    revision: Revision
    agent: AgentPatch


class DraftSave(Record):
    """Which revision to save, and whether its schedule shall count from now on."""

    revision: Revision
    activate: bool = False


class RehearsalRequest(Record):
    """Which revision to try; `allow` adds hosts to it first, as a new revision."""

    revision: Revision
    allow: Annotated[tuple[Host, ...], Field(max_length=50)] = ()


class PriceQuery(Record):
    """The revision that the page shows."""

    revision: Annotated[Number, Field(ge=0, le=10**9)] | None = None


@bp.get("/draft")
@operation("The draft of a conversation", answers={200: DraftCard}, problems=(404,))
def read(conversation_id: str) -> Response:
    return answer(DraftCard.shown(drafting.present(app().store, user(), conversation_id, app().now())))


@bp.patch("/draft")
@operation("Change the draft by hand", body=DraftPatch, answers={200: DraftCard}, problems=(404, 409))
def change(conversation_id: str, body: DraftPatch) -> Response:
    here, patch = app(), body.agent.model_dump()
    draft = drafting.change(
        here.store, here.models, user(), conversation_id, patch, revision=body.revision, now=here.now()
    )
    showing.draft(here.store, draft, here.now())
    return answer(DraftCard.shown(draft))


@bp.post("/draft/save")
@operation("Save the draft as an agent", body=DraftSave, answers={200: AgentView, 201: AgentView}, problems=(404, 409))
def save(conversation_id: str, body: DraftSave) -> Response:
    """201 for a new agent, 200 for the next version of one; the same revision again answers with what there is."""
    here = app()
    draft, agent = drafting.save(
        here.store, here.models, user(), conversation_id, body.revision, activate=body.activate, now=here.now()
    )
    uploading.hand_over(here.store, here.files, user(), conversation_id, agent.id, here.now())
    showing.draft(here.store, draft, here.now())
    showing.agent(here.store, draft, agent, here.now())
    return answer(AgentView.shown(agent), 201 if agent.version == 1 else 200)


@bp.post("/rehearsals")
@operation(
    "Try the draft once, for real and with a small cap",
    body=RehearsalRequest, answers={202: ExecutionView}, problems=(404, 409), creates=True,
    scopes=frozenset({Scope.WRITE, Scope.RUN}),
)  # fmt: skip
def rehearse(conversation_id: str, body: RehearsalRequest) -> Response:
    here = app()
    draft, execution = rehearsing.start(
        here.store, here.queue, here.models, user(), conversation_id, body.revision,
        allow=body.allow, now=here.now(), key=idempotency_key(),
    )  # fmt: skip
    if draft.revision != body.revision:
        showing.draft(here.store, draft, here.now())
    showing.rehearsal(here.store, execution, here.now())
    return answer(ExecutionView.shown(execution, language()), 202)


@bp.get("/price")
@operation("What the draft would cost", query=PriceQuery, answers={200: PriceCard}, problems=(404, 409))
def price(conversation_id: str, query: PriceQuery) -> Response:
    draft = drafting.present(app().store, user(), conversation_id, app().now())
    if query.revision is not None:
        draft.at(query.revision)
    return answer(pricing.price(app().store, draft, app().now()))

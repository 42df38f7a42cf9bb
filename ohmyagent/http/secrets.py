"""/api/agents/{id}/secrets: what an agent is entrusted with.  A value goes in and never comes out."""

from typing import Self

from flask import Blueprint, Response

from ohmyagent.domain.record import Instant, Record
from ohmyagent.domain.secrets import Secret, SecretDraft
from ohmyagent.http.answers import answer, nothing
from ohmyagent.http.context import app, user
from ohmyagent.http.operations import operation
from ohmyagent.http.views import Listing
from ohmyagent.use_cases import entrusting

bp = Blueprint("secrets", __name__, url_prefix="/api/agents/<id:agent_id>/secrets")

LIMIT = 64 * 1024


class SecretView(Record):
    """What a secret is for.  It has no field for the value, so none can be shown by mistake."""

    name: str
    hosts: tuple[str, ...]
    header: str
    prefix: str
    created_at: Instant
    updated_at: Instant

    @classmethod
    def shown(cls, secret: Secret) -> Self:
        return cls.model_construct(**{name: getattr(secret, name) for name in cls.model_fields})


class SecretList(Listing[SecretView]):
    """Every secret of the agent, by name; there are so few that they come in one piece."""


@bp.get("")
@operation("List an agent's secrets, without their values", answers={200: SecretList}, problems=(404,))
def listing(agent_id: str) -> Response:
    found = entrusting.listing(app().store, user(), agent_id)
    return answer(SecretList.model_construct(items=tuple(map(SecretView.shown, found)), next_cursor=None))


@bp.get("/<id:name>")
@operation("Read what a secret is for, without its value", answers={200: SecretView}, problems=(404,))
def read(agent_id: str, name: str) -> Response:
    return answer(SecretView.shown(entrusting.find(app().store, user(), agent_id, name)))


@bp.put("/<id:name>")
@operation(
    "Entrust an agent with a secret, or replace it",
    body=SecretDraft, answers={200: SecretView}, problems=(404,), limit=LIMIT,
)  # fmt: skip
def put(agent_id: str, name: str, body: SecretDraft) -> Response:
    kept = entrusting.put(app().store, app().vault, user(), agent_id, name, body, app().now())
    return answer(SecretView.shown(kept))


@bp.delete("/<id:name>")
@operation("Delete a secret; runs under way lose it at once", answers={204: None}, problems=(404,))
def delete(agent_id: str, name: str) -> Response:
    entrusting.remove(app().store, user(), agent_id, name)
    return nothing()

"""/api/api-keys: keys for commands and programs."""

from typing import Annotated, Self

from flask import Blueprint, Response
from pydantic import Field

from ohmyagent.domain.accounts import ALL_SCOPES, ApiKey, Scope
from ohmyagent.domain.record import Instant, Record
from ohmyagent.domain.text import Name
from ohmyagent.http.answers import answer, nothing
from ohmyagent.http.context import app, user
from ohmyagent.http.operations import operation
from ohmyagent.http.views import Listing
from ohmyagent.use_cases import keying

bp = Blueprint("api_keys", __name__, url_prefix="/api/api-keys")


class ApiKeyDraft(Record):
    """`read` looks, `run` starts, stops and repeats runs and talks, `write` changes everything else."""

    name: Name
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=3)] = tuple(Scope)


class ApiKeyView(Record):
    """A key without what it is; `lastUsedAt` is right to the hour."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: Instant
    last_used_at: Instant | None

    @classmethod
    def shown(cls, key: ApiKey) -> Self:
        return cls(
            id=key.number or "", name=key.name, scopes=key.scopes, created_at=key.created_at,
            last_used_at=key.last_used_at,
        )  # fmt: skip


class NewApiKeyView(ApiKeyView):
    """`key` is shown this once."""

    key: str


class ApiKeyList(Listing[ApiKeyView]):
    """Keys, newest first."""


@bp.get("")
@operation("List API keys", answers={200: ApiKeyList})
def listing() -> Response:
    return answer(ApiKeyList(items=tuple(map(ApiKeyView.shown, keying.listing(app().store, user())))))


@bp.post("")
@operation(
    "Make an API key", body=ApiKeyDraft, answers={201: NewApiKeyView}, problems=(403, 409), scopes=ALL_SCOPES,
)  # fmt: skip
def create(body: ApiKeyDraft) -> Response:
    """An API key needs every scope to make another: no key gets more than it has."""
    secret, key = keying.create(app().store, user(), body.name, body.scopes, app().now())
    return answer(NewApiKeyView(**dict(ApiKeyView.shown(key)), key=secret), 201)


@bp.delete("/<id:key_id>")
@operation("Take an API key back", answers={204: None}, problems=(404,))
def remove(key_id: str) -> Response:
    keying.remove(app().store, user(), key_id)
    return nothing()

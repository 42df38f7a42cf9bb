"""/api/agents/{id}/hooks and /api/hooks/{hookId}: other programs start an agent."""

from typing import Any, Self

from flask import Blueprint, Response, request

from ohmyagent.domain.blocks import Counted
from ohmyagent.domain.hooks import MOST_BODY_BYTES, Hook
from ohmyagent.domain.record import Instant, Record
from ohmyagent.http import bodies
from ohmyagent.http.answers import answer, nothing
from ohmyagent.http.context import app, count, credential, idempotency_key, user
from ohmyagent.http.operations import Access, operation
from ohmyagent.http.views import Listing
from ohmyagent.use_cases import hooking

bp = Blueprint("hooks", __name__, url_prefix="/api/agents/<id:agent_id>/hooks")
arrivals = Blueprint("hook_arrivals", __name__, url_prefix="/api/hooks")

ANYTHING: dict[str, Any] = {}


class HookView(Record):
    """A hook.  `previousUntil` is when the key before the last rotation ceases to hold."""

    id: str
    url: str
    created_at: Instant
    last_used_at: Instant | None
    rotated_at: Instant | None
    previous_until: Instant | None

    @classmethod
    def shown(cls, hook: Hook) -> Self:
        return cls(**_fields(hook))


class NewHookView(HookView):
    """`secret` is shown this once."""

    secret: str


class HookList(Listing[HookView]):
    """Every hook of the agent, oldest first; there are so few that they come in one piece."""


class StartedView(Record):
    """The run that a message started, now or when it first came."""

    execution_id: str


@bp.post("")
@operation("Make an address at which other programs start an agent", answers={201: NewHookView}, problems=(404, 409))
def create(agent_id: str) -> Response:
    hook, secret = hooking.create(app().store, app().vault, user(), agent_id, app().now())
    return answer(NewHookView(**_fields(hook), secret=secret), 201)


@bp.get("")
@operation("List an agent's hooks, without their secrets", answers={200: HookList}, problems=(404,))
def listing(agent_id: str) -> Response:
    found = hooking.listing(app().store, user(), agent_id)
    return answer(HookList(items=tuple(map(HookView.shown, found))))


@bp.post("/<id:hook_id>/rotate")
@operation("Another secret for a hook; the present one holds for 24 hours more", answers={200: NewHookView},
           problems=(404,))  # fmt: skip
def rotate(agent_id: str, hook_id: str) -> Response:
    hook, secret = hooking.rotate(app().store, app().vault, user(), agent_id, hook_id, app().now())
    return answer(NewHookView(**_fields(hook), secret=secret))


@bp.delete("/<id:hook_id>")
@operation("Delete a hook; its address is gone at once", answers={204: None}, problems=(404,))
def delete(agent_id: str, hook_id: str) -> Response:
    hooking.remove(app().store, user(), agent_id, hook_id)
    return nothing()


@arrivals.post("/<id:hook_id>")
@operation(
    "Start an agent; the body, whatever it is, becomes the run's input",
    access=Access.PUBLIC, takes={"*/*": ANYTHING}, body_optional=True,
    answers={202: StartedView}, problems=(401, 403, 404, 409), creates=True, limit=MOST_BODY_BYTES,
)  # fmt: skip
def arrive(hook_id: str) -> Response:
    count(Counted.HOOK)
    here, found, headers = app(), credential(), request.headers
    message = hooking.Message(
        body=bodies.whole(),
        media_type=request.mimetype,
        id=headers.get("webhook-id"),
        timestamp=headers.get("webhook-timestamp"),
        signature=headers.get("webhook-signature"),
        bearer=found.secret if found and not found.by_cookie else None,
        key=idempotency_key(),
    )
    started = hooking.accept(here.store, here.queue, here.models, here.vault, hook_id, message, here.now())
    return answer(StartedView(execution_id=started.id), 202)


def _fields(hook: Hook) -> dict[str, Any]:
    return {
        "id": hook.id,
        "url": f"{app().settings.public_url}/api/hooks/{hook.id}",
        "created_at": hook.created_at,
        "last_used_at": hook.last_used_at,
        "rotated_at": hook.keys.rotated_at,
        "previous_until": hook.keys.previous_until,
    }

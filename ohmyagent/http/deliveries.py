"""/api/agents/{id}/deliveries and /webhook-secret: what the agent's own webhook was told, and how it can tell."""

from typing import Self

from flask import Blueprint, Response

from ohmyagent.domain.deliveries import Attempt, Delivery, DeliveryStatus
from ohmyagent.domain.record import Instant, Record
from ohmyagent.http.answers import answer
from ohmyagent.http.context import app, user
from ohmyagent.http.operations import operation
from ohmyagent.http.queries import PageQuery
from ohmyagent.http.views import Listing
from ohmyagent.use_cases import delivering

bp = Blueprint("deliveries", __name__, url_prefix="/api/agents/<id:agent_id>")


class DeliveryView(Record):
    """One run's end on its way to an address.  An attempt has `httpStatus`, or in `error` why there was no answer."""

    id: str
    execution_id: str
    url: str
    status: DeliveryStatus
    attempts: tuple[Attempt, ...]
    created_at: Instant
    next_attempt_at: Instant | None

    @classmethod
    def shown(cls, delivery: Delivery) -> Self:
        return cls.model_construct(**{name: getattr(delivery, name) for name in cls.model_fields})


class DeliveryList(Listing[DeliveryView]):
    """Deliveries, newest first."""


class WebhookSecretView(Record):
    """What the agent's deliveries are signed with.  Until `previousUntil` they are signed by the key before, too."""

    secret: str
    created_at: Instant
    rotated_at: Instant | None
    previous_until: Instant | None


@bp.get("/deliveries")
@operation("What an agent's webhook was told", query=PageQuery, answers={200: DeliveryList}, problems=(404,))
def listing(agent_id: str, query: PageQuery) -> Response:
    found, cursor = delivering.listing(app().store, user(), agent_id, limit=query.limit, cursor=query.cursor)
    items = tuple(map(DeliveryView.shown, found))
    return answer(DeliveryList.model_construct(items=items, next_cursor=cursor))


@bp.get("/webhook-secret")
@operation("The key that an agent's deliveries are signed with", answers={200: WebhookSecretView}, problems=(404,))
def secret(agent_id: str) -> Response:
    return _shown(delivering.secret(app().store, app().vault, user(), agent_id, app().now()))


@bp.post("/webhook-secret")
@operation("Another key for an agent's deliveries; for 24 hours they are signed by both",
           answers={200: WebhookSecretView}, problems=(404,))  # fmt: skip
def rotate(agent_id: str) -> Response:
    return _shown(delivering.rotate(app().store, app().vault, user(), agent_id, app().now()))


def _shown(shared: delivering.SharedSecret) -> Response:
    kept, keys = shared.kept, shared.kept.keys
    view = WebhookSecretView(
        secret=shared.secret,
        created_at=kept.created_at,
        rotated_at=keys.rotated_at,
        previous_until=keys.previous_until,
    )
    return answer(view)

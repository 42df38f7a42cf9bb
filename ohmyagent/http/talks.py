"""/api/agents/{id}/conversations: beginning to talk with an agent itself."""

from flask import Blueprint, Response

from ohmyagent.domain.talks import TalkRequest
from ohmyagent.http.answers import answer
from ohmyagent.http.context import app, idempotency_key, user
from ohmyagent.http.conversation_views import ConversationView
from ohmyagent.http.operations import operation
from ohmyagent.use_cases import conversing

bp = Blueprint("talks", __name__, url_prefix="/api/agents/<id:agent_id>/conversations")


@bp.post("")
@operation(
    "Begin to talk with an agent, within an agreed cost",
    body=TalkRequest, body_optional=True, answers={201: ConversationView}, problems=(404,), creates=True,
)  # fmt: skip
def create(agent_id: str, body: TalkRequest) -> Response:
    here = app()
    made = conversing.begin(here.store, user(), agent_id, body, now=here.now(), key=idempotency_key())
    return answer(ConversationView.shown(made), 201)

"""The streaming service in the OpenAPI document: it has no Flask routes to be read off."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from ohmyagent.http.bodies import JSON
from ohmyagent.http.conversation_views import AnswerView, ConversationBody
from ohmyagent.http.problems import MEDIA_TYPE
from ohmyagent.http.routing import IdConverter
from ohmyagent.http.views import ProblemView

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]
Reference = Mapping[tuple[Any, Mode], Json]

MEANING = {
    200: "Done", 201: "Created", 202: "Accepted", 204: "Done; no body", 400: "Malformed", 401: "Not signed in",
    402: "Budget used up", 403: "Not allowed", 404: "No such thing, or none of yours", 409: "Not in the present state",
    410: "It has ended", 412: "Changed in the meantime", 413: "Too large", 415: "Not a media type for this route",
    422: "Some fields are not valid", 429: "Too many requests; see Retry-After", 503: "Not now; see Retry-After",
}  # fmt: skip
ID: Json = {"type": "string", "pattern": f"^{IdConverter.regex}$"}
SEQ: Json = {"type": "integer", "minimum": 0, "maximum": 10**9 - 1}
STAMP: Json = {"type": "integer", "minimum": 0, "maximum": 10**16 - 1}
EVENTS: Json = {"text/event-stream": {"schema": {"type": "string"}}}
MODELS: set[tuple[type[BaseModel], Mode]] = {(ConversationBody, "validation"), (AnswerView, "serialization")}
"""What the streams take and answer beside events."""


@dataclass(frozen=True)
class Stream:
    """One route.  `id` is the name of the id in its address; a stream that can be taken up again has an `after`."""

    method: Literal["get", "post"]
    path: str
    name: str
    summary: str
    says: str
    id: str | None = None
    after: Json | None = None
    refusals: tuple[int, ...] = (401, 403, 503)

    def operation(self, refs: Reference, security: list[Json]) -> Json:
        """Its entry in the document."""
        problem = {MEDIA_TYPE: {"schema": refs[ProblemView, "serialization"]}}
        refusals = {
            str(status): {"description": MEANING[status], "content": problem} for status in sorted(self.refusals)
        }
        described: Json = {
            "operationId": f"streams_{self.name}",
            "tags": ["streams"],
            "summary": self.summary,
            "security": security,
            "responses": {"200": {"description": self.says, "content": self._content(refs)}, **refusals},
        }
        if self.id or self.after:
            described["parameters"] = self._parameters()
        if self.method == "post":
            body = {JSON: {"schema": refs[ConversationBody, "validation"]}}
            described["requestBody"] = {"required": True, "content": body}
        return described

    def _content(self, refs: Reference) -> Json:
        whole = {JSON: {"schema": refs[AnswerView, "serialization"]}} if self.method == "post" else {}
        return {**EVENTS, **whole}

    def _parameters(self) -> list[Json]:
        named = [{"name": self.id, "in": "path", "required": True, "schema": ID}] if self.id else []
        if self.after is None:
            return named
        return [
            *named,
            {"name": "after", "in": "query", "required": False, "schema": self.after},
            {"name": "Last-Event-ID", "in": "header", "required": False, "schema": self.after},
        ]


STREAMS = (
    Stream(
        "get", "/api/executions/{executionId}/stream", "execution",
        "A run's log as server-sent events, live and from any seq on", "Events until the run has ended",
        id="executionId", after=SEQ, refusals=(401, 403, 404, 422, 503),
    ),
    Stream(
        "post", "/api/conversation", "say",
        "Say something; the turn's events as they come, or the whole turn where JSON is asked for",
        "The turn, as events or whole", refusals=(400, 401, 403, 404, 409, 413, 415, 422, 503),
    ),
    Stream(
        "get", "/api/conversations/{conversationId}/stream", "conversation",
        "A conversation's events, live and from any seq on", "Events as long as the conversation is there",
        id="conversationId", after=SEQ, refusals=(401, 403, 404, 422, 503),
    ),
    Stream(
        "get", "/api/updates/stream", "updates", "What changed for the caller: agents, runs, usage, conversations",
        "Hints to load something again", after=STAMP, refusals=(401, 403, 422, 503),
    ),
)  # fmt: skip

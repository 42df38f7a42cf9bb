"""/api/agents: the HTTP face of agent design."""

from datetime import timedelta
from typing import Self

from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict

from ohmyagent.domain.agents import Agent, AgentDraft
from ohmyagent.domain.errors import Invalid
from ohmyagent.domain.record import Record
from ohmyagent.http import bodies
from ohmyagent.http.answers import answer, disposition, nothing
from ohmyagent.http.context import app, expected_version, idempotency_key, language, user
from ohmyagent.http.operations import operation
from ohmyagent.http.queries import AgentsQuery, CalendarQuery, PageQuery
from ohmyagent.http.views import AgentVersionView, AgentView, Listing
from ohmyagent.use_cases import designing, explaining, ticking
from ohmyagent.use_cases.ticking import Entry

A_MONTH = timedelta(days=31)

bp = Blueprint("agents", __name__, url_prefix="/api/agents")


class AgentPatch(BaseModel):
    """A merge patch (RFC 7396) of the agent's draft: what is left out stays, null goes back to the default."""

    model_config = ConfigDict(extra="allow")


class Rollback(Record):
    """The version to go back to."""

    version: int


class AgentList(Listing[AgentView]):
    """Agents, newest first."""


class EntryView(Entry):
    """A due instant; `error` says in words why it did not run, or why its run came to nothing."""

    error: str | None

    @classmethod
    def shown(cls, entry: Entry, language: str) -> Self:
        return cls.model_construct(**dict(entry), error=explaining.sentence(entry.error_code, None, language))


class Calendar(Listing[EntryView]):
    """Due instants in order: past ones with their state, future ones as `planned`."""


class AgentVersionList(Listing[AgentVersionView]):
    """Versions of an agent, newest first."""


@bp.get("")
@operation("List agents", query=AgentsQuery, answers={200: AgentList})
def listing(query: AgentsQuery) -> Response:
    found, cursor = designing.page(
        app().store, user(), status=query.status, tag=query.tag, text=query.q, limit=query.limit, cursor=query.cursor
    )
    return answer(AgentList.model_construct(items=tuple(map(AgentView.shown, found)), next_cursor=cursor))


@bp.get("/<id:agent_id>/calendar")
@operation("An agent's due instants", query=CalendarQuery, answers={200: Calendar}, problems=(404,))
def calendar(agent_id: str, query: CalendarQuery) -> Response:
    now = app().now()
    since = query.since or now
    entries = ticking.calendar(app().store, user(), agent_id, since, query.until or since + A_MONTH, now)
    shown = tuple(EntryView.shown(entry, language()) for entry in entries)
    return answer(Calendar.model_construct(items=shown, next_cursor=None))


@bp.post("")
@operation("Create an agent", body=AgentDraft, answers={201: AgentView}, problems=(409,), creates=True)
def create(body: AgentDraft) -> Response:
    agent = designing.create(app().store, app().models, user(), body, now=app().now(), key=idempotency_key())
    return _shown(agent, 201)


@bp.get("/<id:agent_id>")
@operation("Read an agent", answers={200: AgentView}, problems=(404,))
def read(agent_id: str) -> Response:
    return _shown(designing.find(app().store, user(), agent_id))


@bp.put("/<id:agent_id>")
@operation(
    "Replace an agent's draft, by fields or by an agent file",
    takes={bodies.JSON: AgentDraft, bodies.MARKDOWN: bodies.TEXT},
    answers={200: AgentView}, problems=(404, 409), versioned=True,
)  # fmt: skip
def replace(agent_id: str) -> Response:
    """A file says nothing of the status, which stays."""
    expected = expected_version()
    if request.mimetype != bodies.MARKDOWN:
        return _saved(agent_id, bodies.valid(AgentDraft, bodies.json_object()), expected)
    here, text = app(), bodies.text_body(bodies.MARKDOWN)
    return _shown(
        designing.reimported(here.store, here.models, user(), agent_id, text, now=here.now(), expected=expected)
    )


@bp.patch("/<id:agent_id>")
@operation(
    "Change parts of an agent's draft",
    takes={bodies.JSON: AgentPatch, bodies.MERGE_PATCH: AgentPatch},
    answers={200: AgentView}, problems=(404, 409), versioned=True,
)  # fmt: skip
def change(agent_id: str) -> Response:
    """The patch applies to the version that was read here; a change in between is 412."""
    patch = bodies.json_object(bodies.JSON, bodies.MERGE_PATCH)
    before = designing.find(app().store, user(), agent_id).at_version(expected_version())
    draft = bodies.valid(AgentDraft, designing.patched(before, patch))
    return _saved(agent_id, draft, before.version)


@bp.delete("/<id:agent_id>")
@operation("Delete an agent (it can be restored for 30 days)", answers={204: None}, problems=(404,), versioned=True)
def delete(agent_id: str) -> Response:
    designing.delete(app().store, user(), agent_id, now=app().now(), expected=expected_version())
    return nothing()


@bp.post("/<id:agent_id>/restore")
@operation("Restore a deleted agent, paused", answers={200: AgentView}, problems=(404, 409))
def restore(agent_id: str) -> Response:
    return _shown(designing.restore(app().store, user(), agent_id, now=app().now()))


@bp.get("/<id:agent_id>/versions")
@operation("List an agent's versions", query=PageQuery, answers={200: AgentVersionList}, problems=(404,))
def versions(agent_id: str, query: PageQuery) -> Response:
    found, cursor = designing.versions(app().store, user(), agent_id, limit=query.limit, cursor=query.cursor)
    items = tuple(map(AgentVersionView.shown, found))
    return answer(AgentVersionList.model_construct(items=items, next_cursor=cursor))


@bp.post("/<id:agent_id>/rollback")
@operation("Go back to an older version, as a new one", body=Rollback, answers={200: AgentView}, problems=(404,))
def rollback(agent_id: str, body: Rollback) -> Response:
    if not 1 <= body.version < 10**6:
        raise Invalid.of("version", "is out of range")
    return _shown(designing.rollback(app().store, app().models, user(), agent_id, body.version, now=app().now()))


@bp.get("/<id:agent_id>/export")
@operation("The agent as a file", answers={200: bodies.MARKDOWN}, problems=(404,))
def export(agent_id: str) -> Response:
    agent = designing.find(app().store, user(), agent_id)
    response = Response(designing.exported(app().store, user(), agent_id), mimetype=bodies.MARKDOWN)
    response.headers["Content-Disposition"] = disposition(f"{agent.slug}.md")
    return response


@bp.post("/import")
@operation(
    "Create an agent, paused, from a file",
    takes={bodies.MARKDOWN: bodies.TEXT, bodies.MULTIPART: bodies.FILE_FORM},
    answers={201: AgentView}, problems=(409,), creates=True,
)  # fmt: skip
def import_file() -> Response:
    key = idempotency_key()
    text = bodies.file_text() if bodies.is_form() else bodies.text_body(bodies.MARKDOWN)
    return _shown(designing.imported(app().store, app().models, user(), text, now=app().now(), key=key), 201)


def _saved(agent_id: str, draft: AgentDraft, expected: int | None) -> Response:
    return _shown(
        designing.save(app().store, app().models, user(), agent_id, draft, now=app().now(), expected=expected)
    )


def _shown(agent: Agent, status: int = 200) -> Response:
    response = answer(AgentView.shown(agent), status)
    response.headers["ETag"] = f'"{agent.version}"'
    return response

"""/api/account/export and its end: taking everything along, and leaving."""

from contextlib import closing
from typing import Literal

from flask import Blueprint, Response

from ohmyagent.domain.audit import Act
from ohmyagent.domain.blocks import Counted
from ohmyagent.domain.record import Instant, Record
from ohmyagent.http.answers import BINARY, answer, attachment, nothing
from ohmyagent.http.context import app, count, user
from ohmyagent.http.credentials import COOKIE
from ohmyagent.http.operations import operation
from ohmyagent.http.queries import PageQuery
from ohmyagent.http.views import Listing
from ohmyagent.use_cases import auditing, erasing, exporting

bp = Blueprint("privacy", __name__, url_prefix="/api/account")


class Farewell(Record):
    """What a person types to end their account: one of these, exactly."""

    confirmation: Literal["delete my account", "계정 삭제"]


class AuditView(Record):
    """Something that was done to an account.  `by` says who did it."""

    at: Instant
    act: Act
    by: Literal["me", "administrator"]
    detail: str | None


class AuditList(Listing[AuditView]):
    """What was done, newest first."""


@bp.get("/export")
@operation("Everything that is kept of me, as a zip", answers={200: BINARY})
def export() -> Response:
    """Sent as it is made, so that it is nowhere whole; one that breaks off is no zip."""
    here, now, who = app(), app().now(), user()
    count(Counted.EXPORT, who.id)
    exporting.note(here.store, who, now)
    archive = exporting.archive(here.store, here.files, who)
    return attachment(f"oh-my-agent-{now:%Y-%m-%d}.zip", closing(archive))


@bp.delete("")
@operation("End my account and erase everything", body=Farewell, answers={202: None}, problems=(403,))
def leave(body: Farewell) -> Response:
    """Nobody is signed in any more at once; the rest goes within minutes, a day at the most."""
    erasing.ask(app().store, user(), app().now())
    response = nothing()
    response.status_code = 202
    response.delete_cookie(COOKIE, path="/")
    return response


@bp.get("/audit")
@operation("What was done to my account", query=PageQuery, answers={200: AuditList})
def audit(query: PageQuery) -> Response:
    found, cursor = auditing.of_user(app().store, user(), limit=query.limit, cursor=query.cursor)
    me = user().id
    items = tuple(
        AuditView(at=e.at, act=e.act, by="me" if e.actor_id == me else "administrator", detail=e.detail) for e in found
    )  # fmt: skip
    return answer(AuditList.model_construct(items=items, next_cursor=cursor))

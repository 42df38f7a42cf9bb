"""/api/account/export and its end: taking everything along, and leaving."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Literal

from flask import Blueprint, Response

from ohmyagent.domain.audit import Act
from ohmyagent.domain.record import Instant, Record
from ohmyagent.http.answers import BINARY, answer, attachment, nothing
from ohmyagent.http.context import app, user
from ohmyagent.http.credentials import COOKIE
from ohmyagent.http.operations import operation
from ohmyagent.http.queries import PageQuery
from ohmyagent.http.views import Listing
from ohmyagent.use_cases import auditing, erasing, exporting

bp = Blueprint("privacy", __name__, url_prefix="/api/account")

IN_MEMORY = 2**22
CHUNK = 2**16


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
    """The archive is made before the answer begins, on disk when it is large."""
    here, now = app(), app().now()
    target = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  closed with the answer
    try:
        exporting.write(here.store, here.files, user(), target, now)
    except BaseException:
        target.close()
        raise
    size = target.tell()
    return attachment(f"oh-my-agent-{now:%Y-%m-%d}.zip", _body(target), size)


@contextmanager
def _body(file: IO[bytes]) -> Iterator[Iterator[bytes]]:
    with file:
        file.seek(0)
        yield iter(lambda: file.read(CHUNK), b"")


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

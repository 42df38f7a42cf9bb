"""/api/outbox: the mails written to the signed-in user, sent or not."""

from typing import Self

from flask import Blueprint, Response

from ohmyagent.domain.mail import MailKind, MailState, OutboxMail
from ohmyagent.domain.record import Instant, Record
from ohmyagent.http.answers import answer
from ohmyagent.http.context import app, user
from ohmyagent.http.operations import operation
from ohmyagent.http.queries import PageQuery
from ohmyagent.http.views import Listing
from ohmyagent.use_cases import mailing, mails

bp = Blueprint("outbox", __name__, url_prefix="/api/outbox")


class MailView(Record):
    """A mail.  `text` is all of it; lists leave it null.  `reason` is what the mail server said, if it refused."""

    id: str
    kind: MailKind
    agent_id: str | None
    execution_id: str | None
    to: str | None
    subject: str
    text: str | None
    state: MailState
    reason: str | None
    attempts: int
    created_at: Instant
    due_at: Instant
    ended_at: Instant | None

    @classmethod
    def shown(cls, mail: OutboxMail, text: str | None = None) -> Self:
        shared = {name: getattr(mail, name) for name in cls.model_fields if name != "text"}
        return cls.model_construct(**shared, text=text)


class MailList(Listing[MailView]):
    """Mails, newest first."""


@bp.get("")
@operation("List the mails written to you", query=PageQuery, answers={200: MailList})
def listing(query: PageQuery) -> Response:
    found, cursor = mailing.page(app().store, user(), limit=query.limit, cursor=query.cursor)
    return answer(MailList.model_construct(items=tuple(map(MailView.shown, found)), next_cursor=cursor))


@bp.get("/<id:mail_id>")
@operation("Read a mail written to you", answers={200: MailView}, problems=(404,))
def read(mail_id: str) -> Response:
    mail = mailing.find(app().store, user(), mail_id)
    return answer(MailView.shown(mail, mails.text(mail, app().settings.public_url)))

"""/api/mail: stopping notifications by the link in each of them, and turning them on again."""

from flask import Blueprint, Response, request

from ohmyagent.domain.record import Record
from ohmyagent.http import pages
from ohmyagent.http.answers import answer, nothing
from ohmyagent.http.context import app, language, user
from ohmyagent.http.operations import Access, operation
from ohmyagent.use_cases import suppressing

bp = Blueprint("mail", __name__)


class MailChoice(Record):
    """Whether notifications are wanted at all, whatever the agents say."""

    wanted: bool


class MailStanding(MailChoice):
    """`refused`: the mail server of the address refuses letters for good; none are sent until `wanted` is set."""

    refused: bool


@bp.get("/api/mail/unsubscribe/<token>")
@operation(
    "Ask whether to stop notifications", access=Access.PUBLIC, answers={200: "text/html"}, problems=(404,)
)  # fmt: skip
def ask(token: str) -> Response:
    """Changes nothing: programs look into links, too."""
    suppressing.check(app().office, token, app().now())
    return pages.stopping(token, language())


@bp.post("/api/mail/unsubscribe/<token>")
@operation(
    "Stop notifications to the address of the link, in one click (RFC 8058)",
    access=Access.PUBLIC, answers={200: "text/html", 204: None}, problems=(403, 404),
)  # fmt: skip
def stop(token: str) -> Response:
    """Nobody needs to be signed in; what is in the body does not matter.  A page for browsers, else 204."""
    suppressing.unsubscribe(app().store, app().office, token, app().now())
    return pages.stopped(language()) if "text/html" in request.accept_mimetypes.values() else nothing()


@bp.get("/api/account/mail")
@operation("Whether notifications go to my address", answers={200: MailStanding})
def standing() -> Response:
    return answer(_standing())


@bp.put("/api/account/mail")
@operation("Turn all notifications on or off", body=MailChoice, answers={200: MailStanding})
def choose(body: MailChoice) -> Response:
    suppressing.choose(app().store, user(), body.wanted, app().now())
    return answer(_standing())


def _standing() -> MailStanding:
    wanted, refused = suppressing.standing(app().store, user())
    return MailStanding(wanted=wanted, refused=refused)

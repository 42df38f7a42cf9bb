"""/api/beta: applying for the beta programme, its state, and the links that administrators get by mail."""

from flask import Blueprint, Response, request

from ohmyagent.domain.beta import BetaApplication, BetaRequest, BetaStatus
from ohmyagent.domain.record import Record
from ohmyagent.http import pages
from ohmyagent.http.answers import answer
from ohmyagent.http.context import app, language, user
from ohmyagent.http.operations import Access, operation
from ohmyagent.use_cases import joining

bp = Blueprint("beta", __name__, url_prefix="/api/beta")


class BetaView(BetaApplication):
    """An application for the beta."""


class DecisionView(Record):
    """What a link in a notice is about: who applied, and what for."""

    application: BetaView
    name: str
    email: str | None


@bp.post("/applications")
@operation(
    "Apply for the beta, once", body=BetaRequest, answers={200: BetaView, 201: BetaView}, problems=(403,),
)  # fmt: skip
def apply(body: BetaRequest) -> Response:
    """201 for a new application; 200 with the one there is for whoever applies again."""
    application, new = joining.apply(app().store, user(), body, app().now())
    return answer(_view(application), 201 if new else 200)


@bp.get("/applications/me")
@operation("What has become of my application", answers={200: BetaView}, problems=(404,))
def mine() -> Response:
    return answer(_view(joining.of_user(app().store, user())))


@bp.get("/decisions/<token>")
@operation(
    "Show the application that a link in a notice is about",
    access=Access.PUBLIC, answers={200: DecisionView}, also="text/html", problems=(404, 410),
)  # fmt: skip
def show(token: str) -> Response:
    """Changes nothing, so a mail program may follow the link.  HTML with two buttons for browsers, else JSON."""
    application, applicant, _ = joining.of_link(app().store, app().office, token, app().now())
    if not _wants_page():
        return answer(DecisionView(application=_view(application), name=applicant.name, email=applicant.email))
    return pages.decision(token, applicant.name, applicant.email, application.purpose, language())


@bp.post("/decisions/<token>/approve")
@operation(
    "Approve by a link in a notice",
    access=Access.PUBLIC, answers={200: BetaView}, also="text/html", problems=(403, 404, 410),
)  # fmt: skip
def approve(token: str) -> Response:
    return _decided(token, BetaStatus.APPROVED)


@bp.post("/decisions/<token>/reject")
@operation(
    "Reject by a link in a notice",
    access=Access.PUBLIC, answers={200: BetaView}, also="text/html", problems=(403, 404, 410),
)  # fmt: skip
def reject(token: str) -> Response:
    return _decided(token, BetaStatus.REJECTED)


def _decided(token: str, status: BetaStatus) -> Response:
    application = joining.decide_by_link(app().store, app().office, token, status, app().now())
    if not _wants_page():
        return answer(_view(application))
    return pages.decided(status.value, language())


def _view(application: BetaApplication) -> BetaView:
    return BetaView.model_construct(**dict(application))


def _wants_page() -> bool:
    return bool(request.accept_mimetypes["text/html"] > request.accept_mimetypes["application/json"])

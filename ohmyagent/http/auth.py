"""/api/auth: signing in and out."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response

from ohmyagent.domain.accounts import LINK_LENGTH, SESSION_LENGTH
from ohmyagent.domain.errors import Unauthenticated
from ohmyagent.domain.record import Record
from ohmyagent.http.answers import answer, nothing
from ohmyagent.http.context import app, credential, language, signed_in, user
from ohmyagent.http.credentials import COOKIE
from ohmyagent.http.operations import Access, operation
from ohmyagent.http.views import LinkView, SessionView, SignedInView, UserView, ValidityView
from ohmyagent.use_cases import signing_in
from ohmyagent.use_cases.signing_in import SignedIn

bp = Blueprint("auth", __name__, url_prefix="/api/auth")


class LinkCode(Record):
    """The code of a one-use link."""

    code: str


@bp.post("/guest")
@operation("Sign in as a new guest", access=Access.PUBLIC, answers={201: SignedInView}, problems=(403,))
def guest() -> Response:
    return _signed_in(signing_in.guest(app().store, language(), app().now()))


@bp.post("/link")
@operation(
    "Sign in with a one-use link",
    access=Access.PUBLIC, body=LinkCode, answers={201: SignedInView}, problems=(401, 403),
)  # fmt: skip
def link(body: LinkCode) -> Response:
    return _signed_in(signing_in.redeem(app().store, body.code, app().now()))


@bp.post("/links")
@operation("Make a one-use link that signs a browser in", answers={201: LinkView})
def links() -> Response:
    now = app().now()
    code = signing_in.new_link_code(app().store, user(), now)
    url = f"{app().settings.public_url}/#signin={code}"
    return answer(LinkView(url=url, expires_at=now + LINK_LENGTH), 201)


@bp.get("/session")
@operation("Who is signed in", access=Access.PUBLIC, answers={200: SessionView})
def session() -> Response:
    try:
        found, opened = signed_in()
    except Unauthenticated:
        return answer(SessionView.shown(None, None))
    return answer(SessionView.shown(found, opened))


@bp.get("/validate/<token>")
@operation("Whether a session's token is good", access=Access.PUBLIC, answers={200: ValidityView})
def validate(token: str) -> Response:
    """API keys are no sessions: none is confirmed here."""
    try:
        found, opened = signing_in.authenticate(app().store, token, app().now())
    except Unauthenticated:
        return answer(ValidityView(valid=False))
    return answer(ValidityView(valid=True, user=UserView.shown(found)) if opened else ValidityView(valid=False))


@bp.post("/logout")
@operation("Sign out", access=Access.PUBLIC, answers={204: None}, problems=(403,))
def logout() -> Response:
    """No error if nobody was signed in."""
    found = credential()
    if found is not None:
        signing_in.log_out(app().store, found.secret)
    response = nothing()
    response.delete_cookie(COOKIE, **_cookie_place())
    return response


def _signed_in(found: SignedIn) -> Response:
    view = SignedInView(token=found.token, expires_at=found.session.expires_at, user=UserView.shown(found.user))
    response = answer(view, 201)
    response.set_cookie(COOKIE, found.token, max_age=SESSION_LENGTH, **_cookie_place())
    return response


def _cookie_place() -> dict[str, Any]:
    secure = urlsplit(app().settings.public_url).scheme == "https"
    return {"path": "/", "httponly": True, "samesite": "Lax", "secure": secure}

"""/api/auth: signing in and out."""

from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from flask import Blueprint, Response
from pydantic import Field, model_validator

from ohmyagent.domain.accounts import ALL_SCOPES, LINK_LENGTH, NONCE_LENGTH, SESSION_LENGTH
from ohmyagent.domain.blocks import Counted
from ohmyagent.domain.errors import Unauthenticated
from ohmyagent.domain.record import Instant, Record
from ohmyagent.domain.text import new_secret
from ohmyagent.http.answers import answer, nothing
from ohmyagent.http.context import app, count, credential, language, signed_in, user
from ohmyagent.http.credentials import COOKIE
from ohmyagent.http.operations import Access, operation
from ohmyagent.http.views import LinkView, SessionView, SignedInView, UserView, ValidityView
from ohmyagent.use_cases import identifying, moving, signing_in
from ohmyagent.use_cases.signing_in import SignedIn

bp = Blueprint("auth", __name__, url_prefix="/api/auth")


PRE_SESSION = "pre_"
"""What begins a cookie that signs nobody in: it only names the browser for a sign-in with Google."""


class GoogleCredential(Record):
    """What the button's callback got, and the nonce that it was asked with.  `token` stands for `credential` too."""

    credential: Annotated[str, Field(min_length=1, max_length=8_000)] | None = None
    token: Annotated[str, Field(min_length=1, max_length=8_000)] | None = None
    nonce: Annotated[str, Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.credential is None) == (self.token is None):
            raise ValueError("needs either credential or token")
        return self


class NonceView(Record):
    """For `google.accounts.id.initialize`; it holds for this browser, once, for ten minutes."""

    nonce: str
    expires_at: Instant


class SignOut(Record):
    """`everywhere` closes all sessions of the user."""

    everywhere: bool = False


class SignOutQuery(Record):
    """`?everywhere` says the same as the body's `everywhere`."""

    everywhere: Literal["", "true"] | None = None


class LinkCode(Record):
    """The code of a one-use link."""

    code: str


@bp.post("/guest")
@operation("Sign in as a new guest", access=Access.PUBLIC, answers={201: SignedInView}, problems=(403,))
def guest() -> Response:
    count(Counted.GUEST)
    return _signed_in(signing_in.guest(app().store, language(), app().now()))


@bp.post("/nonce")
@operation("Begin a sign-in with Google", access=Access.PUBLIC, answers={201: NonceView}, problems=(403,))
def nonce() -> Response:
    """Sets a cookie where there is none: the browser that asks is the one that may sign in."""
    found = credential()
    holder = found.secret if found else PRE_SESSION + new_secret()
    secret, expires_at = identifying.nonce(app().store, holder, app().now())
    response = answer(NonceView(nonce=secret, expires_at=expires_at), 201)
    if found is None:
        response.set_cookie(COOKIE, holder, max_age=NONCE_LENGTH, **_cookie_place())
    return response


@bp.post("/google")
@operation(
    "Sign in with Google",
    access=Access.PUBLIC, body=GoogleCredential, answers={200: SignedInView}, problems=(401, 403, 409, 503),
)  # fmt: skip
def google(body: GoogleCredential) -> Response:
    """A guest's work moves to the account: it is there when this answers, or soon after if something went wrong."""
    count(Counted.SIGN_IN)
    here, found = app(), credential()
    identity = here.identities.of(body.credential or body.token or "")
    opened, move = identifying.sign_in(
        here.store, identity, body.nonce, found.secret if found else None,
        admin_emails=here.settings.admin_emails, locale=language(), now=here.now(),
    )  # fmt: skip
    if move is not None:
        moving.begin(here.store, here.files, here.vault, move, here.now())
    return _signed_in(opened, 200)


@bp.post("/link")
@operation(
    "Sign in with a one-use link",
    access=Access.PUBLIC, body=LinkCode, answers={201: SignedInView}, problems=(401, 403),
)  # fmt: skip
def link(body: LinkCode) -> Response:
    count(Counted.SIGN_IN)
    return _signed_in(signing_in.redeem(app().store, body.code, app().now()))


@bp.post("/links")
@operation("Make a one-use link that signs a browser in", answers={201: LinkView}, scopes=ALL_SCOPES)
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
@operation(
    "Sign out",
    access=Access.PUBLIC, body=SignOut, body_optional=True, query=SignOutQuery, answers={204: None}, problems=(403,),
)  # fmt: skip
def logout(body: SignOut, query: SignOutQuery) -> Response:
    """No error if nobody was signed in."""
    found = credential()
    if found is not None:
        everywhere = body.everywhere or query.everywhere is not None
        signing_in.log_out(app().store, found.secret, everywhere=everywhere)
    response = nothing()
    response.delete_cookie(COOKIE, **_cookie_place())
    return response


def _signed_in(found: SignedIn, status: int = 201) -> Response:
    view = SignedInView(token=found.token, expires_at=found.session.expires_at, user=UserView.shown(found.user))
    response = answer(view, status)
    response.set_cookie(COOKIE, found.token, max_age=SESSION_LENGTH, **_cookie_place())
    return response


def _cookie_place() -> dict[str, Any]:
    secure = urlsplit(app().settings.public_url).scheme == "https"
    return {"path": "/", "httponly": True, "samesite": "Lax", "secure": secure}

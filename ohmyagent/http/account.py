"""/api/account: the signed-in user's profile."""

from typing import Annotated

from flask import Blueprint, Response
from pydantic import Field

from ohmyagent.domain.accounts import Locale
from ohmyagent.domain.record import Record
from ohmyagent.domain.schedules import Zone
from ohmyagent.domain.text import Name
from ohmyagent.http.answers import answer
from ohmyagent.http.context import app, user
from ohmyagent.http.operations import operation
from ohmyagent.http.views import UserView
from ohmyagent.use_cases import planning, profiles
from ohmyagent.use_cases.planning import Meters

bp = Blueprint("account", __name__, url_prefix="/api/account")


class AccountPatch(Record):
    """What is left out stays as it is."""

    name: Name = ""
    locale: Locale = "ko"
    timezone: Annotated[Zone, Field(max_length=64)] = "Asia/Seoul"


@bp.get("")
@operation("The signed-in user", answers={200: UserView})
def read() -> Response:
    return answer(UserView.shown(user()))


@bp.patch("")
@operation("Change name, locale or time zone", body=AccountPatch, answers={200: UserView})
def change(body: AccountPatch) -> Response:
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    return answer(UserView.shown(profiles.change(app().store, user(), changes)))


@bp.get("/limits")
@operation("What the caller's plan allows, and how much of it is used", answers={200: Meters})
def limits() -> Response:
    return answer(planning.meters(app().store, user(), app().now()))

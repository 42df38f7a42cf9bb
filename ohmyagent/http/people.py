"""/api/admin/users: for administrators."""

from typing import Annotated, Self

from flask import Blueprint, Response
from pydantic import Field

from ohmyagent.domain.accounts import User, UserKind
from ohmyagent.domain.plans import PlanName
from ohmyagent.domain.record import Instant, Record
from ohmyagent.http.answers import answer
from ohmyagent.http.context import app, user
from ohmyagent.http.operations import Access, operation
from ohmyagent.http.queries import PageQuery
from ohmyagent.http.views import Listing
from ohmyagent.use_cases import administering

bp = Blueprint("people", __name__, url_prefix="/api/admin/users")


class PeopleQuery(PageQuery):
    """With `email`: whoever has exactly that address."""

    email: Annotated[str, Field(max_length=320)] | None = None


class PersonView(Record):
    """Somebody, as administrators see them."""

    id: str
    kind: UserKind
    name: str
    email: str | None
    verified_email: bool
    plan: str
    beta_approved: bool
    suspended_at: Instant | None
    deleted_at: Instant | None
    created_at: Instant

    @classmethod
    def shown(cls, person: User) -> Self:
        return cls.model_construct(**{name: getattr(person, name) for name in cls.model_fields})


class PeopleList(Listing[PersonView]):
    """Everybody, newest first."""


class PlanChoice(Record):
    """A plan by its name."""

    plan: PlanName


@bp.get("")
@operation("List users", access=Access.ADMIN, query=PeopleQuery, answers={200: PeopleList})
def listing(query: PeopleQuery) -> Response:
    found, cursor = administering.users(app().store, email=query.email, limit=query.limit, cursor=query.cursor)
    return answer(PeopleList.model_construct(items=tuple(map(PersonView.shown, found)), next_cursor=cursor))


@bp.post("/<id:user_id>/suspend")
@operation("Suspend an account", access=Access.ADMIN, answers={200: PersonView}, problems=(404, 409))
def suspend(user_id: str) -> Response:
    return answer(PersonView.shown(administering.suspend(app().store, user(), user_id, app().now())))


@bp.post("/<id:user_id>/unsuspend")
@operation("Lift a suspension", access=Access.ADMIN, answers={200: PersonView}, problems=(404,))
def unsuspend(user_id: str) -> Response:
    return answer(PersonView.shown(administering.unsuspend(app().store, user(), user_id, app().now())))


@bp.put("/<id:user_id>/plan")
@operation("Set a user's plan", access=Access.ADMIN, body=PlanChoice, answers={200: PersonView}, problems=(404, 409))
def plan(user_id: str, body: PlanChoice) -> Response:
    return answer(PersonView.shown(administering.set_plan(app().store, user(), user_id, body.plan, app().now())))

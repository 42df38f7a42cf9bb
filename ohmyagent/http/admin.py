"""/api/admin: for administrators; for everybody else nothing of it is there."""

from typing import Self

from flask import Blueprint, Response

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.beta import BetaApplication, BetaStatus
from ohmyagent.http.answers import answer
from ohmyagent.http.beta import BetaView
from ohmyagent.http.context import app, user
from ohmyagent.http.operations import Access, operation
from ohmyagent.http.queries import PageQuery
from ohmyagent.http.views import Listing
from ohmyagent.use_cases import joining

bp = Blueprint("admin", __name__, url_prefix="/api/admin")


class ApplicationsQuery(PageQuery):
    """Without a `status`: all."""

    status: BetaStatus | None = None


class ApplicationView(BetaView):
    """An application with who sent it; `name` and `email` are null when that account is gone."""

    name: str | None
    email: str | None

    @classmethod
    def shown(cls, application: BetaApplication, applicant: User | None) -> Self:
        name, email = (applicant.name, applicant.email) if applicant else (None, None)
        return cls.model_construct(**dict(application), name=name, email=email)


class ApplicationList(Listing[ApplicationView]):
    """Applications, newest first."""


@bp.get("/beta/applications")
@operation(
    "List applications for the beta", access=Access.ADMIN, query=ApplicationsQuery, answers={200: ApplicationList},
)  # fmt: skip
def applications(query: ApplicationsQuery) -> Response:
    found, cursor = joining.page(app().store, status=query.status, limit=query.limit, cursor=query.cursor)
    return answer(ApplicationList.model_construct(items=tuple(map(_shown, found)), next_cursor=cursor))


@bp.post("/beta/applications/<id:application_id>/approve")
@operation("Approve an application", access=Access.ADMIN, answers={200: ApplicationView}, problems=(404, 409))
def approve(application_id: str) -> Response:
    return _decided(application_id, BetaStatus.APPROVED)


@bp.post("/beta/applications/<id:application_id>/reject")
@operation("Reject an application", access=Access.ADMIN, answers={200: ApplicationView}, problems=(404, 409))
def reject(application_id: str) -> Response:
    return _decided(application_id, BetaStatus.REJECTED)


def _decided(application_id: str, status: BetaStatus) -> Response:
    return answer(_shown(joining.decide(app().store, application_id, status, user().id, app().now())))


def _shown(application: BetaApplication) -> ApplicationView:
    return ApplicationView.shown(application, records.users.find(app().store, application.user_id))

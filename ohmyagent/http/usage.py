"""GET /api/usage: tokens, cost and runs of the signed-in user."""

from datetime import timedelta

from flask import Blueprint, Response

from ohmyagent.http.answers import answer
from ohmyagent.http.context import app, user
from ohmyagent.http.operations import operation
from ohmyagent.http.queries import UsageQuery
from ohmyagent.http.views import UsageView
from ohmyagent.use_cases import accounting

bp = Blueprint("usage", __name__)

DEFAULT_DAYS = 30


@bp.get("/api/usage")
@operation("Tokens, cost and runs by day or by agent", query=UsageQuery, answers={200: UsageView})
def usage(query: UsageQuery) -> Response:
    until = query.until or app().now().date()
    since = query.since or until - timedelta(days=min(DEFAULT_DAYS - 1, until.toordinal() - 1))
    sums = accounting.usage(app().store, user(), since, until, query.by)
    return answer(UsageView.model_construct(items=tuple(sums), next_cursor=None, by=query.by.value))

"""GET /health: every process says whether it can work."""

from datetime import datetime
from typing import Literal

from flask import Blueprint, Response

from ohmyagent.domain.errors import Problem
from ohmyagent.http.answers import answer
from ohmyagent.http.context import app
from ohmyagent.http.operations import Access, operation
from ohmyagent.http.views import HealthView
from ohmyagent.ports import Store
from ohmyagent.use_cases import administering, ticking

bp = Blueprint("health", __name__)


@bp.get("/health")
@operation("Whether this process can work", access=Access.PUBLIC, answers={200: HealthView, 503: HealthView})
def health() -> Response:
    sandbox = app().sandbox
    checks = {"store": _store(app().store)}
    if checks["store"] == "ok":
        checks["tick"] = _tick(app().store, app().now())
    if sandbox is not None:
        checks["sandbox"] = sandbox.reason or "ok"
    fine = all(found == "ok" for found in checks.values())
    view = HealthView(
        status="ok" if fine else "failing",
        target=app().settings.target,
        version=app().version,
        checks=checks,
        sandbox=sandbox,
        schedules=_schedules(app().store) if checks["store"] == "ok" else None,
    )
    return answer(view, 200 if fine else 503)


def _store(store: Store) -> str:
    try:
        store.find("health/check")
    except Problem as problem:
        return problem.detail
    return "ok"


def _schedules(store: Store) -> Literal["running", "paused"]:
    return "paused" if administering.schedules_paused(store) else "running"


def _tick(store: Store, now: datetime) -> str:
    """Without the tick nothing starts by itself, and nobody would notice from the rest."""
    silent = ticking.silence(store, now)
    return "ok" if silent is None else f"no tick for {int(silent.total_seconds())} s"

"""/internal: what Cloud Scheduler and Cloud Tasks call; nobody else can."""

from typing import Protocol, cast

import structlog
from flask import Blueprint, Response, jsonify, request

from ohmyagent.domain.errors import FieldError, Invalid, NotFound
from ohmyagent.http import bodies, calling, context
from ohmyagent.http.answers import nothing
from ohmyagent.http.operations import Access, operation
from ohmyagent.ports import Callers, Later, Task
from ohmyagent.use_cases import working

log = structlog.get_logger()

minutes = Blueprint("internal_minutes", __name__)
tasks = Blueprint("internal_tasks", __name__)


class Program(working.Program, Protocol):
    """The parts of the program as Google Cloud has them."""

    @property
    def callers(self) -> Callers: ...
    def address(self, service: str) -> str: ...


def app() -> Program:
    return cast(Program, context.app())


@minutes.post("/internal/tick")
@operation("All that is due by itself", access=Access.INTERNAL, answers={204: None}, problems=(401, 500))
def tick() -> Response:
    _called_for("tick")
    failed = working.minute(app())
    if not failed:
        return nothing()
    answer = jsonify(failed=failed)
    answer.status_code = 500
    return answer


@tasks.post("/internal/tasks/<kind>")
@operation("Do one task", access=Access.INTERNAL, answers={204: None}, problems=(401, 404, 429, 500, 503))
def task(kind: str) -> Response:
    """2xx also for what is given up, so that it does not come again; Later is 429, which slows the queue down.

    Cloud Tasks counts 5xx as retries but not as executions, so the difference is what failed: work that was put off is
    in both.  Source: https://cloud.google.com/tasks/docs/creating-http-target-tasks#handler
    """
    if kind not in working.KINDS:
        raise NotFound()
    _called_for(working.KINDS[kind].service)
    failures = _count("X-CloudTasks-TaskRetryCount") - _count("X-CloudTasks-TaskExecutionCount")
    try:
        working.attempt(app(), _task(kind), max(0, failures))
    except Later as later:
        log.info("task put off", kind=kind, seconds=later.seconds)
        put_off = Response(status=429)
        put_off.headers["Retry-After"] = str(max(1, round(later.seconds)))
        return put_off
    return nothing()


def _called_for(service: str) -> None:
    """Raises Unauthenticated unless the platform's own account calls this service."""
    calling.check(request, app().callers, app().address(service))


def _task(kind: str) -> Task:
    found = bodies.json_object()
    name, body = found.get("name"), found.get("body")
    texts = isinstance(body, dict) and all(isinstance(value, str) for value in body.values())
    if not isinstance(name, str) or not isinstance(body, dict) or not texts:
        raise Invalid(FieldError("body", "is not a task"))
    return Task(kind, name, body)


def _count(header: str) -> int:
    text = request.headers.get(header, "0")
    return int(text) if text.isdigit() else 0

"""The Flask application: routes, what every answer carries, and how refusals look."""

import time
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from ohmyagent import logs
from ohmyagent.domain.errors import Problem
from ohmyagent.http import problems
from ohmyagent.http.context import Platform, language
from ohmyagent.http.groups import GROUPS, blueprints
from ohmyagent.http.policy import SECURITY_HEADERS, request_id_of
from ohmyagent.http.routing import routed
from ohmyagent.http.timing import Timings

log = structlog.get_logger()


def application(platform: Platform, groups: Collection[str] | None = None) -> Flask:
    """The routes of these groups (all by default) over the parts of `platform`."""
    flask = routed(blueprints(GROUPS if groups is None else groups))
    flask.extensions["oma"] = platform
    flask.extensions["timings"] = Timings()
    flask.extensions["openapi"] = cache(lambda: _described(platform.version))
    flask.before_request(_begin)
    flask.after_request(_complete)
    flask.register_error_handler(Problem, _refuse)
    flask.register_error_handler(HTTPException, _refuse_by_framework)
    flask.register_error_handler(Exception, _fail)
    return flask


def _described(version: str) -> dict[str, Any]:
    from ohmyagent.http import openapi  # it knows every route's words, which a function that serves a few does not load

    return openapi.document(blueprints(GROUPS), version)


def request_id() -> str:
    if "request_id" not in g:
        g.request_id = request_id_of(request.headers.get("X-Request-Id"))
    return str(g.request_id)


def _begin() -> None:
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    trace = logs.trace_of(request.headers.get("traceparent"), request.headers.get("X-Cloud-Trace-Context"))
    structlog.contextvars.bind_contextvars(request_id=request_id(), trace=trace)


def _complete(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = request_id()
    route = request.url_rule.rule if request.url_rule else "unknown"
    milliseconds = round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1)
    current_app.extensions["timings"].add(milliseconds, failed=response.status_code >= 500)
    log.info("request", method=request.method, route=route, status=response.status_code, ms=milliseconds)
    return response


def _refuse(problem: Problem) -> Response:
    return _problem(
        problems.status_of(problem),
        problems.document_of(problem, language(), request_id()),
        problems.headers_of(problem).items(),
    )


def _refuse_by_framework(error: HTTPException) -> Response:
    status = error.code or 500
    own = [(name, value) for name, value in error.get_headers() if name.lower() != "content-type"]
    return _problem(status, problems.framework_document(status, language(), request_id()), own)


def _fail(error: Exception) -> Response:
    """The process border: whatever was not foreseen.  Its message may hold what a person typed, so it is not logged."""
    log.error("request failed", error=type(error).__name__, at=_places(error))
    return _problem(500, problems.framework_document(500, language(), request_id()), ())


def _places(error: BaseException) -> list[str]:
    places, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places[-8:]


def _problem(status: int, body: bytes, headers: Iterable[tuple[str, str]]) -> Response:
    response = Response(body, status, mimetype=problems.MEDIA_TYPE)
    response.headers.extend(headers)
    return response

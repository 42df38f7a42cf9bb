"""What Google calls by name.  FUNCTION_TARGET picks one; each is one line."""

import functions_framework
from cloudevents.http import CloudEvent
from flask import Request, request
from werkzeug.wrappers import Response

from ohmyagent.http.serving import serve
from ohmyagent.wiring import app


@functions_framework.http
def auth(request: Request) -> Response:
    return serve(request, "auth", app)


@functions_framework.http
def agents(request: Request) -> Response:
    return serve(request, "agents", app)


@functions_framework.http
def hooks(request: Request) -> Response:
    return serve(request, "hooks", app)


@functions_framework.http
def executions(request: Request) -> Response:
    return serve(request, "executions", app)


@functions_framework.http
def conversations(request: Request) -> Response:
    return serve(request, "conversations", app)


@functions_framework.http
def account(request: Request) -> Response:
    return serve(request, "account", app)


@functions_framework.http
def admin(request: Request) -> Response:
    return serve(request, "admin", app)


@functions_framework.cloud_event
def changes(event: CloudEvent) -> None:
    from ohmyagent.adapters.gcp.changes import change_of  # the one function that hears of writes
    from ohmyagent.http.calling import check_event
    from ohmyagent.use_cases.reacting import react

    check_event(request, app())
    react(change_of(event), app())


@functions_framework.http
def catalogue(request: Request) -> Response:
    return serve(request, "catalogue", app)


@functions_framework.http
def runner(request: Request) -> Response:
    return serve(request, "runner", app)


@functions_framework.http
def tick(request: Request) -> Response:
    return serve(request, "tick", app)


@functions_framework.http
def launch(request: Request) -> Response:
    return serve(request, "launch", app)


@functions_framework.http
def deliver(request: Request) -> Response:
    return serve(request, "deliver", app)

"""/api/executions: runs, their logs and what they left."""

from flask import Blueprint, Response

from ohmyagent.domain.accounts import Scope
from ohmyagent.domain.blocks import Counted
from ohmyagent.domain.executions import Execution, ExecutionRequest
from ohmyagent.http.answers import BINARY, answer, attachment, plain
from ohmyagent.http.context import app, count, idempotency_key, language, user
from ohmyagent.http.operations import operation
from ohmyagent.http.queries import ExecutionsQuery, LogQuery
from ohmyagent.http.views import ExecutionView, FileView, Listing, LogView
from ohmyagent.http.workspace import FileList
from ohmyagent.use_cases import keeping, running

requests = Blueprint("execution_requests", __name__, url_prefix="/api/agents/<id:agent_id>/executions")
RUN = frozenset({Scope.RUN})
bp = Blueprint("executions", __name__, url_prefix="/api/executions")


class ExecutionList(Listing[ExecutionView]):
    """Runs, newest first."""


@requests.post("")
@operation(
    "Run an agent",
    scopes=RUN, body=ExecutionRequest, body_optional=True, answers={202: ExecutionView}, problems=(404,), creates=True,
)  # fmt: skip
def request(agent_id: str, body: ExecutionRequest) -> Response:
    here = app()
    count(Counted.RUN, user().id)
    accepted = running.request(
        here.store, here.queue, here.models, user(), agent_id, body, now=here.now(), key=idempotency_key()
    )
    return _shown(accepted, 202)


@bp.get("")
@operation("List runs", query=ExecutionsQuery, answers={200: ExecutionList})
def listing(query: ExecutionsQuery) -> Response:
    found, cursor = running.page(
        app().store, user(), agent_id=query.agent_id, status=query.status, since=query.since, until=query.until,
        limit=query.limit, cursor=query.cursor,
    )  # fmt: skip
    items = tuple(ExecutionView.shown(running.shown(app().store, execution), language()) for execution in found)
    return answer(ExecutionList.model_construct(items=items, next_cursor=cursor))


@bp.get("/<id:execution_id>")
@operation("Read a run", answers={200: ExecutionView}, problems=(404,))
def read(execution_id: str) -> Response:
    return _shown(_found(execution_id))


@bp.get("/<id:execution_id>/events")
@operation("Read a run's log", query=LogQuery, answers={200: LogView}, problems=(404,))
def events(execution_id: str, query: LogQuery) -> Response:
    log = running.log(app().store, _found(execution_id), query.after)
    # events were checked when they came and are kept as JSON
    return plain({"items": log.items, "lastSeq": log.last_seq, "done": log.done})


@bp.post("/<id:execution_id>/cancel")
@operation("Stop a run", scopes=RUN, answers={202: ExecutionView}, problems=(404, 410))
def cancel(execution_id: str) -> Response:
    here = app()
    return _shown(running.cancel(here.store, here.queue, user(), execution_id, pace=here.pace, now=here.now()), 202)


@bp.post("/<id:execution_id>/retry")
@operation(
    "Run again with the same input",
    scopes=RUN, answers={202: ExecutionView}, problems=(404, 409, 422), creates=True,
)  # fmt: skip
def retry(execution_id: str) -> Response:
    here = app()
    count(Counted.RUN, user().id)
    accepted = running.retry(
        here.store, here.queue, here.models, user(), execution_id, now=here.now(), key=idempotency_key()
    )
    return _shown(accepted, 202)


@bp.get("/<id:execution_id>/artifacts")
@operation("List the files a run left", answers={200: FileList}, problems=(404,))
def artifacts(execution_id: str) -> Response:
    items = tuple(map(FileView.shown, _found(execution_id).artifacts))
    return answer(FileList.model_construct(items=items, next_cursor=None))


@bp.get("/<id:execution_id>/artifacts/<path:path>")
@operation("Download a file a run left", answers={200: BINARY}, problems=(404,))
def artifact(execution_id: str, path: str) -> Response:
    file, body = keeping.open_artifact(app().files, _found(execution_id), path)
    return attachment(file.path.rpartition("/")[2], body, file.bytes)


def _found(execution_id: str) -> Execution:
    return running.find(app().store, user(), execution_id)


def _shown(execution: Execution, status: int = 200) -> Response:
    return answer(ExecutionView.shown(running.shown(app().store, execution), language()), status)

"""/runner: what runners tell the platform (docs/runner-protocol.md)."""

from flask import Blueprint, Response

from ohmyagent.domain.record import Record
from ohmyagent.domain.runner import (
    Claim,
    ClaimRequest,
    EventsReply,
    EventsRequest,
    FilesReply,
    FilesRequest,
    FinishRequest,
)
from ohmyagent.http.answers import answer
from ohmyagent.http.context import app, runner_token
from ohmyagent.http.operations import Access, operation
from ohmyagent.use_cases import running

bp = Blueprint("runner", __name__, url_prefix="/runner")

LARGE = 8 * 2**20
"""Manifests of 20,000 files and a full batch of events fit."""


class Finished(Record):
    """Nothing more is to be said."""


@bp.post("/launches/<id:launch_id>/claim")
@operation(
    "Become the owner of one execution of a launch",
    access=Access.PUBLIC, body=ClaimRequest, answers={200: Claim}, problems=(404, 409, 410),
)  # fmt: skip
def claim(launch_id: str, body: ClaimRequest) -> Response:
    here = app()
    return answer(
        running.claim(
            here.store, here.queue, here.files, here.models, launch_id, body.nonce, body.task_index,
            claim_id=body.claim_id, handle=body.handle,
            gateway_url=here.gateway_url, egress_url=here.egress_url, pace=here.pace, now=here.now(),
        )
    )  # fmt: skip


@bp.post("/executions/<id:execution_id>/events")
@operation(
    "Keep a batch of events, or say that one is alive",
    access=Access.RUNNER, body=EventsRequest, answers={200: EventsReply}, problems=(403, 404, 409, 410), limit=LARGE,
)  # fmt: skip
def events(execution_id: str, body: EventsRequest) -> Response:
    here = app()
    return answer(
        running.report(
            here.store, execution_id, runner_token(), body.epoch, body.from_seq, body.events,
            pace=here.pace, now=here.now(),
        )
    )  # fmt: skip


@bp.post("/executions/<id:execution_id>/files")
@operation(
    "Where to put the bodies that are not kept yet",
    access=Access.RUNNER, body=FilesRequest, answers={200: FilesReply}, problems=(403, 404, 409, 410), limit=LARGE,
)  # fmt: skip
def files(execution_id: str, body: FilesRequest) -> Response:
    here = app()
    return answer(
        running.uploads(here.store, here.files, execution_id, runner_token(), body.epoch, body.files, here.now())
    )


@bp.post("/executions/<id:execution_id>/finish")
@operation(
    "Report the end, once or again",
    access=Access.RUNNER, body=FinishRequest, answers={200: Finished}, problems=(403, 404, 409, 410), limit=LARGE,
)  # fmt: skip
def finish(execution_id: str, body: FinishRequest) -> Response:
    here = app()
    running.finish(here.store, here.queue, here.files, execution_id, runner_token(), body, here.now())
    return answer(Finished())

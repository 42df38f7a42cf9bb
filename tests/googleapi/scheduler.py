"""Cloud Scheduler: one job that can be read, paused and resumed; `knock` does what the minute does."""

import http.client
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import grpc
from google.cloud import scheduler_v1

from tests.googleapi.identity import Issuer
from tests.googleapi.wire import Refusal, Wire


class SchedulerStandIn:
    """Has one job, of the name that it is given."""

    def __init__(self, wire: Wire, name: str) -> None:
        self.job = scheduler_v1.Job(name=name, state=scheduler_v1.Job.State.ENABLED)
        self.last_status = 0
        wire.add(
            "google.cloud.scheduler.v1.CloudScheduler",
            {
                "GetJob": self._method(scheduler_v1.GetJobRequest, None),
                "PauseJob": self._method(scheduler_v1.PauseJobRequest, scheduler_v1.Job.State.PAUSED),
                "ResumeJob": self._method(scheduler_v1.ResumeJobRequest, scheduler_v1.Job.State.ENABLED),
            },
        )

    def knock(self, issuer: Issuer, url: str, audience: str) -> int:
        """Call the tick as the job's target says; 0 when it is paused or nobody answers."""
        if self.job.state != scheduler_v1.Job.State.ENABLED:
            return 0
        split = urlsplit(url)
        connection = http.client.HTTPConnection(split.netloc, timeout=60)
        try:
            connection.request("POST", split.path, headers={"Authorization": f"Bearer {issuer.token(audience)}"})
            answer = connection.getresponse()
            answer.read()
        except OSError:
            return 0
        finally:
            connection.close()
        self.job.last_attempt_time = datetime.now(UTC)
        self.job.status = {"code": 0 if answer.status < 300 else 2}
        return answer.status

    def _method(self, request: Any, state: Any) -> tuple[Any, Any, Any]:
        def handle(asked: Any) -> Any:
            if asked.name != self.job.name:
                raise Refusal(grpc.StatusCode.NOT_FOUND, asked.name)
            if state is not None:
                self.job.state = state
            return self.job

        return handle, request.deserialize, scheduler_v1.Job.serialize

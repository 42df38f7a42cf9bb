"""The minute tick as a job of Cloud Scheduler."""

from typing import Any

from ohmyagent.adapters.gcp.clients import SECONDS, Lazy, connected, repeating, speaking_to
from ohmyagent.domain.errors import NotFound
from ohmyagent.ports import Beat


class SchedulerMetronome:
    """One job for all agents; it may come twice."""

    def __init__(self, project: str, region: str, job: str, emulator: str | None = None) -> None:
        self._name = f"projects/{project}/locations/{region}/jobs/{job}"
        self._client = Lazy(lambda: _client(emulator))

    def beat(self) -> Beat:
        from google.cloud.scheduler_v1 import Job

        job = self._call("get_job")
        failing = job.status.code != 0
        return Beat(
            runs=job.state == Job.State.ENABLED,
            last=job.last_attempt_time or None,
            coming=job.schedule_time or None,
            failing=failing,
        )

    def pause(self) -> None:
        self._call("pause_job")

    def resume(self) -> None:
        self._call("resume_job")

    def _call(self, what: str) -> Any:
        from google.api_core import exceptions

        with speaking_to("Cloud Scheduler"):
            try:
                return getattr(self._client(), what)(name=self._name, retry=repeating(), timeout=SECONDS)
            except exceptions.NotFound as error:
                raise NotFound(f"Cloud Scheduler has no job {self._name.rpartition('/')[2]}.") from error


def _client(emulator: str | None) -> Any:
    from google.cloud.scheduler_v1 import CloudSchedulerClient

    return connected(CloudSchedulerClient, emulator)

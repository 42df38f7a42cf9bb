"""Jobs on Cloud Run: a launch is one execution of the runner's job, with as many tasks as it has runs."""

import threading
import time
from collections.abc import Callable
from typing import Any

from ohmyagent.adapters.gcp.clients import SECONDS, Lazy, connected, repeating, speaking_to
from ohmyagent.domain.errors import NoRoom
from ohmyagent.ports import Liveness

FRESH_SECONDS = 10.0
"""How long what is known of an execution is taken for true: one sweep asks about many tasks of one."""
MOST_KNOWN = 100
PAGE = 1_000


class CloudRunJobs:
    """The handle is `execution/tasks`.  Only the environment and the number of tasks are overridden.

    `run_job` has no request id, so it is never repeated: an answer that is lost may have started runners.
    """

    def __init__(
        self,
        project: str,
        region: str,
        job: str,
        emulator: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        trace: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._job = f"projects/{project}/locations/{region}/jobs/{job}"
        self._clients = {name: _client(name, emulator) for name in ("JobsClient", "ExecutionsClient", "TasksClient")}
        self._clock = clock
        self._traceparent = trace
        self._guard = threading.Lock()
        self._known: dict[str, tuple[float, dict[int, Liveness] | Liveness]] = {}

    def launch(self, launch_id: str, nonce: str, tasks: int) -> str:
        from google.api_core.exceptions import ResourceExhausted
        from google.cloud import run_v2

        given = {"OMA_LAUNCH_ID": launch_id, "OMA_LAUNCH_NONCE": nonce, "OMA_TRACEPARENT": self._traceparent()}
        override = run_v2.RunJobRequest.Overrides.ContainerOverride(
            env=[run_v2.EnvVar(name=name, value=value) for name, value in given.items() if value]
        )
        overrides = run_v2.RunJobRequest.Overrides(container_overrides=[override], task_count=tasks)
        request = run_v2.RunJobRequest(name=self._job, overrides=overrides)
        with speaking_to("Cloud Run"):
            try:
                operation = self._clients["JobsClient"]().run_job(request, retry=None, timeout=SECONDS)
            except ResourceExhausted as error:
                raise NoRoom() from error
        return f"{operation.metadata.name.rpartition('/')[2]}/{tasks}"

    def probe(self, handle: str, index: int) -> Liveness:
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError

        execution, _, tasks = handle.partition("/")
        if not tasks:  # a runner that was not started by Cloud Run
            return Liveness.UNKNOWN
        try:
            known = self._tasks_of(execution)
        except (GoogleAPIError, GoogleAuthError):
            return Liveness.UNKNOWN
        return known if isinstance(known, Liveness) else known.get(index, Liveness.UNKNOWN)

    def stop(self, handle: str, index: int) -> None:
        """A task of many cannot be stopped alone: its token is dead, so it stops itself, or its time limit does."""
        from google.api_core.exceptions import FailedPrecondition, NotFound

        execution, _, tasks = handle.partition("/")
        if tasks != "1":
            return
        with speaking_to("Cloud Run"):
            try:
                self._clients["ExecutionsClient"]().cancel_execution(
                    name=self._name(execution), retry=repeating(), timeout=SECONDS
                )
            except (NotFound, FailedPrecondition):
                return

    def _name(self, execution: str) -> str:
        return f"{self._job}/executions/{execution}"

    def _tasks_of(self, execution: str) -> dict[int, Liveness] | Liveness:
        """The state of each task by its index, or of all of them."""
        with self._guard:
            at, known = self._known.get(execution, (float("-inf"), Liveness.UNKNOWN))
            if known is Liveness.GONE or self._clock() - at < FRESH_SECONDS:
                return known
        found = self._asked(execution)
        with self._guard:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[execution] = (self._clock(), found)
        return found

    def _asked(self, execution: str) -> dict[int, Liveness] | Liveness:
        """An execution that is not there any more has ended long ago: only such are forgotten."""
        from google.api_core.exceptions import NotFound
        from google.cloud import run_v2

        name, patience = self._name(execution), {"retry": repeating(), "timeout": SECONDS}
        try:
            if self._clients["ExecutionsClient"]().get_execution(name=name, **patience).completion_time:
                return Liveness.GONE
            request = run_v2.ListTasksRequest(parent=name, page_size=PAGE)
            tasks = self._clients["TasksClient"]().list_tasks(request, **patience)
            return {task.index: Liveness.GONE if task.completion_time else Liveness.ALIVE for task in tasks}
        except NotFound:
            return Liveness.GONE


def _client(name: str, emulator: str | None) -> Lazy:
    def make() -> Any:
        from google.cloud import run_v2

        return connected(getattr(run_v2, name), emulator)

    return Lazy(make)

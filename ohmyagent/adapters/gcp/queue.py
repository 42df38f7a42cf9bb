"""Queue on Cloud Tasks: each task is a request to the function that knows its kind."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from ohmyagent.adapters.gcp.clients import SECONDS, Lazy, connected, repeating, speaking_to
from ohmyagent.adapters.values import check_task
from ohmyagent.domain.errors import Invalid
from ohmyagent.ports import Task

LONGEST = timedelta(days=30)
"""How far ahead Cloud Tasks keeps a task.  Source: https://cloud.google.com/tasks/docs/quotas"""
PATH = "/internal/tasks"


class CloudTasksQueue:
    """One queue for each kind, of that name.

    `url_of` gives the service that handles a kind, `trace` the traceparent that goes along.

    Names are hashed, because sequential ones make Cloud Tasks slow.  It forgets them some time after a task is done (an
    hour at least), and an answer that is lost and repeated finds its own task, so False is no more than a hint.
    """

    def __init__(
        self,
        project: str,
        region: str,
        invoker: str,
        url_of: Callable[[str], str],
        emulator: str | None = None,
        trace: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._location = f"projects/{project}/locations/{region}"
        self._invoker = invoker
        self._url_of = url_of
        self._traceparent = trace
        self._client = Lazy(lambda: _client(emulator))

    def enqueue(self, task: Task) -> bool:
        check_task(task)
        if task.due is not None and task.due > datetime.now(UTC) + LONGEST:
            raise Invalid.of("due", f"is more than {LONGEST.days} days ahead")
        from google.api_core.exceptions import AlreadyExists

        queue = f"{self._location}/queues/{task.kind}"
        with speaking_to("Cloud Tasks"):
            try:
                self._client().create_task(
                    parent=queue, task=self._request(queue, task), retry=repeating(), timeout=SECONDS
                )
            except AlreadyExists:
                return False
        return True

    def _trace(self) -> dict[str, str]:
        parent = self._traceparent()
        return {"traceparent": parent} if parent else {}

    def _request(self, queue: str, task: Task) -> Any:
        from google.cloud import tasks_v2

        url = self._url_of(task.kind)
        body = {"name": task.name, "body": task.body}
        request = tasks_v2.HttpRequest(
            url=f"{url}{PATH}/{task.kind}",
            http_method=tasks_v2.HttpMethod.POST,
            headers={"Content-Type": "application/json"} | self._trace(),
            body=json.dumps(body).encode(),
            oidc_token=tasks_v2.OidcToken(service_account_email=self._invoker, audience=url),
        )
        name = f"{queue}/tasks/{sha256(f'{task.kind} {task.name}'.encode()).hexdigest()}"
        return tasks_v2.Task(name=name, http_request=request, schedule_time=task.due)


def _client(emulator: str | None) -> Any:
    from google.cloud.tasks_v2 import CloudTasksClient

    return connected(CloudTasksClient, emulator)

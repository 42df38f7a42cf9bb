"""Cloud Tasks: keeps names, and delivers by HTTP with identity tokens, at least once, until it is told 2xx."""

import heapq
import http.client
import itertools
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import grpc
from google.cloud import tasks_v2

from tests.googleapi.identity import Issuer
from tests.googleapi.wire import Refusal, Wire


@dataclass
class Entry:
    """One task, and how its deliveries went."""

    task: Any
    retries: int = 0
    executions: int = 0
    statuses: list[int] = field(default_factory=list)


class TasksStandIn:
    """With an issuer it delivers; `twice` says how many tasks more are delivered a second time after success."""

    def __init__(self, wire: Wire, issuer: Issuer | None = None) -> None:
        self.entries: dict[str, Entry] = {}
        self.twice = 0
        self.unreachable = 0
        """So many deliveries do not arrive."""
        self.hosts: dict[str, str] = {}
        """Where addresses that mean nothing here are: host and port by host and port."""
        self._issuer = issuer
        self._due: list[tuple[float, int, str]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._open = True
        request = tasks_v2.CreateTaskRequest
        wire.add(
            "google.cloud.tasks.v2.CloudTasks",
            {"CreateTask": (self._create, request.deserialize, tasks_v2.Task.serialize)},
        )
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(6 if issuer else 0)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        with self._changed:
            self._open = False
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(30)

    def kinds(self) -> list[str]:
        return [name.split("/")[5] for name in list(self.entries)]

    def _create(self, request: Any) -> Any:
        name = request.task.name
        if not name.startswith(f"{request.parent}/tasks/") or not 1 <= len(name.rpartition("/")[2]) <= 500:
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "task name")
        with self._changed:
            if name in self.entries:
                raise Refusal(grpc.StatusCode.ALREADY_EXISTS, "the task exists")
            self.entries[name] = Entry(request.task)
            due = request.task.schedule_time
            self._push(name, due.timestamp() if due else time.time())
        return request.task

    def _push(self, name: str, at: float) -> None:
        heapq.heappush(self._due, (at, next(self._numbers), name))
        self._changed.notify_all()

    def _work(self) -> None:
        while (name := self._next()) is not None:
            entry = self.entries[name]
            status, wait = self._delivered(name, entry)
            with self._changed:
                entry.statuses.append(status)
                if 200 <= status < 300:
                    if self.twice > 0:
                        self.twice -= 1
                        self._push(name, time.time())
                    continue
                entry.retries += 1
                entry.executions += int(0 < status < 500)
                self._push(name, time.time() + (wait or min(2.0, 0.1 * 2**entry.retries)))

    def _next(self) -> str | None:
        with self._changed:
            while self._open:
                now = time.time()
                if self._due and self._due[0][0] <= now:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(min(1.0, self._due[0][0] - now) if self._due else 1.0)
        return None

    def _delivered(self, name: str, entry: Entry) -> tuple[int, float]:
        """The status (0: no answer came) and what Retry-After asked for."""
        assert self._issuer is not None
        request = entry.task.http_request
        token = self._issuer.token(request.oidc_token.audience, email=request.oidc_token.service_account_email)
        headers = dict(request.headers) | {
            "Authorization": f"Bearer {token}",
            "X-CloudTasks-TaskName": name.rpartition("/")[2],
            "X-CloudTasks-TaskRetryCount": str(entry.retries),
            "X-CloudTasks-TaskExecutionCount": str(entry.executions),
        }
        if self.unreachable > 0:
            self.unreachable -= 1
            return 0, 0.0
        url = urlsplit(request.url)
        connection = http.client.HTTPConnection(self.hosts.get(url.netloc, url.netloc), timeout=60)
        try:
            connection.request("POST", url.path, request.body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status, float(answer.headers.get("Retry-After", "0"))
        except (OSError, http.client.HTTPException):
            return 0, 0.0
        finally:
            connection.close()

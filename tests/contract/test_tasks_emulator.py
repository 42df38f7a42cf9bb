"""The queue on the third-party emulator of Cloud Tasks, which delivers by HTTP.

It pins an older protobuf, so it lives in an environment of its own that `make gcp-test` fills.  It knows no duplicate
names and sends no identity: those are tested on the stand-in (test_google.py).
"""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ohmyagent.adapters.gcp.queue import CloudTasksQueue
from ohmyagent.domain.errors import Unavailable
from ohmyagent.ports import Task
from tests.ports import free_port

PROGRAM = Path(__file__).resolve().parents[2] / ".tools" / "tasks-emulator" / "bin" / "gcloud-tasks-emulator"
QUEUE = "projects/demo-project/locations/asia-northeast3/queues/mail"

pytestmark = [
    pytest.mark.gcp,
    pytest.mark.skipif(not PROGRAM.exists(), reason="the emulator of Cloud Tasks is not installed (make gcp-test)"),
]


class Received:
    """What came, with the time; the first `refuse` requests are answered 503."""

    def __init__(self) -> None:
        self.requests: list[tuple[float, str, Any]] = []
        self.refuse = 0
        received = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                received.requests.append((time.time(), self.path, body))
                received.refuse -= 1
                self.send_response(503 if received.refuse >= 0 else 204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def received() -> Iterator[Received]:
    made = Received()
    threading.Thread(target=made.server.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def queue(received: Received, tmp_path: Path) -> Iterator[CloudTasksQueue]:
    port = free_port()
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM, "start", "--port", str(port), "--quiet", "--default-queue", QUEUE, "--max-retries", "5"],
            stdout=log,
            stderr=log,
        )
    made = CloudTasksQueue(
        "demo-project", "asia-northeast3", "invoker@example.com", lambda _: received.url, f"127.0.0.1:{port}"
    )
    try:
        _wait(made)
        yield made
    finally:
        process.terminate()
        process.wait(20)


def _wait(queue: CloudTasksQueue) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            queue.enqueue(Task("mail", "ready"))
        except Unavailable:
            assert time.monotonic() < deadline, "the emulator did not start"
        else:
            return


def _until(received: Received, count: int) -> list[tuple[float, str, Any]]:
    deadline = time.monotonic() + 60
    while len(received.requests) < count:
        assert time.monotonic() < deadline, received.requests
        time.sleep(0.02)
    return received.requests


def test_a_task_arrives_with_its_body_at_the_route_of_its_kind(queue: CloudTasksQueue, received: Received) -> None:
    _until(received, 1)
    assert queue.enqueue(Task("mail", "m1", {"mailId": "한국어"}))
    _, path, body = _until(received, 2)[1]
    assert (path, body) == ("/internal/tasks/mail", {"name": "m1", "body": {"mailId": "한국어"}})


def test_a_task_comes_not_before_it_is_due_and_again_until_it_is_done(
    queue: CloudTasksQueue, received: Received
) -> None:
    _until(received, 1)
    received.refuse = 2
    due = datetime.now(UTC) + timedelta(seconds=2)
    queue.enqueue(Task("mail", "m1", due=due))
    found = _until(received, 4)[1:]
    assert found[0][0] >= due.timestamp()
    assert {str(body["name"]) for _, _, body in found} == {"m1"}

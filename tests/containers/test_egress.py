"""An agent whose container has no route: what it fetches leaves by the egress service, on the other end of its wire."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ohmyagent.reach import Policy
from tests.containers import place
from tests.containers.place import Container
from tests.http.test_egress_service import service
from tests.http.world import Api, made
from tests.isolation.harness import bash

ALLOWED = {"allow": ["allowed.example"]}


class Page(BaseHTTPRequestHandler):
    """Says one sentence."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"the page of {self.headers['host']}".encode())

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """The platform whose runs the service looks up."""
    yield from made(tmp_path)


@pytest.fixture
def web() -> Iterator[int]:
    """The port of a web server on this machine's loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_a_page_is_fetched_by_way_of_the_service_and_every_host_is_told(api: Api, web: int, either: Container) -> None:
    person = api.guest()
    claim = api.claimed(person.run(person.agent(network=ALLOWED)["id"])["id"]).claim

    def policy(allow: tuple[str, ...]) -> Policy:
        return Policy(allow, lambda host, port: ["127.0.0.1"], lambda address: address.is_loopback, lambda port: web)

    fetch = "curl --silent --show-error --proxytunnel --max-time 20 http://{}/ 2>&1"
    with ExitStack() as stack:
        url = stack.enter_context(service(api, policy))
        port = stack.enter_context(place.peer(int(url.split(":")[2].split("/")[0])))
        run = either.agent(
            bash(fetch.format("allowed.example")), bash(fetch.format("other.example") + "; true"), network=ALLOWED,
            egressUrl=f"http://{place.HERE}:{port}/egress", modelToken=claim["spec"]["modelToken"],
            token=claim["token"],
        )  # fmt: skip
    assert run.report["outcome"] == "succeeded", run.report["error"]
    assert run.outputs()[0] == "the page of allowed.example"
    assert "403" in run.outputs()[1]
    assert run.report["hosts"] == [
        {"host": "allowed.example", "allowed": True, "requests": 1},
        {"host": "other.example", "allowed": False, "requests": 1},
    ]


def test_without_the_service_the_same_page_is_out_of_reach(either: Container) -> None:
    fetch = "curl --silent --show-error --proxytunnel --max-time 20 http://allowed.example/ 2>&1; true"
    run = either.agent(bash(fetch), network=ALLOWED)
    assert "the page" not in run.outputs()[0]
    assert run.report["hosts"] == [{"host": "allowed.example", "allowed": False, "requests": 1}]

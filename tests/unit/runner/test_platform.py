"""The client of the runner API: patient, honest about a refusal, and close with its token."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, BinaryIO

import pytest

from ohmyagent.adapters.local.jobs import _start_time
from ohmyagent.runner import platform as runner_platform
from ohmyagent.runner.platform import NotOurs, Platform, Refused, Unreachable, patiently
from ohmyagent.runner.protocol import Claim, Launch, ProtocolError, WorkspaceFile
from tests.fake_platform import EPOCH, NONCE, FakePlatform


@contextmanager
def client(platform: FakePlatform) -> Iterator[Platform]:
    found = Platform(platform.url, Claim.of(platform.claim()))
    try:
        yield found
    finally:
        found.close()


@contextmanager
def store() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A store of files at another address; the headers that it was sent."""
    seen: list[dict[str, str]] = []

    class Store(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            seen.append({name.lower(): value for name, value in self.headers.items()})
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            seen.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(200)
            self.send_header("content-length", "5")
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    with HTTPServer(("127.0.0.1", 0), Store) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
        server.shutdown()


def launch(platform: FakePlatform) -> Launch:
    return Launch.of(platform.environment)


def test_one_runner_gets_the_claim_and_the_next_one_nothing() -> None:
    with FakePlatform() as platform:
        first = runner_platform.claim(launch(platform))
        assert first
        assert first.epoch == EPOCH
        assert runner_platform.claim(launch(platform)) is None


def test_a_claim_waits_for_a_platform_that_is_down_for_a_moment() -> None:
    with FakePlatform() as platform:
        platform.outage = True
        threading.Timer(0.5, setattr, (platform, "outage", False)).start()
        assert runner_platform.claim(launch(platform))


def test_a_claim_whose_answer_was_lost_is_asked_for_again_as_the_same_runner() -> None:
    with FakePlatform() as platform:
        platform.lost_claims = 2
        assert runner_platform.claim(launch(platform))
        assert platform.claims == 3


def test_a_runner_says_what_it_is_to_whoever_started_it() -> None:
    with FakePlatform() as platform:
        environment = platform.environment
        assert launch(platform).handle == f"{os.getpid()}:{_start_time(os.getpid())}"
        cloud = environment | {"CLOUD_RUN_EXECUTION": "agent-runner-x2k9d", "CLOUD_RUN_TASK_COUNT": "7"}
        assert Launch.of(cloud).handle == "agent-runner-x2k9d/7"


def test_a_claim_that_is_refused_for_another_reason_is_an_error() -> None:
    with FakePlatform() as platform:
        platform.statuses["claim"] = 422
        with pytest.raises(Refused, match="422"):
            runner_platform.claim(launch(platform))


def test_a_claim_of_a_spec_that_is_not_understood_is_an_error() -> None:
    with FakePlatform(prompt=7) as platform, pytest.raises(ProtocolError, match="prompt"):
        runner_platform.claim(launch(platform))


def test_the_nonce_does_not_show_when_a_launch_is_printed() -> None:
    with FakePlatform() as platform:
        assert NONCE not in repr(launch(platform))


@pytest.mark.parametrize("status", [403, 409, 410])
def test_an_execution_that_was_taken_away_is_not_ours(status: int) -> None:
    with FakePlatform() as platform, client(platform) as found:
        platform.statuses["events"] = status
        with pytest.raises(NotOurs):
            found.events(1, [])


def test_a_platform_that_is_gone_is_unreachable() -> None:
    with FakePlatform() as platform, client(platform) as found:
        platform.outage = True
        with pytest.raises(Unreachable):
            found.events(1, [])


def test_a_call_is_made_again_until_it_works_or_patience_ends() -> None:
    calls = []

    def call() -> int:
        calls.append(1)
        if len(calls) < 3:
            raise Unreachable("later")
        return len(calls)

    assert patiently(call, 5) == 3
    with pytest.raises(Unreachable):
        patiently(lambda: (_ for _ in ()).throw(Unreachable("never")), 0.15)


def test_a_store_elsewhere_does_not_see_the_token() -> None:
    def body() -> BinaryIO:
        return io.BytesIO(b"hello")

    with FakePlatform() as platform, client(platform) as found, store() as (url, seen):
        found.put(f"{url}/bucket/x?signature=abc", body, 5, "0" * 64)
        assert list(found.content(WorkspaceFile("a", 5, "", f"{url}/bucket/a"))) == [b"hello"]
    assert len(seen) == 2
    assert not [headers for headers in seen if "authorization" in headers]

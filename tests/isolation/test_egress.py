"""The one way to the web: what is allowed works, what is not is refused, and both are on the record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.isolation import web
from tests.isolation.harness import LOOPBACK_RUNNER, Identity, Run, bash, finished, said
from tests.isolation.web import Web

TOOLS = Path(__file__).parent / "tools"
ALLOW = {"allow": ["allowed.example", "*.wild.example"]}


@pytest.fixture(scope="module")
def site() -> Iterator[Web]:
    with web.served() as found:
        yield found


def visit(identity: Identity, home: str, site: Web, *commands: str, program: str = LOOPBACK_RUNNER) -> Run:
    files = [("visit.py", (TOOLS / "visit.py").read_bytes()), ("certificate.pem", site.certificate)]
    steps = [bash(command) for command in commands]
    return finished(
        identity, home, *steps, network=ALLOW, workspace=files, environment=site.environment, program=program
    )


def test_allowed_hosts_answer_by_tls_and_without(identity: Identity, home: str, site: Web) -> None:
    pages = [
        "https://allowed.example/",
        "http://allowed.example/",
        "https://deep.wild.example/",
        "https://ALLOWED.example/",
    ]
    run = visit(identity, home, site, *(f"python3 visit.py {page}" for page in pages))
    assert run.outputs() == [
        "hello from allowed.example", "hello from allowed.example", "hello from deep.wild.example",
        "hello from ALLOWED.example",
    ]  # fmt: skip
    assert run.platform.report["hosts"] == [
        {"host": "allowed.example", "allowed": True, "requests": 3},
        {"host": "deep.wild.example", "allowed": True, "requests": 1},
    ]
    assert [event["host"] for event in run.platform.of_type("network")] == ["allowed.example", "deep.wild.example"]


def test_hosts_off_the_list_are_refused_and_recorded_with_the_reason(anyone: Identity, home: str, site: Web) -> None:
    run = visit(anyone, home, site, "python3 visit.py https://other.example/; python3 visit.py https://wild.example/",
                "python3 visit.py https://other.example/")  # fmt: skip
    assert all("403" in output for output in run.outputs())
    assert run.platform.report["hosts"] == [
        {"host": "other.example", "allowed": False, "requests": 2},
        {"host": "wild.example", "allowed": False, "requests": 1},
    ]
    assert {event["reason"] for event in run.platform.of_type("network")} == {"host not allowed"}


def test_tls_that_names_another_host_is_cut_before_a_byte_leaves(anyone: Identity, home: str, site: Web) -> None:
    run = visit(anyone, home, site, "python3 visit.py https://allowed.example/ other.example")
    assert "REFUSED" in run.outputs()[0]
    assert run.platform.of_type("network")[0]["reason"] == "TLS names another host"
    assert run.platform.report["hosts"] == [{"host": "allowed.example", "allowed": False, "requests": 1}]


def test_what_is_no_tls_does_not_pass_port_443(anyone: Identity, home: str, site: Web) -> None:
    run = visit(anyone, home, site, "python3 visit.py http://allowed.example:443/")
    assert "REFUSED" in run.outputs()[0]
    assert run.platform.of_type("network")[0]["reason"] == "no TLS on port 443"


def test_the_real_runner_does_not_dial_loopback(anyone: Identity, home: str, site: Web) -> None:
    run = visit(anyone, home, site, "python3 visit.py https://allowed.example/", program="jobs/agent-runner/main.py")
    assert "403" in run.outputs()[0]


def test_web_fetch_goes_through_the_proxy(anyone: Identity, home: str, site: Web) -> None:
    fetch = {"tool": "WebFetch", "input": {"url": "https://other.example/", "prompt": "what is it?"}}
    run = finished(anyone, home, fetch, said("read"), tools=["WebFetch"], network=ALLOW)
    assert run.platform.report["hosts"] == [{"host": "other.example", "allowed": False, "requests": 1}]
    assert run.platform.report["outcome"] == "succeeded"

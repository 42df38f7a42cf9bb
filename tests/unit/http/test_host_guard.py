"""Only this machine's own names lead to the local platform."""

import asyncio
import json
from typing import Any

import pytest

from ohmyagent.http.origins import HostGuard


def asked(hosts: list[str], query: bytes = b"", kind: str = "http") -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def platform(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "reached"})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", host.encode("latin-1")) for host in hosts]
    scope = {"type": kind, "headers": headers, "query_string": query}
    asyncio.run(HostGuard(platform, "https://agents.example.com:8443")(scope, receive, send))
    return sent


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]", "[::1]:8080", "LOCALHOST", "agents.example.com:8443"],
)
def test_its_own_names_lead_there(host: str) -> None:
    assert asked([host]) == [{"type": "reached"}]
    assert asked([host], kind="websocket") == [{"type": "reached"}]


@pytest.mark.parametrize(
    "hosts",
    [
        [], [""], ["evil.example.com"], ["evil.example.com:8080"], ["localhost.evil.example.com"], ["127.0.0.1.nip.io"],
        ["127.0.0.2"], ["localhost@evil.example.com"], ["evil.example.com#localhost"], ["[::1"],
        ["localhost", "localhost"], ["\xe9"], ["agents.example.com.evil.example"],
    ],
)  # fmt: skip
def test_no_other_name_does(hosts: list[str]) -> None:
    start, body = asked(hosts)

    assert start["status"] == 403
    assert json.loads(body["body"])["code"] == "forbidden"
    assert asked(hosts, kind="websocket") == [{"type": "websocket.close", "code": 1008}]


def test_a_query_that_is_not_ascii_is_refused() -> None:
    assert asked(["localhost"], b"q=\xff")[0]["status"] == 400


def test_what_is_no_request_passes() -> None:
    assert asked([], kind="lifespan") == [{"type": "reached"}]

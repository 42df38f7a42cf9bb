"""Secrets on their way out, from a sandbox by proxy and gateway to a TLS host: what is sent, and what comes back."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ohmyagent.adapters.local.queue import SqliteQueue
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.adapters.local.vault import KeyFileVault
from ohmyagent.domain.runner import Claim
from ohmyagent.domain.secrets import SecretDraft
from ohmyagent.gateway.app import Gateway
from ohmyagent.gateway.dialling import Dialler
from ohmyagent.gateway.limits import Limits
from ohmyagent.reach import Policy
from ohmyagent.records.indexes import INDEXES
from ohmyagent.runner.egress import Egress
from ohmyagent.runner.forward import Forward
from ohmyagent.runner.relay import GatewayRelay
from ohmyagent.use_cases import entrusting
from tests import secret_site
from tests.gateway_service import Served
from tests.secret_site import HOST, OTHER, SHAPES, SMUGGLED, Site
from tests.world import World

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CANARY = "canary-7f3a9b2c"
LIMITS = Limits(connect=20, first_byte=20, idle=20, upload=20, tick=0.05, request_bytes=200_000)


def loopback(site: Site) -> Dialler:
    """Every name is this machine, and the site's certificate is trusted."""

    def policy(allow: tuple[str, ...]) -> Policy:
        return Policy(
            allow, resolve=lambda host, port: ["127.0.0.1"], permit=lambda address: address.is_loopback,
            dial_port=lambda port: site.port,
        )  # fmt: skip

    return Dialler(policy, partial(ssl.create_default_context, cafile=str(site.certificate)))


@dataclass
class Answer:
    """What a sandbox sees."""

    raw: bytes
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def said(self) -> Any:
        return json.loads(self.body)


class Way:
    """A run with its proxy and the gateway."""

    def __init__(self, world: World, vault: KeyFileVault, site: Site, url: str) -> None:
        self.world, self.vault, self.site, self.url = world, vault, site, url
        self.user = world.user()
        self.agent = world.agent(self.user, network={"allow": [HOST, OTHER]})
        self.keep()
        self.claim = world.started(self.user, self.agent)[1]
        self.egress = self.proxy(self.claim)
        self.told: list[tuple[str, int, bool, str | None]] = []

    def keep(self, name: str = "key", hosts: tuple[str, ...] = (HOST,), **fields: str) -> None:
        draft = SecretDraft.model_validate({"value": CANARY, "hosts": list(hosts)} | fields)
        entrusting.put(self.world.store, self.vault, self.user, self.agent.id, name, draft, self.world.now)

    def proxy(self, claim: Claim, **tokens: str) -> Egress:
        named = {"token": claim.spec.model_token, "runner_token": claim.token} | tokens
        forward = Forward(f"{self.url}/gateway", GatewayRelay(self.url, 1).connect, **named)
        return Egress(Policy((HOST, OTHER)), lambda *words: self.told.append(words), forward)

    def send(self, raw: bytes, egress: Egress | None = None, *, close: bool = False) -> Answer:
        """Give the proxy these bytes, and read to the end what it answers."""
        ours, theirs = socket.socketpair()
        serving = threading.Thread(target=(egress or self.egress).handle, args=(theirs,))
        serving.start()
        with ours:
            ours.settimeout(60)
            sending = threading.Thread(target=self._push, args=(ours, raw, close))
            sending.start()
            answer = _read(ours)
            sending.join(60)
        serving.join(60)
        return answer

    def get(self, path: str, *headers: str, host: str = HOST, egress: Egress | None = None) -> Answer:
        return self.send(_request("GET", f"http://{host}{path}", *headers), egress)

    @staticmethod
    def _push(ours: socket.socket, raw: bytes, close: bool) -> None:
        try:
            ours.sendall(raw)
            if close:
                ours.shutdown(socket.SHUT_WR)
        except OSError:
            """The proxy had enough."""


def _request(method: str, url: str, *headers: str) -> bytes:
    return "\r\n".join([f"{method} {url} HTTP/1.1", "Host: whatever.example", *headers, "", ""]).encode("latin-1")


def _read(ours: socket.socket) -> Answer:
    raw = b""
    try:
        while part := ours.recv(65536):
            raw += part
    except ConnectionResetError:
        """What came before counts."""
    final = raw.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    head, _, body = final.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (text.partition(": ") for text in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = b"".join(body.split(b"\r\n")[1::2])
    return Answer(raw, int(line.split(" ")[1]) if line else 0, headers, body)


@pytest.fixture
def site() -> Iterator[Site]:
    with secret_site.served() as found:
        yield found


@pytest.fixture
def open_way(tmp_path: Path, site: Site) -> Iterator[Callable[..., Way]]:
    store = SqliteStore(tmp_path / "oma.db", indexes=INDEXES)
    world = World(store, SqliteQueue(tmp_path / "oma.db"), tmp_path / "files", NOON)
    vault = KeyFileVault(tmp_path / "vault.key")
    served: list[Served] = []

    def opened(dialler: Dialler | None = None) -> Way:
        gateway = Gateway(
            store, world.models, {}, lambda: NOON, vault=vault, dialler=dialler or loopback(site), limits=LIMITS
        )
        served.append(Served(gateway))
        return Way(world, vault, site, served[-1].__enter__().url)

    yield opened
    for one in served:
        one.__exit__(None, None, None)
    store.close()


@pytest.fixture
def way(open_way: Callable[..., Way]) -> Way:
    return open_way()


def test_a_request_arrives_by_tls_with_the_secret_and_comes_back_without_it(way: Way) -> None:
    answer = way.get("/echo?q=%2e%2e", "X-Mine: 1", "Authorization: Bearer mine", "authorization: too")
    [arrived] = way.site.arrived
    assert arrived.line == "GET /echo?q=%2e%2e HTTP/1.1"
    assert arrived.all("authorization") == [f"Bearer {CANARY}"]
    assert (arrived.all("host"), arrived.all("x-mine")) == ([HOST], ["1"])
    assert way.site.names == [HOST]
    assert not [name for name, _ in arrived.headers if name.lower().startswith("oma-")]
    assert (answer.status, answer.headers["x-echo"]) == (200, "Bearer " + "*" * len(CANARY))
    assert ["Authorization", "Bearer " + "*" * len(CANARY)] in answer.said["headers"]
    assert CANARY.encode() not in answer.raw
    assert way.told == [(HOST, 443, True, None)]


def test_an_echo_in_single_bytes_is_covered_too(way: Way) -> None:
    answer = way.get("/drip")
    assert answer.said["line"] == "GET /drip HTTP/1.1"
    assert CANARY.encode() not in answer.raw


def test_bodies_go_up_whole_by_length_and_in_chunks(way: Way) -> None:
    text = b"0123456789" * 15_000
    url = f"http://{HOST}/echo"
    assert way.send(_request("PUT", url, f"Content-Length: {len(text)}") + text).said["body"].encode() == text
    chunks = b"1000\r\n" + text[:4096] + b"\r\n5\r\nhello\r\n0\r\n\r\n"
    answer = way.send(_request("POST", url, "Transfer-Encoding: chunked", "Expect: 100-continue") + chunks)
    assert answer.raw.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert answer.said["body"].encode() == text[:4096] + b"hello"
    assert way.send(_request("POST", url, "Content-Length: 0")).said["body"] == ""
    assert way.site.arrived[-1].all("content-length") == ["0"]


def test_a_body_that_is_too_large_is_refused(way: Way) -> None:
    """The answer may be lost to the reset that follows a body nobody reads (RFC 9112, 9.6): then there is none (0)."""
    text = b"x" * 200_001
    url = f"http://{HOST}/echo"
    assert way.send(_request("PUT", url, f"Content-Length: {len(text)}") + text).status in (413, 0)
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(text), text)
    assert way.send(_request("PUT", url, "Transfer-Encoding: chunked") + chunk).status in (413, 0)
    assert not way.site.arrived or way.site.arrived[-1].body != text


def test_a_head_request_has_a_length_and_no_body(way: Way) -> None:
    answer = way.send(_request("HEAD", f"http://{HOST}/echo"))
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


def test_a_session_that_a_secret_opened_stays_outside_and_ranges_are_not_asked_for(way: Way) -> None:
    answer = way.get("/echo", "Cookie: session=1", "Range: bytes=5-9", "Accept-Encoding: gzip")
    [arrived] = way.site.arrived
    assert arrived.all("cookie") == arrived.all("range") == []
    assert arrived.all("accept-encoding") == ["identity"]
    assert "set-cookie" not in answer.headers
    plain = way.get("/echo", "Cookie: session=1", "Range: bytes=5-9", host=OTHER)
    assert way.site.arrived[-1].all("cookie") == ["session=1"]
    assert plain.headers["set-cookie"] == "session=1"


def test_a_compressed_answer_is_not_passed_on_where_a_secret_went(way: Way) -> None:
    assert way.get("/gzip").status == 502
    assert way.get("/gzip", host=OTHER).headers["content-encoding"] == "gzip"


def test_redirects_are_not_followed_and_stay_plain_only_on_the_same_host(way: Way) -> None:
    here, there = way.get("/redirect/here"), way.get("/redirect/there")
    assert (here.status, there.status) == (302, 302)
    assert here.headers["location"] == f"http://{HOST}/echo?" + "*" * len(CANARY)
    assert there.headers["location"] == f"https://{OTHER}/echo?" + "*" * len(CANARY)
    assert len(way.site.arrived) == 2


def test_another_host_of_the_list_gets_no_secret_whatever_the_request_calls_itself(way: Way) -> None:
    for headers in (
        [f"Host: {HOST}"],
        [f"X-Forwarded-Host: {HOST}"],
        [f"oma-target: {HOST}/echo"],
        [f"oma-pass-Host: {HOST}"],
    ):
        raw = "\r\n".join([f"GET http://{OTHER}/echo HTTP/1.1", *headers, "", ""]).encode()
        assert way.send(raw).status == 200
        arrived = way.site.arrived[-1]
        assert (arrived.all("authorization"), arrived.all("host"), way.site.names[-1]) == ([], [OTHER], OTHER)


@pytest.mark.parametrize("name", ["X_API_KEY", "x-api_key", "X-Api-Key"])
def test_no_spelling_of_the_header_comes_beside_the_secret(way: Way, name: str) -> None:
    way.keep("two", header="X-Api-Key", prefix="")
    assert way.get("/echo", f"{name}: mine", "Connection: X-Api-Key, Authorization").status == 200
    [arrived] = way.site.arrived
    found = [value for own, value in arrived.headers if own.lower().replace("_", "-") == "x-api-key"]
    assert (found, arrived.all("authorization")) == ([CANARY], [f"Bearer {CANARY}"])


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (f"http://{OTHER}.evil.example/", "host not allowed"), ("http://evil.example/", "host not allowed"),
        ("http://127.0.0.1/", "host not allowed"), ("http://169.254.169.254/", "host not allowed"),
        (f"http://{HOST}:8080/", "port not allowed"), (f"http://{HOST}:443/", "port not allowed"),
        (f"http://me:secret@{HOST}/", "no name and password"), (f"http://{HOST}@{OTHER}/", "no name and password"),
        (f"https://{HOST}/", "only CONNECT"), ("/echo", "only CONNECT"), (f"//{HOST}/echo", "only CONNECT"),
    ],
)  # fmt: skip
def test_addresses_that_are_not_a_plain_allowed_host_are_refused(way: Way, url: str, reason: str) -> None:
    answer = way.send(_request("GET", url))
    assert answer.status == 403
    assert reason in answer.body.decode()
    assert way.site.arrived == []
    assert not any(allowed for _, _, allowed, _ in way.told)


@pytest.mark.parametrize("shape", SHAPES)
def test_requests_that_two_readers_read_in_two_ways_reach_nobody(way: Way, shape: str) -> None:
    answer = way.send(SHAPES[shape], close=True)
    assert answer.status in (0, 403), answer.raw
    assert not [arrived for arrived in way.site.arrived if "smuggled" in arrived.line or arrived.body]
    assert CANARY.encode() not in answer.raw


def test_what_follows_a_request_on_its_connection_is_never_read(way: Way) -> None:
    answer = way.send(_request("GET", f"http://{HOST}/echo") + SMUGGLED)
    assert answer.status == 200
    assert [arrived.line for arrived in way.site.arrived] == ["GET /echo HTTP/1.1"]


def test_the_secret_belongs_to_the_runs_own_agent_and_dies_with_the_run(way: Way) -> None:
    other = way.world.agent(way.user, name="다른", network={"allow": [HOST]})
    theirs = way.world.started(way.user, other)[1]
    assert way.get("/echo", egress=way.proxy(theirs)).status == 200
    assert way.site.arrived[-1].all("authorization") == []
    way.world.call(way.claim)
    way.world.finish(way.claim)
    assert way.get("/echo").status == 403
    assert len(way.site.arrived) == 1


def test_the_runs_token_alone_is_not_enough(way: Way) -> None:
    """A sandbox has it, and a request that did not come by its runner would be counted nowhere."""
    assert way.get("/echo", egress=way.proxy(way.claim, runner_token=way.claim.spec.model_token)).status == 403
    assert way.get("/echo", egress=way.proxy(way.claim, token=way.claim.token)).status == 403
    connection = http.client.HTTPConnection(way.url.removeprefix("http://"))
    bare = {"oma-run": way.claim.spec.model_token, "oma-method": "GET", "oma-target": f"{HOST}/echo"}
    connection.request("POST", "/gateway/forward", headers=bare)
    assert connection.getresponse().status == 403
    connection.close()
    assert way.site.arrived == []


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:169.254.169.254"])
def test_a_name_that_points_inside_is_not_dialled(open_way: Callable[..., Way], address: str) -> None:
    way = open_way(Dialler(lambda allow: Policy(allow, resolve=lambda host, port: [address])))
    answer = way.get("/echo")
    assert (answer.status, answer.body) == (403, f"{HOST}: address not allowed\n".encode())
    assert way.told == [(HOST, 80, False, "address not allowed")]


def test_a_name_is_resolved_once_so_that_a_second_answer_changes_nothing(
    open_way: Callable[..., Way], site: Site
) -> None:
    answers = [["127.0.0.1"], ["169.254.169.254"]]

    def policy(allow: tuple[str, ...]) -> Policy:
        return Policy(
            allow, resolve=lambda host, port: answers.pop(0), permit=lambda address: address.is_loopback,
            dial_port=lambda port: site.port,
        )  # fmt: skip

    way = open_way(Dialler(policy, partial(ssl.create_default_context, cafile=str(site.certificate))))
    assert way.get("/echo").status == 200
    assert answers == [["169.254.169.254"]]


def test_a_host_without_a_certificate_of_its_name_gets_nothing(open_way: Callable[..., Way], site: Site) -> None:
    trusting_nobody = Dialler(loopback(site).policy_of)
    answer = open_way(trusting_nobody).get("/echo")
    assert (answer.status, answer.body) == (403, f"{HOST}: the certificate is not the host's\n".encode())
    assert site.arrived == []

"""The egress service as a runner uses it: real sockets, a real store, and hosts that are this machine's loopback."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn

from ohmyagent import reach
from ohmyagent.egress.app import Egress
from ohmyagent.reach import Policy, Refusal
from ohmyagent.runner.tunnel import Tunnel
from tests.http.world import Api, Runner

ALLOWED = {"allow": ["allowed.example", "*.below.example"]}


class Web:
    """A host that answers every connection with what it was told, after the end of what it was told."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            heard = b""
            while part := connection.recv(1 << 16):
                heard += part
            connection.sendall(b"heard " + heard)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def web() -> Iterator[Web]:
    with closing(Web()) as made:
        yield made


@contextmanager
def service(api: Api, policy_of: Any) -> Iterator[str]:
    """The address of the service on the store of `api`."""
    app = Egress(api.platform.store, api.platform.now, policy_of)
    config = uvicorn.Config(app, port=0, log_level="critical", lifespan="on", ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/egress"
    finally:
        server.should_exit = True
        thread.join(60)


@pytest.fixture
def url(api: Api, web: Web) -> Iterator[str]:
    def policy(allow: tuple[str, ...]) -> Policy:
        return Policy(
            allow, lambda host, port: ["127.0.0.1"], permit=lambda address: address.is_loopback,
            dial_port=lambda port: web.port,
        )  # fmt: skip

    with service(api, policy) as address:
        yield address


@pytest.fixture
def runner(api: Api) -> Runner:
    person = api.guest()
    return api.claimed(person.run(person.agent(network=ALLOWED)["id"])["id"])


def dialled(url: str, runner: Runner, host: str = "allowed.example", port: int = 80) -> socket.socket:
    stream = Tunnel(url, runner.claim["spec"]["modelToken"], runner.claim["token"]).dial(host, port)
    stream.settimeout(60)
    return stream


def said(stream: socket.socket, what: bytes) -> bytes:
    with stream:
        stream.sendall(what)
        stream.shutdown(socket.SHUT_WR)
        parts = []
        while part := stream.recv(1 << 16):
            parts.append(part)
        return b"".join(parts)


def hello(name: str) -> bytes:
    """What a TLS client says first when it wants `name`."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize("host", ["allowed.example", "a.below.example"])
def test_a_run_speaks_with_its_own_hosts(url: str, runner: Runner, host: str) -> None:
    text = b"GET / HTTP/1.1\r\n\r\n" + b"x" * 300_000
    assert said(dialled(url, runner, host), text) == b"heard " + text


@pytest.mark.parametrize(
    ("host", "port", "reason"),
    [
        ("other.example", 443, "host not allowed"),
        ("below.example", 443, "host not allowed"),
        ("allowed.example", 22, "port not allowed"),
        ("127.0.0.1", 80, "host not allowed"),
        ("allowed.example%2Fx", 443, "egress service|path|host"),
    ],
)
def test_what_is_not_on_its_list_is_refused_whatever_the_runner_thinks(
    url: str, runner: Runner, web: Web, host: str, port: int, reason: str
) -> None:
    with pytest.raises(Refusal, match=reason):
        dialled(url, runner, host, port)
    assert web.connections == 0


def test_addresses_that_are_not_public_are_refused(api: Api, runner: Runner) -> None:
    inside = lambda allow: Policy(allow, lambda host, port: ["169.254.169.254", "127.0.0.1", "10.0.0.1"])  # noqa: E731
    with service(api, inside) as address, pytest.raises(Refusal, match="address not allowed"):
        dialled(address, runner)


def test_tls_that_names_another_host_is_cut(url: str, runner: Runner) -> None:
    assert said(dialled(url, runner, port=443), hello("evil.example")) == b""
    assert said(dialled(url, runner, port=443), b"no TLS at all") == b""
    told = hello("allowed.example")
    assert said(dialled(url, runner, port=443), told) == b"heard " + told


def test_the_sandboxs_token_alone_opens_nothing(url: str, runner: Runner, web: Web) -> None:
    token = runner.claim["spec"]["modelToken"]
    for runner_token in ("guess", token):
        with pytest.raises(Refusal):
            Tunnel(url, token, runner_token).dial("allowed.example", 80)
    with pytest.raises(Refusal):
        Tunnel(url, "x1.guess", runner.claim["token"]).dial("allowed.example", 80)
    assert web.connections == 0


def test_another_runs_tokens_do_not_mix(api: Api, url: str, runner: Runner) -> None:
    person = api.guest()
    other = api.claimed(person.run(person.agent(network=ALLOWED)["id"])["id"])
    with pytest.raises(Refusal):
        Tunnel(url, runner.claim["spec"]["modelToken"], other.claim["token"]).dial("allowed.example", 80)


def test_after_the_runs_end_its_tokens_open_nothing(api: Api, url: str, runner: Runner) -> None:
    said(dialled(url, runner), b"while it runs")
    api.clock.time += timedelta(days=2)
    with pytest.raises(Refusal):
        dialled(url, runner)


def test_a_run_has_at_most_32_connections_at_once(url: str, runner: Runner) -> None:
    streams = [dialled(url, runner) for _ in range(32)]
    with pytest.raises(Refusal, match="too many connections"):
        dialled(url, runner)
    for stream in streams:
        stream.close()


def test_what_the_caps_count_is_freed_when_a_runner_goes_away(url: str, runner: Runner) -> None:
    for _ in range(100):
        dialled(url, runner).close()
    assert said(dialled(url, runner), b"after a hundred") == b"heard after a hundred"


def test_it_says_that_it_lives_and_has_nothing_else(url: str) -> None:
    place = urlsplit(url)
    for path, status in (("/health", 200), ("/", 404), ("/egress/allowed.example/80", 404)):
        connection = http.client.HTTPConnection(place.netloc, timeout=60)
        connection.request("GET", path)
        assert connection.getresponse().status == status
        connection.close()


def test_the_real_policy_is_used_where_nobody_brings_another(api: Api, runner: Runner) -> None:
    assert Egress.of(api.platform)._passages._policy_of is reach.Policy

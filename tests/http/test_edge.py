"""The edge: paces, blocks that hold in every process, headers of every answer, and whose address counts."""

import asyncio
import multiprocessing
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from ohmyagent import http, wiring
from ohmyagent.adapters.gcp.fronts import FRONTS
from ohmyagent.domain.blocks import SHARES, Counted, Offence
from ohmyagent.domain.errors import RateLimited, TooLarge
from ohmyagent.http.addresses import Approach
from ohmyagent.http.edge import Asked, Buckets, Edge, Kind, Pace, kind_of
from ohmyagent.http.guards import AsgiGuard, WsgiGuard
from ohmyagent.settings import BadSettings, Settings
from ohmyagent.use_cases import guarding
from tests.http.world import NOON, Api, made

FAR = "203.0.113.7"


class Ticks:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def asked(path: str = "/api/agents", method: str = "GET", peer: str = FAR, **more: Any) -> Asked:
    fields = {"query_length": 0, "forwarded": [], "credential": None, "headers": 5, "header_bytes": 200} | more
    return Asked(method=method, path=path, peer=peer, **fields)


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def edge(api: Api, ticks: Ticks) -> Edge:
    return Edge(api.platform, ticks)


def admitted(edge: Edge, *requests: Asked) -> int:
    count = 0
    for request in requests:
        try:
            edge.admit(request)
            count += 1
        except RateLimited:
            pass
    return count


def test_twenty_at_once_then_ten_a_second(edge: Edge, ticks: Ticks) -> None:
    assert admitted(edge, *[asked()] * 50) == 20
    ticks.time += 1
    assert admitted(edge, *[asked()] * 50) == 10
    ticks.time += 100
    assert admitted(edge, *[asked()] * 50) == 20


def test_a_refusal_says_when_to_come_again(edge: Edge) -> None:
    admitted(edge, *[asked()] * 20)
    with pytest.raises(RateLimited) as caught:
        edge.admit(asked())
    assert 0 < caught.value.retry_after <= 0.1


def test_one_address_does_not_slow_another(edge: Edge) -> None:
    admitted(edge, *[asked()] * 100)
    assert admitted(edge, *[asked(peer="198.51.100.9")] * 20) == 20


def test_one_session_at_many_addresses_has_one_pace(edge: Edge) -> None:
    spread = [asked(peer=f"198.51.100.{n}", credential="Bearer abc") for n in range(60)]
    assert admitted(edge, *spread) == 20
    assert admitted(edge, asked(peer="198.51.100.99", credential="Bearer other")) == 1


def test_who_invents_sessions_gains_nothing(edge: Edge) -> None:
    assert admitted(edge, *[asked(credential=f"Bearer {n}") for n in range(60)]) == 20


def test_classes_have_paces_of_their_own(edge: Edge) -> None:
    assert admitted(edge, *[asked("/api/auth/guest", "POST")] * 60) == 10
    assert admitted(edge, *[asked("/api/agents/a/executions", "POST")] * 60) == 20
    assert admitted(edge, *[asked("/assets/x.js")] * 300) == 200
    assert admitted(edge, *[asked("/runner/executions/x/events", "POST")] * 500) == 500


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/health", Kind.PROBE), ("POST", "/health", Kind.PROBE),
        ("POST", "/runner/launches/l/claim", Kind.FREE), ("GET", "/", Kind.PAGE),
        ("GET", "/healthy", Kind.PAGE), ("POST", "/api/auth/google", Kind.SIGN_IN),
        ("GET", "/api/auth/session", Kind.API), ("POST", "/api/agents/a/executions/x", Kind.API),
        ("POST", "/api/hooks/h_1", Kind.COSTLY), ("POST", "/api/conversation", Kind.COSTLY),
        ("GET", "/ws/omt_x", Kind.API),
        ("GET", "/api/executions/x/stream", Kind.API), ("POST", "/api/executions/x/retry", Kind.COSTLY),
        ("POST", "/api/runner/x", Kind.API), ("GET", "/internal/tick", Kind.FREE),
    ],
)  # fmt: skip
def test_a_route_has_its_class(method: str, path: str, kind: Kind) -> None:
    assert kind_of(method, path) is kind


def test_asking_for_health_has_an_end_as_it_asks_the_store(edge: Edge) -> None:
    assert admitted(edge, *[asked("/health")] * 80) == 50


def test_people_at_their_own_machine_are_not_in_their_own_way(api: Api, edge: Edge) -> None:
    assert admitted(edge, *[asked(peer="127.0.0.1")] * 1_500) == 1_500
    assert {edge.answered(asked(peer="::1", path="/x"), 404) for _ in range(500)} == {None}
    assert guarding.blocked_addresses(api.platform.store, NOON) == []


def test_behind_a_proxy_this_machine_is_nobodys_home(api: Api, ticks: Ticks) -> None:
    behind = replace(api.platform, approach=Approach(1, homely=True))
    edge = Edge(behind, ticks)
    assert admitted(edge, *[asked(peer="127.0.0.1", forwarded=["127.0.0.1"])] * 60) == 20


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, [], FAR), (0, ["1.2.3.4"], FAR), (0, ["127.0.0.1"], FAR),
        (1, ["1.2.3.4"], "1.2.3.4"), (1, ["6.6.6.6, 1.2.3.4"], "1.2.3.4"), (1, ["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
        (2, ["6.6.6.6, 1.2.3.4, 5.5.5.5"], "1.2.3.4"), (2, ["1.2.3.4"], "1.2.3.4"), (2, [], FAR), (1, [], FAR),
        (1, ["6.6.6.6, nonsense"], "unknown"), (1, ["[2001:db8:1:2:3::4]"], "2001:db8:1:2::/64"),
        (1, ["::ffff:1.2.3.4"], "1.2.3.4"), (1, ["1.2.3.4, "], "unknown"),
    ],
)  # fmt: skip
def test_an_invented_address_changes_nothing(proxies: int, forwarded: list[str], address: str) -> None:
    assert Approach(proxies).client(FAR, forwarded) == address


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("1.2.3.4, 66.102.6.1", "1.2.3.4"),  # by way of Hosting
        ("6.6.6.6, 1.2.3.4, 2404:6800::1", "1.2.3.4"),  # the same, with something invented
        ("6.6.6.6, 1.2.3.4", "1.2.3.4"),  # around Hosting, with something invented
        ("1.2.3.4", "1.2.3.4"),  # around Hosting
        ("6.6.6.6, 66.102.6.1, 1.2.3.4", "1.2.3.4"),  # around it, with Hosting invented
        ("66.102.6.1", "66.102.6.1"),
        ("6.6.6.6, 35.200.1.2", "35.200.1.2"),  # from a customer's machine at Google
        ("6.6.6.6, ", "unknown"),
    ],
)
def test_who_calls_a_function_around_hosting_chooses_no_address(forwarded: str, address: str) -> None:
    assert Approach(2, FRONTS).client("169.254.1.1", [forwarded]) == address
    assert Approach(2, FRONTS).client("169.254.1.1", forwarded.split(", ")) == address


def test_the_cloud_tells_its_own_front_ends_from_callers_unless_it_is_told_others() -> None:
    gcp = {
        "OMA_TARGET": "gcp", "GOOGLE_CLOUD_PROJECT": "p", "OMA_PUBLIC_URL": "https://oma.example.com",
        "OMA_SERVICES": "https://{name}.example.com", "OMA_BUCKET": "b", "OMA_INVOKER": "i@example.com",
        "OMA_KMS_KEY": "projects/p/locations/l/keyRings/r/cryptoKeys/k",
    }  # fmt: skip
    assert wiring.gcp(Settings.from_env(gcp)).approach == Approach(2, FRONTS)
    shielded = wiring.gcp(Settings.from_env(gcp | {"OMA_PROXY_NETWORKS": "203.0.113.7"})).approach
    assert shielded.client(None, [f"6.6.6.6, {FAR}, 203.0.113.7"]) == FAR
    with pytest.raises(BadSettings, match="OMA_PROXY_NETWORKS"):
        Settings.from_env({"OMA_PROXY_NETWORKS": "everywhere"})


def test_who_forges_the_header_stays_one_client(api: Api, ticks: Ticks) -> None:
    behind = replace(api.platform, approach=Approach(1, homely=True))
    edge = Edge(behind, ticks)
    forged = [asked(peer="10.0.0.1", forwarded=[f"198.51.100.{n}, {FAR}"]) for n in range(60)]
    assert admitted(edge, *forged) == 20


@pytest.mark.parametrize(
    ("request_", "status", "most", "offence"),
    [
        (asked(), 429, 200, Offence.PACE),
        (asked("/api/auth/link", "POST"), 401, 20, Offence.SIGN_IN),
        (asked(credential="Bearer oma_wrong"), 401, 20, Offence.SIGN_IN),
        (asked("/.env"), 404, 100, Offence.PROBING),
    ],
)
def test_who_goes_on_is_blocked_for_fifteen_minutes_and_listed(
    api: Api, ticks: Ticks, request_: Asked, status: int, most: int, offence: Offence
) -> None:
    here, edge = api.platform, Edge(api.platform, ticks)
    answers = [edge.answered(request_, status) for _ in range(most)]
    assert answers == [None] * (most - 1) + [offence]
    edge.block(request_, offence)

    ticks.time += 100
    with pytest.raises(RateLimited) as caught:
        edge.admit(request_)
    assert caught.value.retry_after == 900
    (listed,) = guarding.blocked_addresses(here.store, here.now())
    assert (listed.address, listed.offence, listed.until) == (FAR, offence, NOON + timedelta(minutes=15))
    edge.admit(asked(peer="198.51.100.9"))
    api.clock.time = NOON + timedelta(minutes=15)
    edge.admit(request_)
    assert guarding.blocked_addresses(here.store, here.now()) == []
    assert guarding.sweep(here.store, here.now()) == 1


def test_slow_offences_and_ended_sessions_are_no_abuse(edge: Edge, ticks: Ticks) -> None:
    for _ in range(300):
        ticks.time += 10
        assert edge.answered(asked("/gone"), 404) is None
    for _ in range(300):
        assert edge.answered(asked(credential="abc"), 401) is None, "a page left open after its session has ended"
        assert edge.answered(asked("/api/hooks/h", "POST"), 401) is None


def test_a_block_holds_in_another_process_within_seconds(api: Api, ticks: Ticks) -> None:
    one, other = Edge(api.platform), Edge(api.platform, ticks)
    other.is_stale(asked())
    one.block(asked(), Offence.PACE)

    other.admit(asked())
    assert not other.is_stale(asked())
    ticks.time += 5
    assert not other.is_stale(asked("/health"))
    assert other.is_stale(asked())
    assert not other.is_stale(asked()), "one of many requests looks"
    other.look()
    with pytest.raises(RateLimited):
        other.admit(asked())
    guarding.unblock(api.platform.store, FAR)
    other.look()
    other.admit(asked())


def test_too_much_of_address_or_headers_is_refused(edge: Edge) -> None:
    edge.admit(asked(query_length=7_000))
    for wrong in (asked("/" + "x" * 8_001), asked(query_length=8_000), asked(headers=101), asked(header_bytes=32_001)):
        with pytest.raises(TooLarge):
            edge.admit(wrong)


def test_what_is_remembered_has_an_end() -> None:
    buckets = Buckets(most=100)
    for number in range(1_000):
        buckets.take(str(number), Pace(1, 1))
    assert len(buckets._known) == 100


# Shares that all processes count together


def test_a_share_is_used_up_and_comes_back(api: Api) -> None:
    store, (most, window) = api.platform.store, SHARES[Counted.GUEST]
    for _ in range(most):
        guarding.count(store, Counted.GUEST, FAR, NOON)
    with pytest.raises(RateLimited) as caught:
        guarding.count(store, Counted.GUEST, FAR, NOON + timedelta(minutes=10))
    assert caught.value.retry_after == 3_000
    guarding.count(store, Counted.GUEST, "198.51.100.9", NOON)
    guarding.count(store, Counted.SIGN_IN, FAR, NOON)
    guarding.count(store, Counted.GUEST, FAR, NOON + window)


def test_who_goes_around_the_first_of_two_proxies_makes_no_end_of_guests(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SHARES, Counted.FRONT, (5, timedelta(hours=1)))
    client = http.build(replace(api.platform, approach=Approach(2))).test_client(use_cookies=False)

    def made(number: int, last: str) -> int:
        forged = {"X-Forwarded-For": f"198.51.100.{number}, {last}"}
        return client.post("/api/auth/guest", headers=forged).status_code

    assert [made(number, FAR) for number in range(8)] == [201] * 5 + [429] * 3
    assert made(9, "203.0.113.77") == 201


def counting(data: str, begun: Any, results: Any) -> None:
    """One of two processes: both try for the same share at once."""
    here = wiring.local(Settings.from_env({"OMA_DATA": data}))
    begun.wait(60)
    granted = 0
    for _ in range(20):
        try:
            guarding.count(here.store, Counted.GUEST, FAR, NOON)
            granted += 1
        except RateLimited:
            pass
    results.put(granted)
    here.store.close()


def test_two_processes_count_one_share(tmp_path: Path) -> None:
    wiring.local(Settings.from_env({"OMA_DATA": str(tmp_path)})).store.close()
    context = multiprocessing.get_context("spawn")
    begun, results = context.Event(), context.Queue()
    processes = [context.Process(target=counting, args=(str(tmp_path), begun, results)) for _ in range(2)]
    for process in processes:
        process.start()
    begun.set()
    granted = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(60)

    assert sum(granted) == SHARES[Counted.GUEST][0]


# In front of what answers


class Far(Api):
    """The functions behind one proxy, as WSGI with the edge before it."""

    def client(self) -> Client:
        return Client(WsgiGuard(self.flask.wsgi_app, self.platform))


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Far]:
    for api in made(tmp_path):
        settings = replace(
            api.platform.settings, public_url="https://oma.example.com",
            cors_origins=("https://page.example.com",),
        )  # fmt: skip
        yield Far(replace(api.platform, settings=settings, approach=Approach(1)), api.clock, api.jobs)


def test_a_refusal_is_a_problem_with_retry_after_and_the_callers_request_id(far: Far) -> None:
    client = far.client()
    sent = {"X-Forwarded-For": FAR, "X-Request-Id": "r-1", "Accept-Language": "ko"}
    answers = [client.get("/api/models", headers=sent) for _ in range(40)]

    statuses = [answer.status_code for answer in answers]
    assert 15 <= statuses.count(200) <= 35
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert (refused.json["code"], refused.json["requestId"]) == ("rate_limited", "r-1")
    assert refused.headers["Retry-After"] == "1"
    assert {answer.headers["X-Request-Id"] for answer in answers} == {"r-1"}
    assert {answer.headers["Cache-Control"] for answer in answers} == {"private, no-store"}
    assert {answer.headers["Strict-Transport-Security"] for answer in answers} == {
        "max-age=31536000; includeSubDomains"
    }
    assert client.get("/api/models", headers={"X-Forwarded-For": "198.51.100.9"}).status_code == 200


def test_what_is_refused_is_logged_without_address_path_or_token(far: Far, capsys: pytest.CaptureFixture[str]) -> None:
    client = far.client()
    sent = {"X-Forwarded-For": FAR, "Authorization": "Bearer canary-5d1e", "X-Request-Id": "r-9"}
    for _ in range(40):
        client.get("/api/auth/validate/canary-77aa", headers=sent)

    written = "".join(capsys.readouterr())
    assert "refused" in written
    assert "r-9" in written
    for secret in (FAR, "canary-5d1e", "canary-77aa"):
        assert secret not in written


def test_ten_guests_an_hour_from_one_address_whatever_the_process(far: Far) -> None:
    sent = {"X-Forwarded-For": FAR}
    statuses = [far.client().post("/api/auth/guest", headers=sent).status_code for _ in range(12)]

    assert statuses == [201] * 10 + [429] * 2, "each client here is a process with paces of its own"


def test_without_https_nobody_is_told_to_use_it(api: Api) -> None:
    answer = Client(WsgiGuard(api.flask.wsgi_app, api.platform)).get("/api/models")
    assert "Strict-Transport-Security" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_configured_origin_may_read_and_ask_with_a_bearer(far: Far) -> None:
    client, ours = far.client(), {"X-Forwarded-For": FAR, "Origin": "https://page.example.com"}
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}

    preflight = client.options("/api/agents", headers=ours | wanted)
    read = client.get("/api/models", headers=ours)

    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://page.example.com"
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in preflight.headers, "cookies stay at home"
    assert read.headers["Access-Control-Allow-Origin"] == "https://page.example.com"
    assert "Origin" in read.headers["Vary"]


@pytest.mark.parametrize("origin", ["https://evil.example.com", "https://page.example.com.evil.example.com", "null"])
def test_any_other_origin_may_not(far: Far, origin: str) -> None:
    client, theirs = far.client(), {"X-Forwarded-For": FAR, "Origin": origin}
    preflight = client.options("/api/agents", headers=theirs | {"Access-Control-Request-Method": "POST"})
    assert "Access-Control-Allow-Origin" not in preflight.headers
    assert "Access-Control-Allow-Origin" not in client.get("/api/models", headers=theirs).headers


def asgi(application: Any, **scope: Any) -> list[dict[str, Any]]:
    """What an ASGI application sends for one request without a body."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    given = {"type": "http", "method": "GET", "path": "/api/x", "query_string": b"", "client": (FAR, 1), "headers": []}
    asyncio.run(application(given | scope, receive, send))
    return sent


def test_streams_and_sockets_pass_the_edge_too(api: Api) -> None:
    seen: list[Any] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(dict(scope["headers"])[b"x-request-id"])
        await send({"type": "http.response.start", "status": 200, "headers": []})

    guard = AsgiGuard(inner, api.platform)
    answers = [asgi(guard) for _ in range(40)]
    socket = asgi(guard, type="websocket", path="/ws/omt_x", headers=[(b"host", b"x")])

    assert 15 <= len(seen) <= 35
    assert answers[0][0]["status"] == 200
    assert dict(answers[0][0]["headers"])[b"x-request-id"] == seen[0], "one id from end to end"
    assert answers[-1][0]["status"] == 429
    assert dict(answers[-1][0]["headers"])[b"retry-after"] == b"1"
    assert socket == [{"type": "websocket.close", "code": 1013}]


@pytest.mark.parametrize("sent", ["a b", "x" * 101, "r\u0080", ""])
def test_a_strange_request_id_is_replaced(far: Far, sent: str) -> None:
    answer = far.client().get("/health", headers={"X-Request-Id": sent.encode("latin-1").decode("latin-1")})
    assert answer.headers["X-Request-Id"].startswith("r_")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OMA_PROXIES", "-1"), ("OMA_PROXIES", "11"), ("OMA_PACE", "10"), ("OMA_PACE", "0/5"), ("OMA_PACE", "20/10"),
        ("OMA_PACE", "a/b"), ("OMA_CORS_ORIGINS", "*"), ("OMA_CORS_ORIGINS", "https://a.example.com/path"),
        ("OMA_CORS_ORIGINS", "https://a.example.com, javascript:x"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=name):
        Settings.from_env({name: value})

"""The gateway over HTTP, between a client and a scripted upstream: what passes, is refused, is charged."""

import asyncio
import json
import logging
import socket
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import aiohttp
import pytest

from ohmyagent.domain.errors import Unavailable
from ohmyagent.gateway.limits import Limits
from ohmyagent.gateway.upstreams import Upstream
from tests.fake_anthropic import FakeAnthropic
from tests.gateway_service import MODEL, NOON, OTHER, UNPRICED, GatewayService, Served, eventually

PATH = "/gateway/v1/messages"


@pytest.fixture(scope="module")
def fakes():
    with FakeAnthropic() as first, FakeAnthropic(default="text=from the second&in=5&out=6") as second:
        yield first, second


@pytest.fixture
def fake(fakes):
    fakes[0].requests.clear()
    return fakes[0]


@pytest.fixture
def second(fakes):
    fakes[1].requests.clear()
    return fakes[1]


@pytest.fixture
def gateway(tmp_path, fake, second):
    upstreams = {
        "first": Upstream("first", fake.url, key="key-1"),
        "second": Upstream("second", second.url, key="key-2", auth="bearer"),
    }
    service = GatewayService(tmp_path, upstreams, Limits(request_bytes=200_000, calls_per_run=2, header_bytes=4_000))
    with Served(service.gateway) as served:
        service.url = served.url
        yield service


def request(spec=None, **fields):
    text = f"[[fake: {json.dumps(spec)} ]]" if spec else "hi"
    return {"model": MODEL.id, "max_tokens": 1_000, "messages": [{"role": "user", "content": text}]} | fields


def post(gateway, body, *, token=None, path=PATH, headers=None):
    """Status, headers and body of one call."""

    async def call():
        async with aiohttp.ClientSession(skip_auto_headers={"User-Agent"}) as session:
            sent = ({"authorization": f"Bearer {token}"} if token else {}) | (headers or {})
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            async with session.post(gateway.url + path, data=data, headers=sent) as answer:
                return answer.status, answer.headers, await answer.read()

    return asyncio.run(call())


def error(body):
    found = json.loads(body)
    assert found["type"] == "error"
    return found["error"]["type"]


def test_a_whole_answer_passes_and_is_charged(gateway, fake):
    token = gateway.run()
    spec = {"text": "안녕", "in": 100, "out": 7, "cache_read": 10, "cache_write": 4, "web_search": 2}
    status, headers, body = post(gateway, request(spec), token=token)
    assert (status, headers["content-type"], "request-id" in headers) == (200, "application/json", True)
    assert json.loads(body)["content"][0]["text"] == "안녕"
    ledger = gateway.ledger(token)
    assert (ledger.spent, ledger.searches, ledger.calls) == (200 + 1 + 10 + 70 + 20_000, 2, 1)
    assert (ledger.open_calls, ledger.partial) == ((), False)


def test_a_stream_passes_event_for_event_and_is_charged(gateway, fake):
    token = gateway.run()
    spec = {"text": "one two three four five six", "in": 100, "out": 7, "cache_read": 10, "ping": 1}
    status, headers, body = post(gateway, request(spec, stream=True), token=token)
    assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    kinds = [line.removeprefix(b"event: ") for line in body.split(b"\n") if line.startswith(b"event: ")]
    assert kinds[:2] == [b"message_start", b"ping"]
    assert kinds[-2:] == [b"message_delta", b"message_stop"]
    assert (gateway.ledger(token).spent, gateway.ledger(token).usage.output) == (271, 7)


@pytest.mark.parametrize("stream", [True, False])
def test_a_call_writes_twice(gateway, fake, stream):
    token, commits, transact = gateway.run(), [], gateway.store.transact
    gateway.store.transact = lambda work: commits.append(1) or transact(work)
    assert post(gateway, request(stream=stream), token=token)[0] == 200
    assert len(commits) == 2


def test_the_body_arrives_as_it_was_sent(gateway, fake):
    sent = request(unknown={"deep": [1, {"ü": None}]}, temperature=0.5, stream=False)
    post(gateway, sent, token=gateway.run())
    assert fake.requests[-1]["body"] == sent


def test_an_alias_becomes_the_model_and_max_tokens_are_lowered_near_the_cap(gateway, fake):
    token = gateway.run(cap=8_000)
    status, _, _ = post(gateway, request(model="sonnet", max_tokens=60_000), token=token)
    arrived = fake.requests[-1]["body"]
    assert (status, arrived["model"]) == (200, MODEL.id)
    assert 256 <= arrived["max_tokens"] <= 800


def test_two_runs_on_two_upstreams_at_once(gateway, fake, second):
    def both():
        one, two = gateway.run("x1"), gateway.run("x2")

        async def call(session, token, model):
            headers = {"authorization": f"Bearer {token}"}
            async with session.post(gateway.url + PATH, json=request(model=model), headers=headers) as answer:
                return (await answer.json())["content"][0]["text"]

        async def calls():
            async with aiohttp.ClientSession() as session:
                return await asyncio.gather(call(session, one, "sonnet"), call(session, two, "other"))

        return one, two, asyncio.run(calls())

    one, two, texts = both()
    assert texts == ["Hello from the fake upstream.", "from the second"]
    assert (fake.requests[-1]["body"]["model"], second.requests[-1]["body"]["model"]) == (MODEL.id, OTHER.id)
    assert (gateway.ledger(one).usage.input, gateway.ledger(two).usage.input) == (10, 5)


def test_only_what_describes_the_call_goes_upstream_with_our_key(gateway, fake, second):
    token = gateway.run()
    sent = {
        "anthropic-version": "2023-06-01", "anthropic-beta": "a,b", "x-claude-code-session-id": "s1",
        "user-agent": "cli/1", "accept": "application/json", "cookie": "__session=x", "x-api-key": token,
        "x-forwarded-for": "1.2.3.4",
        "proxy-authorization": "Basic x", "te": "trailers", "x-stainless-os": "Linux", "origin": "https://example.com",
    }  # fmt: skip
    assert post(gateway, request(), token=token, headers=sent)[0] == 200
    arrived = fake.requests[-1]["headers"]
    kept = {"anthropic-version", "anthropic-beta", "x-claude-code-session-id", "user-agent", "accept"}
    assert {name: arrived[name] for name in kept} == {name: sent[name] for name in kept}
    assert arrived.keys() - kept == {"host", "x-api-key", "content-type", "accept-encoding", "content-length"}
    assert (arrived["x-api-key"], arrived["accept-encoding"]) == ("key-1", "identity")
    assert token not in json.dumps(fake.requests)
    post(gateway, request(model="other"), token=token)
    assert second.requests[-1]["headers"]["authorization"] == "Bearer key-2"


def test_counting_tokens_passes_and_costs_nothing(gateway, fake):
    token = gateway.run()
    body = request(model="sonnet")
    del body["max_tokens"]
    status, _, answer = post(gateway, body, token=token, path="/v1/messages/count_tokens?beta=true")
    assert (status, json.loads(answer)["input_tokens"] > 0) == (200, True)
    assert fake.requests[-1]["path"] == "/v1/messages/count_tokens?beta=true"
    assert (gateway.ledger(token).calls, fake.requests[-1]["body"]["model"]) == (0, MODEL.id)
    assert post(gateway, body, token="x1.wrong", path="/v1/messages/count_tokens")[0] == 403


def test_the_budget_stops_with_402_before_anything_is_sent(gateway, fake):
    token = gateway.run(cap=500)
    status, _, body = post(gateway, request(), token=token)
    assert (status, error(body), fake.requests) == (402, "billing_error", [])


@pytest.mark.parametrize(
    "changes", [{"closed": True}, {"token_digest": "0" * 64}, {"models": ()}, {"expires_at": "past"}]
)
def test_a_dead_token_is_403_and_nothing_is_sent(gateway, fake, changes):
    token = gateway.run(**{name: NOON if value == "past" else value for name, value in changes.items()})
    status, _, body = post(gateway, request(), token=token)
    assert (status, error(body), fake.requests) == (403, "permission_error", [])


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"authorization": "Bearer"}, {"authorization": "Bearer "}, {"authorization": "Basic eDp5"},
        {"x-api-key": "../x"}, {"x-api-key": "x1"}, {"x-api-key": "x1.s", "authorization": "Bearer x1.t"},
        {"x-api-key": "x" * 3_000 + ".s"}, {"x-api-key": "é.s"}, {"x-api-key": "__a__.s"}, {"x-api-key": "a/b.s"},
    ],
)  # fmt: skip
def test_what_is_no_token_is_403(gateway, fake, headers):
    status, _, body = post(gateway, request(), headers=headers)
    assert (status, error(body), fake.requests) == (403, "permission_error", [])


def test_a_model_nobody_knows_is_403_like_one_outside_the_plan(gateway, fake):
    token = gateway.run(models=("other-model",))
    assert post(gateway, request(model="unheard-of"), token=token)[::2] == post(gateway, request(), token=token)[::2]
    assert fake.requests == []


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"model":"a","model":"b"}', b"[" * 150_000, b'{"a":' * 30_000,
     json.dumps(request(max_tokens=0)).encode(), json.dumps(request(tools=7)).encode()],
)  # fmt: skip
def test_a_bad_body_is_400(gateway, fake, raw):
    token = gateway.run()
    status, _, body = post(gateway, raw, token=token)
    assert (status, error(body), fake.requests) == (400, "invalid_request_error", [])
    assert gateway.ledger(token).calls == 0


def test_too_large_is_413_whether_it_is_announced_or_not(gateway, fake):
    token = gateway.run()
    assert post(gateway, b" " * 200_001, token=token)[0] == 413

    async def unannounced():
        async def pieces():
            for _ in range(30):
                yield b" " * 10_000

        async with aiohttp.ClientSession() as session:
            headers = {"x-api-key": token}
            async with session.post(gateway.url + PATH, data=pieces(), headers=headers) as answer:
                return answer.status, error(await answer.read())

    assert asyncio.run(unannounced()) == (413, "request_too_large")


@pytest.fixture
def narrow(tmp_path, fake):
    limits = Limits(request_bytes=200_000, large_bytes=10_000, room_bytes=300_000)
    service = GatewayService(tmp_path, {"first": Upstream("first", fake.url)}, limits)
    with Served(service.gateway) as served:
        service.url = served.url
        yield service


def announced(gateway, stack, token, length=b"content-length: 100000", body=b""):
    """The first line of what is said to a call that has yet to send its body; it stays open as long as `stack`."""
    parts = urlsplit(gateway.url)
    client = stack.enter_context(socket.create_connection((parts.hostname, parts.port), timeout=60))
    head = b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\nx-api-key: %b\r\n%b\r\n\r\n"
    client.sendall(head % (token.encode(), length) + body)
    return client.recv(25)[9:12].decode()


def test_a_large_body_is_read_only_for_a_live_token(narrow):
    forged = narrow.run().partition(".")[0] + ".forged"
    with ExitStack() as stack:
        assert announced(narrow, stack, forged) == "403"
        assert announced(narrow, stack, "nobody.forged") == "403"
        chunked = b"transfer-encoding: chunked", b"4e20\r\n" + b" " * 20_000 + b"\r\n"
        parts = urlsplit(narrow.url)
        client = stack.enter_context(socket.create_connection((parts.hostname, parts.port), timeout=60))
        client.sendall(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: nobody.forged\r\n%b\r\n\r\n%b" % chunked)
        assert client.recv(12) == b"HTTP/1.1 403"


def test_large_bodies_have_so_much_room_together_and_one_run_no_more_than_the_largest(narrow):
    first, second, third = (narrow.run(name) for name in ("x1", "x2", "x3"))
    with ExitStack() as stack:
        with ExitStack() as soon:
            assert announced(narrow, soon, first, b"content-length: 150000") == "100"
            assert announced(narrow, stack, first) == "429"
            assert announced(narrow, stack, second) == "100"
            assert announced(narrow, stack, third) == "429"
            assert post(narrow, request(), token=first)[0] == 200
        deadline = time.monotonic() + 60
        while announced(narrow, stack, third) != "100":
            assert time.monotonic() < deadline
            time.sleep(0.05)
    asyncio.run(eventually(lambda: (narrow.gateway._pace._weight, narrow.gateway._pace._weights) == (0, {})))


def test_a_compressed_body_and_large_headers_are_refused(gateway):
    token = gateway.run()
    assert post(gateway, request(), token=token, headers={"content-encoding": "gzip"})[0] == 400
    assert post(gateway, request(), token=token, headers={"x-pad": "x" * 5_000})[0] == 400


def test_other_paths_and_methods_are_404(gateway):
    assert post(gateway, request(), token=gateway.run(), path="/gateway/v1/models")[0] == 404
    assert post(gateway, request(), token=gateway.run(), path="/")[0] == 404


def test_more_calls_at_once_than_a_run_may_make_are_429(gateway, fake):
    token = gateway.run()

    async def calls():
        headers = {"authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession() as session:

            async def call():
                async with session.post(gateway.url + PATH, json=request({"ttfb": 0.3}), headers=headers) as answer:
                    return answer.status, answer.headers.get("retry-after")

            return await asyncio.gather(*(call() for _ in range(4)))

    assert sorted(asyncio.run(calls()), key=str) == [(200, None), (200, None), (429, "1"), (429, "1")]
    assert post(gateway, request(), token=token)[0] == 200


def test_bodies_that_never_come_and_tokens_that_were_invented_leave_places_for_others(tmp_path, fake):
    """When half of the places are taken, a token is checked before it gets one."""
    service = GatewayService(tmp_path, {"first": Upstream("first", fake.url)}, Limits(calls=4))
    with Served(service.gateway) as served, ExitStack() as waiting:
        service.url = served.url
        address = urlsplit(served.url)
        for number in range(8):
            slow = waiting.enter_context(socket.create_connection((address.hostname, address.port)))
            head = f"POST {PATH} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer x{number}.invented\r\n"
            slow.sendall(head.encode() + b"content-length: 100\r\n\r\n{")
        time.sleep(0.3)
        assert post(service, request(), token=service.run())[0] == 200


def test_the_store_away_is_503(gateway, fake):
    token = gateway.run()

    def away(work):
        raise Unavailable

    gateway.store.transact = away
    status, _, body = post(gateway, request(), token=token)
    assert (status, error(body), fake.requests) == (503, "api_error", [])
    del gateway.store.transact
    assert post(gateway, request(), token=token)[0] == 200


def test_an_upstream_error_passes_and_costs_nothing(gateway, fake):
    token = gateway.run()
    spec = {"status": 529, "msg": "busy", "retry_after": 3, "should_retry": "true"}
    status, headers, body = post(gateway, request(spec), token=token)
    assert (status, headers["retry-after"], headers["x-should-retry"]) == (529, "3", "true")
    assert json.loads(body)["error"] == {"type": "overloaded_error", "message": "busy"}
    assert (gateway.ledger(token).spent, gateway.ledger(token).open_calls) == (0, ())


def test_an_error_page_becomes_an_error_in_the_apis_shape(gateway, fake):
    status, headers, body = post(gateway, request({"status": 502, "html": 1}), token=gateway.run())
    assert (status, headers["content-type"], error(body)) == (502, "application/json", "api_error")


@pytest.mark.parametrize("status", [401, 402, 403])
def test_what_the_upstream_holds_against_our_key_is_not_the_runs_fault(gateway, fake, status):
    token = gateway.run()
    answered, headers, body = post(gateway, request({"status": status}), token=token)
    assert (answered, headers["x-should-retry"], error(body)) == (502, "false", "api_error")
    assert b"provider" in body
    assert (gateway.ledger(token).spent, gateway.ledger(token).open_calls) == (0, ())


def test_a_model_without_a_price_is_metered_and_its_cost_stays_unknown(gateway, fake):
    token = gateway.run()
    assert post(gateway, request(model=UNPRICED.id), token=token)[0] == 200
    ledger = gateway.ledger(token)
    assert (ledger.cost, ledger.usage.output) == (None, 20)


def test_health_says_how_the_store_is(gateway):
    async def asked():
        async with aiohttp.ClientSession() as session, session.get(gateway.url + "/health") as answer:
            return answer.status, (await answer.json())["checks"]

    assert asyncio.run(asked()) == (200, {"store": "ok"})

    def away(work):
        raise Unavailable

    gateway.store.transact = away
    status, checks = asyncio.run(asked())
    assert (status, checks["store"] != "ok") == (503, True)


def test_neither_prompts_nor_tokens_nor_keys_are_logged(gateway, fake, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    token = gateway.run()
    for spec in ({"text": "canary"}, {"status": 401}, {"status": 500}, {"drop": 1}, {"cut": 3}):
        try:
            post(gateway, request(spec, stream=True, system="canary-prompt"), token=token)
        except aiohttp.ClientError:
            continue
    out, err = capsys.readouterr()
    logged = out + err + caplog.text
    assert "A model call failed upstream" in logged
    assert not any(secret in logged for secret in ("canary", token.partition(".")[2], "key-1"))

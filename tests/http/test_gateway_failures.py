"""When client, network or upstream break down in the middle: settled exactly once, and never for nothing."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest

from ohmyagent.gateway.limits import Limits
from ohmyagent.gateway.upstreams import Upstream
from tests.fake_anthropic import FakeAnthropic
from tests.gateway_service import MODEL, GatewayService, Served, eventually

PATIENT = Limits(connect=30, first_byte=30, idle=30, ping=30, drain=30, upload=30)
WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
STREAM = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def fake():
    with FakeAnthropic() as fake:
        yield fake


@pytest.fixture
def gateway(request, tmp_path, fake):
    """A gateway that waits for everything, but for what `limited` says otherwise."""
    fake.requests.clear()
    limits = replace(PATIENT, **getattr(request, "param", {}))
    service = GatewayService(tmp_path, {"first": Upstream("first", fake.url)}, limits)
    with Served(service.gateway) as served:
        service.url = served.url
        yield service


def limited(**seconds):
    return pytest.mark.parametrize("gateway", [seconds], indirect=True, ids=["limited"])


def request(spec=None, **fields):
    text = f"[[fake: {json.dumps(spec)} ]]" if spec else "hi"
    whole = {"model": MODEL.id, "max_tokens": 1_000, "stream": True, "messages": [{"role": "user", "content": text}]}
    return whole | fields


@asynccontextmanager
async def asked(gateway, token, body):
    headers = {"authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{gateway.url}/v1/messages", json=body, headers=headers) as answer,
    ):
        yield answer
    await asyncio.sleep(0)  # so that the transports of a connection that was broken off are closed, too


def call(gateway, token, body):
    """Status, what arrived, and whether it ended as it should."""

    async def calls():
        async with asked(gateway, token, body) as answer:
            arrived = b""
            try:
                async for piece in answer.content.iter_any():
                    arrived += piece
            except aiohttp.ClientPayloadError:
                return answer.status, arrived, False
            return answer.status, arrived, True

    return asyncio.run(calls())


@asynccontextmanager
async def upstream(gateway, talk):
    """Put a server in the first upstream's place that reads a request and then does as `talk(reader, writer)` says."""
    served = set()

    async def serve(reader, writer):
        served.add(asyncio.current_task())
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        try:
            await talk(reader, writer)
            writer.close()
            await writer.wait_closed()
        except ConnectionError:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    gateway.upstreams["first"] = Upstream("first", f"http://127.0.0.1:{port}")
    try:
        yield
    finally:
        server.close()
        await asyncio.gather(*served)


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(kind, **data):
    return f"event: {kind}\ndata: {json.dumps({'type': kind} | data)}\n\n".encode()


START = event("message_start", message={"usage": {"input_tokens": 10, "output_tokens": 1}})
DELTA = event("content_block_delta", index=0, delta={"type": "text_delta", "text": "x" * 100})
END = event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 42}) + event("message_stop")


def test_a_stream_that_is_cut_is_cut_for_the_client_too_and_charged_what_was_seen(gateway):
    token = gateway.run()
    status, arrived, whole = call(gateway, token, request({"text": WORDS, "cut": 5, "in": 100}))
    ledger = gateway.ledger(token)
    assert (status, whole, arrived.count(b"content_block_delta") > 0) == (200, False, True)
    assert (ledger.partial, ledger.open_calls, ledger.usage.input) == (True, (), 100)
    assert 0 < ledger.usage.output <= 100


def test_a_cut_that_http_cannot_see_is_seen_by_the_missing_end(gateway):
    token = gateway.run()
    status, _, whole = call(gateway, token, request({"text": WORDS, "cut": 5, "eof": 1}))
    assert (status, whole, gateway.ledger(token).partial) == (200, False, True)


def test_a_cut_after_the_final_usage_is_billed_exactly(gateway):
    token = gateway.run()
    events = 3 + 1 + 1 + 1  # start, block start, one delta, block stop, message_delta; then the cut
    status, arrived, whole = call(gateway, token, request({"text": "hi", "cut": events - 1, "in": 100, "out": 9}))
    assert (status, whole, b"message_delta" in arrived) == (200, False, True)
    assert (gateway.ledger(token).spent, gateway.ledger(token).partial) == (290, False)


def test_an_error_event_reaches_the_client_and_ends_the_call(gateway):
    token = gateway.run()
    _, arrived, whole = call(gateway, token, request({"text": WORDS, "sse_error": "overloaded_error", "cut": 4}))
    assert (whole, b"overloaded_error" in arrived) == (True, True)
    assert (gateway.ledger(token).partial, gateway.ledger(token).open_calls) == (True, ())


def test_an_error_event_before_the_model_began_costs_nothing(gateway):
    token = gateway.run()
    call(gateway, token, request({"sse_error": "overloaded_error", "cut": 0}))
    ledger = gateway.ledger(token)
    assert (ledger.spent, ledger.partial, ledger.open_calls) == (0, False, ())


def test_an_answer_without_any_event_is_charged_the_prompt(gateway):
    token = gateway.run()
    body = request({"empty": 1})
    _, _, whole = call(gateway, token, body)
    ledger = gateway.ledger(token)
    assert (whole, ledger.partial, ledger.usage.output) == (False, True, 0)
    assert ledger.spent == -(-len(json.dumps(body)) // 2) * 2


@limited(first_byte=0.5)
def test_an_upstream_that_never_answers_is_given_up(gateway):
    token = gateway.run()
    status, arrived, _ = call(gateway, token, request({"hang": 1}))
    assert (status, json.loads(arrived)["error"]["type"]) == (504, "timeout_error")
    assert (gateway.ledger(token).spent > 0, gateway.ledger(token).partial) == (True, True)


@limited(first_byte=0.5)
def test_a_whole_answer_that_never_comes_is_charged_its_reservation(gateway):
    token = gateway.run()
    body = request({"hang": 1}, stream=False)
    call(gateway, token, body)
    prompt = -(-len(json.dumps(body)) // 2)
    assert gateway.ledger(token).spent == prompt * 2 + 1_000 * 10


@limited(idle=1.5, ping=0.15)
def test_a_silent_stream_is_kept_awake_with_pings_and_then_cut(gateway):
    token = gateway.run()
    _, arrived, whole = call(gateway, token, request({"text": WORDS, "hang_mid": 4}))
    assert (whole, b"event: ping" in arrived, arrived.endswith(b"\n\n")) == (False, True, True)
    assert gateway.ledger(token).partial


@limited(ping=0.15)
def test_no_ping_is_put_into_the_middle_of_an_event(gateway):
    token = gateway.run()

    async def talk(_, writer):
        writer.write(STREAM.encode() + chunk(START + DELTA[:50]))
        await asyncio.sleep(0.4)
        writer.write(chunk(DELTA[50:]))
        await asyncio.sleep(0.4)
        writer.write(chunk(END) + b"0\r\n\r\n")
        await writer.drain()

    async def calls():
        async with upstream(gateway, talk), asked(gateway, token, request()) as answer:
            return await answer.read()

    arrived = asyncio.run(calls())
    assert arrived.replace(b'event: ping\ndata: {"type": "ping"}\n\n', b"") == START + DELTA + END
    assert arrived.startswith(START + DELTA + b"event: ping")


def test_a_connection_that_is_dropped_is_502_and_charged_the_prompt(gateway):
    token = gateway.run()
    status, _, _ = call(gateway, token, request({"drop": 1}))
    assert (status, gateway.ledger(token).partial, gateway.ledger(token).usage.output) == (502, True, 0)


def test_an_upstream_out_of_reach_is_502_and_costs_nothing(gateway):
    token = gateway.run()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    gateway.upstreams["first"] = Upstream("first", f"http://127.0.0.1:{port}")
    status, arrived, _ = call(gateway, token, request())
    assert (status, json.loads(arrived)["error"]["type"]) == (502, "api_error")
    ledger = gateway.ledger(token)
    assert (ledger.spent, ledger.partial, ledger.open_calls) == (0, False, ())


def test_when_the_client_goes_a_stream_that_ends_soon_is_billed_exactly(gateway):
    token = gateway.run()

    async def calls():
        async with asked(gateway, token, request({"text": "a b c d", "delay": 0.03, "in": 100, "out": 9})) as answer:
            await answer.content.readany()
        await eventually(lambda: not gateway.ledger(token).open_calls)

    asyncio.run(calls())
    assert (gateway.ledger(token).spent, gateway.ledger(token).partial) == (290, False)


@limited(drain=0.4)
def test_when_the_client_goes_a_stream_that_goes_on_is_stopped_and_charged_what_was_seen(gateway, fake):
    token = gateway.run()

    async def calls():
        async with asked(gateway, token, request({"text": WORDS * 20, "delay": 0.05, "in": 100, "out": 999})) as answer:
            await answer.content.readany()
        await eventually(lambda: not gateway.ledger(token).open_calls)
        await eventually(lambda: any(row.get("event") == "client_gone" for row in fake.requests))

    asyncio.run(calls())
    ledger = gateway.ledger(token)
    assert (ledger.partial, ledger.usage.input) == (True, 100)
    assert 0 < ledger.usage.output < 500


def test_when_the_client_goes_before_the_answer_the_call_is_settled(gateway, fake):
    token = gateway.run()

    async def calls():
        async def ask():
            async with asked(gateway, token, request({"ttfb": 0.5, "in": 100, "out": 9})):
                pass

        asking = asyncio.create_task(ask())
        await eventually(fake.model_calls)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await eventually(lambda: gateway.ledger(token).calls and not gateway.ledger(token).open_calls)

    asyncio.run(calls())
    assert (gateway.ledger(token).spent, gateway.ledger(token).partial) == (290, False)


@limited(upload=0.5)
def test_a_client_that_goes_during_its_own_upload_costs_nothing(gateway, fake):
    token = gateway.run()
    host, port = gateway.url.removeprefix("http://").split(":")
    head = f"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {token}\r\ncontent-length: 100\r\n\r\n{{"
    with socket.create_connection((host, int(port))) as client:
        client.sendall(head.encode())
    with socket.create_connection((host, int(port))) as client:
        client.sendall(head.encode())
        client.settimeout(40)
        assert b"400 Bad Request" in client.recv(1_000)  # too slow
    assert (gateway.ledger(token).calls, fake.requests) == (0, [])


def test_pieces_of_any_size_and_other_line_ends_pass_untouched(gateway):
    token = gateway.run()
    stream = (START + DELTA + END).replace(b"\n", b"\r\n")

    async def talk(_, writer):
        writer.write(STREAM.encode())
        for place in range(0, len(stream), 7):
            writer.write(chunk(stream[place : place + 7]))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def calls():
        async with upstream(gateway, talk), asked(gateway, token, request()) as answer:
            return await answer.read()

    assert asyncio.run(calls()) == stream
    assert (gateway.ledger(token).usage.output, gateway.ledger(token).partial) == (42, False)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", 502),
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{", 502),
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1\r\n\r\n{", 200),
        (b"nonsense\r\n\r\n", 502),
    ],
)
def test_an_upstream_that_talks_nonsense_leaves_no_call_open(gateway, answer, status):
    token = gateway.run()

    async def talk(_, writer):
        writer.write(answer)
        await writer.drain()

    async def calls():
        async with upstream(gateway, talk), asked(gateway, token, request(stream=False)) as found:
            await found.read()
            return found.status

    assert asyncio.run(calls()) == status
    assert gateway.ledger(token).open_calls == ()


def test_a_client_that_does_not_read_holds_the_upstream_back(gateway):
    token = gateway.run()
    sent = 0

    async def talk(_, writer):
        nonlocal sent
        writer.write(STREAM.encode() + chunk(START))
        for _ in range(1_000):
            writer.write(chunk(b": " + b"x" * 65_536 + b"\n\n"))
            await writer.drain()
            sent += 65_536

    async def calls():
        async with upstream(gateway, talk), asked(gateway, token, request()) as answer:
            held = -1
            while sent != held or not sent:  # until it stands still
                held = sent
                await asyncio.sleep(0.5)
            while await answer.content.readany():
                if sent > held:
                    return held
        return -1

    held = asyncio.run(calls())
    assert 0 < held < 20_000_000


def test_a_call_under_way_is_settled_when_the_service_stops(tmp_path, fake):
    service = GatewayService(tmp_path, {"first": Upstream("first", fake.url)}, PATIENT)
    token = service.run()

    async def calls():
        async with asked(service, token, request({"text": WORDS, "delay": 0.05, "in": 100, "out": 9})) as answer:
            await answer.content.readany()
            served.stop()
            return await answer.read()

    with Served(service.gateway) as served:
        service.url = served.url
        arrived = asyncio.run(calls())
    assert b"message_stop" in arrived
    assert (service.ledger(token).spent, service.ledger(token).open_calls) == (290, ())

"""A stream that is poured from one connection into the other is the stream that pieces sent one by one make."""

import asyncio
import json
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmyagent.gateway.answers import PING
from ohmyagent.gateway.client import Client
from ohmyagent.gateway.connection import Connection
from ohmyagent.gateway.exchange import Exchange, Route
from ohmyagent.gateway.headers import Asked
from ohmyagent.gateway.limits import Limits
from ohmyagent.gateway.patience import Attendance
from ohmyagent.gateway.request import message_request
from ohmyagent.gateway.upstreams import Upstream
from ohmyagent.use_cases.metering import Call
from tests.gateway_service import MODEL

ASKED = b'{"model": "m", "max_tokens": 500, "stream": true, "messages": []}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
SETTLED = b"<settled>"


def event(kind, end=b"\n", **fields):
    return b"event: %b%bdata: %b%b%b" % (kind.encode(), end, json.dumps({"type": kind} | fields).encode(), end, end)


def stream(texts, end):
    usage = {"input_tokens": 40, "output_tokens": 1}
    events = [event("message_start", end, message={"usage": usage})]
    events += [event("content_block_delta", end, delta={"type": "text_delta", "text": text}) for text in texts]
    events.append(event("message_delta", end, delta={"stop_reason": "end_turn"}, usage={"output_tokens": 70}))
    return [*events, event("message_stop", end)]


def cut(data, places):
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[begin:end] for begin, end in pairwise(edges)]


class Transport(asyncio.Transport):
    def write(self, data): ...
    def abort(self): ...
    def pause_reading(self): ...
    def resume_reading(self): ...
    def is_closing(self):
        return False


def passed(pieces, takes=None, *, lost=False):
    """What the client got, and what was charged; `takes` says which pieces a client that is poured to takes at once."""
    sent, bills = [], []

    async def send(message):
        await asyncio.sleep(0)
        sent.append(message.get("body", b""))

    def pour(data):
        taken = bool(not takes or takes.pop())
        sent.extend([data] if taken else [])
        return taken

    async def settle(call, bill):
        bills.append(bill)
        sent.append(SETTLED)

    async def call(connection):
        attendance = Attendance(Limits())
        patience = attendance.enter()
        client = Client(asyncio.Event().wait, send, Limits(), patience, None if takes is None else pour)
        route = Route(Upstream("u", "http://u"), "/v1/messages", MODEL)
        call = Call(id="c", ledger_id="x", max_tokens=500, reserved=10_000)
        exchange = Exchange(SimpleNamespace(settle=settle), Limits(), route, message_request(ASKED), call)
        wire = SimpleNamespace(post=lambda *_: connection.ask(b""))
        await exchange.run(wire, Asked("t", {}, None), client, patience)
        attendance.leave(patience)

    async def exchanged():
        connection = Connection(asyncio.get_running_loop(), lambda _: None)
        connection.connection_made(Transport())
        task = asyncio.create_task(call(connection))
        await asyncio.sleep(0)
        connection.data_received(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        for number, piece in enumerate(pieces):
            connection.data_received(b"%x\r\n%b\r\n" % (len(piece), piece))
            for _ in range(number % 3):
                await asyncio.sleep(0)
        if lost:
            connection.connection_lost(None)
        else:
            connection.data_received(b"0\r\n\r\n")
        await asyncio.wait_for(task, 30)

    asyncio.run(exchanged())
    return b"".join(sent), bills


TEXTS = st.lists(st.text(max_size=30), max_size=8)
PLACES = st.lists(st.integers(0, 10_000), max_size=12)
TAKES = st.lists(st.sampled_from([True, True, False]), max_size=12)


@given(TEXTS, st.sampled_from([b"\n", b"\r\n"]), PLACES, TAKES)
def test_a_poured_stream_is_the_same_and_costs_the_same(texts, end, places, takes):
    data = b"".join(stream(texts, end))
    sent, bills = passed(cut(data, places), takes)
    assert (sent.replace(SETTLED, b""), bills) == (data, passed([data])[1])
    assert not sent.partition(SETTLED)[0].endswith(data[-20:])


@given(TEXTS, PLACES, TAKES, st.integers(1, 500))
def test_a_poured_stream_that_breaks_off_is_charged_alike(texts, places, takes, missing):
    data = b"".join(stream(texts, b"\n"))[:-missing]
    sent, bills = passed(cut(data, places), takes, lost=True)
    assert bills == passed(cut(data, places), lost=True)[1]
    assert sent.replace(SETTLED, b"") == data


@pytest.mark.parametrize("takes", [None, [], [False] * 9])
def test_what_is_charged_is_what_was_said(takes):
    _, [bill] = passed(stream(["a", "b"], b"\n"), takes)
    assert (bill.usage.input, bill.usage.output, bill.partial) == (40, 70, False)


def test_no_ping_waits_behind_a_piece_that_a_slow_client_has_yet_to_read():
    """When it reads again more is poured at once, and the ping would come into the middle of an event."""

    async def story():
        sent, room = [], asyncio.Event()

        async def send(message):
            await room.wait()
            sent.append(message.get("body", b""))

        attendance = Attendance(Limits(ping=0.0))
        patience = attendance.enter()
        client = Client(asyncio.Event().wait, send, Limits(ping=0.0), patience)
        room.set()
        await client.begin(200, [], quiet=lambda: True)
        room.clear()
        piece = asyncio.create_task(client.piece(b"piece"))
        await asyncio.sleep(0)
        patience.look(patience.begun + 1e6)
        room.set()
        await piece
        await asyncio.sleep(0)
        waited = list(sent)
        patience.look(patience.begun + 3e6)
        for _ in range(3):
            await asyncio.sleep(0)
        client.leave()
        attendance.leave(patience)
        return waited, sent

    waited, sent = asyncio.run(story())
    assert waited == [b"", b"piece"]
    assert sent[2:] == [PING]

"""What the gateway hears of a call's usage, and what it charges."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmyagent.domain.costs import Model, ModelMode, Price
from ohmyagent.gateway.bill import billed
from ohmyagent.gateway.usage import LARGEST_EVENT, Answer, Tap, Usage
from ohmyagent.use_cases.metering import Call

PRICE = Price(input="2", output="10", cache_read="0.1", cache_write="2.5")
MODEL = Model(
    id="m", name="M", upstream="u", mode=ModelMode.API, context=200_000, max_output=64_000, price=PRICE
)  # fmt: skip
CALL = Call(id="c1", ledger_id="x1", max_tokens=1_000, reserved=30_000)
START = {"input_tokens": 10, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 4, "output_tokens": 1}


def event(kind, **data):
    return f"event: {kind}\ndata: {json.dumps({'type': kind} | data, ensure_ascii=False)}\n\n".encode()


def delta(text):
    return event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


STREAM = b"".join(
    [
        event("message_start", message={"id": "msg_ping", "usage": START}),
        event("ping"),
        event("something_new", usage={"output_tokens": 999_999}),
        delta('"type": "message_delta", "usage": {"output_tokens": 77}\n\nevent: message_stop\ndata: {}'),
        delta("한글 \u2028 text"),
        b": a comment\n\n",
        event("message_delta", delta={"stop_reason": "end_turn"}, usage={
            "output_tokens": 42, "server_tool_use": {"web_search_requests": 2},
            "cache_creation": {"ephemeral_1h_input_tokens": 3, "ephemeral_5m_input_tokens": 1}}),
        event("message_stop"),
    ]
)  # fmt: skip


def fed(stream, *cuts):
    tap, start = Tap(), 0
    for cut in [*sorted(cuts), len(stream)]:
        if cut > start:
            tap.feed(stream[start:cut])
            start = cut
    return tap


def bill(usage, **how):
    return billed(MODEL, CALL, usage, **({"complete": True, "most_input": 500, "most_output": 20} | how))


@given(st.lists(st.integers(0, len(STREAM)), max_size=40), st.booleans())
def test_however_a_stream_is_cut_into_pieces_its_usage_is_the_same(cuts, windows):
    tap = fed(STREAM.replace(b"\n", b"\r\n") if windows else STREAM, *cuts)
    assert tap.usage == Usage(input=10, output=42, cache_read=3, cache_write=4, hour_writes=3, searches=2)
    assert tap.complete
    assert tap.stopped
    assert not tap.failed


@given(st.integers(0, len(STREAM)))
def test_something_may_be_put_in_only_between_two_events(cut):
    whole = cut == 0 or STREAM[:cut].endswith(b"\n\n")
    assert fed(STREAM[:cut]).between_events == whole


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_no_stream_disturbs_the_tap(pieces):
    tap = Tap()
    for piece in pieces:
        tap.feed(piece)
    assert tap.most_output >= 0


@pytest.mark.parametrize("said", [None, [], 7, {"input_tokens": "9"}, {"input_tokens": -1}, {"input_tokens": True},
                                  {"input_tokens": 10**12}, {"cache_creation": 3, "server_tool_use": []}])  # fmt: skip
def test_odd_numbers_stay_unknown(said):
    usage = Usage()
    usage.heard(said)
    assert usage == Usage()


def test_an_event_too_large_to_hold_passes_and_the_next_one_is_heard():
    tap = Tap()
    tap.feed(event("message_start", message={"usage": START}) + b"event: content_block_start\ndata: ")
    for _ in range(40):
        tap.feed(b"x" * 100_000)
    assert tap.most_output * 2 > LARGEST_EVENT
    tap.feed(b"\n\n" + event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 5}))
    assert (tap.usage.output, tap.complete) == (5, True)


def test_a_stream_without_event_names_is_heard_too():
    bare = b"".join(line + b"\n" for line in STREAM.split(b"\n") if not line.startswith(b"event:"))
    assert fed(bare).usage.output == 42


def test_a_whole_answer_is_billed_by_its_own_numbers():
    found = Answer.of(json.dumps({"usage": START | {"output_tokens": 7}}).encode())
    made = billed(MODEL, CALL, found.usage, complete=found.complete, most_input=500, most_output=found.most_output)
    assert (made.cost, made.partial) == (101, False)  # 10×2 + 3×0.1 + 4×2.5 + 7×10, rounded up
    assert made.usage.output == 7


def test_writes_for_an_hour_cost_twice_the_input_price():
    five = bill(Usage(input=0, output=0, cache_write=100))
    hour = bill(Usage(input=0, output=0, cache_write=100, hour_writes=100))
    assert (five.cost, hour.cost) == (250, 400)


def test_a_search_is_charged():
    assert bill(Usage(input=0, output=0, searches=3)).cost == 30_000


def test_a_broken_stream_is_charged_what_was_seen_of_it():
    begun = bill(Usage(input=10, output=1), complete=False, most_output=20)
    assert (begun.usage.output, begun.cost, begun.partial) == (20, 220, True)
    said_more = bill(Usage(input=10, output=30), complete=False, most_output=20)
    assert (said_more.usage.output, said_more.partial) == (30, True)


def test_unknown_usage_is_bounded_and_never_free():
    silent = bill(Usage(), complete=True, most_output=20)
    assert (silent.usage.input, silent.usage.output, silent.partial) == (500, 20, True)
    assert silent.cost == 1_200


def test_a_bound_is_never_charged_above_the_reservation():
    assert bill(Usage(), most_input=10**6, most_output=10**6).cost == CALL.reserved


def test_an_unknown_price_stays_unknown():
    unpriced = MODEL.replace(price=None)
    assert billed(unpriced, CALL, Usage(input=1, output=1), complete=True, most_input=1, most_output=1).cost is None


def test_what_failed_before_the_model_began_was_refused():
    tap = fed(event("error", error={"type": "overloaded_error"}))
    assert tap.refused
    begun = fed(event("message_start", message={"usage": START}) + event("error", error={"type": "overloaded_error"}))
    assert begun.failed
    assert not begun.refused

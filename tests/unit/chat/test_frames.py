"""Mailboxes: bounded, and honest about it."""

import asyncio

import pytest
from websockets import frames

from ohmyagent.chat.frames import Frame, Mailbox


def test_more_than_the_limit_gives_everything_up():
    box = Mailbox(10)
    for _ in range(3):
        box.put(Frame(None, "12345"))
    assert (box.overflown, box.empty) == (True, True)
    assert asyncio.run(box.take()) == []


def test_one_frame_of_any_size_fits():
    box = Mailbox(10)
    box.put(Frame(1, "x" * 1_000))
    assert not box.overflown
    assert [frame.seq for frame in asyncio.run(box.take())] == [1]


def test_who_is_sent_away_still_gets_what_waited():
    box = Mailbox()
    box.put(Frame(1, "a"))
    box.close()
    box.put(Frame(2, "b"))
    assert [frame.text for frame in asyncio.run(box.take())] == ["a"]
    assert asyncio.run(box.take()) == []


def test_a_kept_event_has_its_seq_as_id():
    assert Frame(7, '{"a":"가"}').sse == 'id: 7\ndata: {"a":"가"}\n\n'.encode()
    assert Frame(None, "{}").sse == b"data: {}\n\n"


def test_who_brings_much_waits_until_it_was_taken():
    async def story():
        box, order = Mailbox(), []
        box.put(Frame(1, "a"))

        async def bring():
            await box.drained()
            order.append("drained")

        bringing = asyncio.create_task(bring())
        await asyncio.sleep(0)
        order.append("taken")
        await box.take()
        await bringing
        return order

    assert asyncio.run(story()) == ["taken", "drained"]


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_an_event_is_the_websocket_message_and_the_chunk_that_others_would_make_of_it(size: int):
    frame = Frame(None, "가" + "x" * (size - 3) if size else "")
    assert frame.message == frames.Frame(frames.Opcode.TEXT, frame.text.encode()).serialize(mask=False)
    length, _, rest = frame.chunk.partition(b"\r\n")
    assert rest == frame.sse + b"\r\n"
    assert int(length, 16) == len(frame.sse)


def test_what_is_kept_nowhere_goes_straight_out_only_while_nothing_waits_and_the_reader_keeps_up():
    written, keeps_up = [], [True]

    def push(frame: Frame) -> bool:
        if keeps_up[0]:
            written.append(frame.text)
        return keeps_up[0]

    async def story() -> list[str]:
        box = Mailbox()
        box.push = push
        box.put(Frame(None, "before anybody took"))
        assert [frame.text for frame in await box.take()] == ["before anybody took"]
        taking = asyncio.create_task(box.take())
        await asyncio.sleep(0)
        box.put(Frame(None, "a"))
        box.put(Frame(1, "kept"))
        box.put(Frame(None, "after what waits"))
        assert [frame.text for frame in await taking] == ["kept", "after what waits"]
        taking = asyncio.create_task(box.take())
        await asyncio.sleep(0)
        keeps_up[0] = False
        box.put(Frame(None, "slow"))
        return [frame.text for frame in await taking]

    assert asyncio.run(story()) == ["slow"]
    assert written == ["a"]

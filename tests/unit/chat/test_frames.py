"""Mailboxes: bounded, and honest about it."""

import asyncio

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

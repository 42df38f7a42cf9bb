"""Turns as they are written and read: detached, each kept event once and in order, whatever dies in between."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ohmyagent import records
from ohmyagent.chat.writing import KEPT_A_SECOND, KEPT_AT_ONCE
from ohmyagent.domain.conversations import LEASE, Reason
from ohmyagent.domain.errors import BudgetExceeded, NoRoom, Unavailable
from ohmyagent.use_cases import talking
from ohmyagent.use_cases.talking import Card, Delta, Ended, PartEnd, Piece, Saved, Status, Tool, TurnContext
from tests.chat_world import PATIENCE, Process, Reader, until, words


@pytest.fixture
def user(world):
    return world.user()


def turn_of(world, begun):
    return records.turns.get(world.store, begun.turn.id)


def kinds(reader):
    return [event["type"] for event in reader.kept]


def test_an_answer_is_shown_as_it_comes_and_kept_as_a_whole(world, user):
    async def story():
        process = Process(world)
        begun = await process.say(user)
        reader = Reader(process, begun.turn.conversation_id)
        await reader.until("turn_ended")
        return begun, reader

    begun, reader = asyncio.run(story())
    assert kinds(reader) == ["turn_started", "text", "usage", "usage", "turn_ended"]
    assert reader.seqs == [1, 2, 3, 4, 5]
    assert reader.shown == {0: "안녕하세요"}
    assert turn_of(world, begun).reason is Reason.DONE
    assert [m["content"] for m in talking.recent(world.store, begun.held.conversation).messages] == [
        "안녕",
        "안녕하세요",
    ]


def test_nobody_need_listen(world, user):
    async def story():
        process = Process(world)
        begun = await process.say(user)
        await process.idle()
        return begun

    assert turn_of(world, asyncio.run(story())).reason is Reason.DONE


def test_who_comes_in_the_middle_sees_what_is_there_and_the_rest(world, user):
    go = asyncio.Event()

    async def answer(turn: TurnContext) -> AsyncIterator[Piece]:
        yield Delta("하나 😀 ")
        yield PartEnd()
        yield Status("생각 중…")
        yield Delta("둘 ")
        await go.wait()
        yield Delta("셋 🎉!")

    async def story():
        process = Process(world, answer)
        begun = await process.say(user)
        first = Reader(process, begun.turn.conversation_id)
        await until(lambda: first.shown.get(1) == "둘 ")
        second, third = (Reader(process, begun.turn.conversation_id, after) for after in (0, 1))
        await until(lambda: second.shown.get(1) == third.shown.get(1) == "둘 ")
        go.set()
        for reader in (first, second, third):
            await reader.until("turn_ended")
        return first, second, third

    first, second, third = asyncio.run(story())
    assert first.shown == second.shown == third.shown == {0: "하나 😀 ", 1: "둘 셋 🎉!"}
    assert first.seqs == second.seqs == [*range(1, len(first.seqs) + 1)]
    assert third.seqs == first.seqs[1:]


def test_offsets_count_as_browsers_do(world, user):
    async def answer(turn: TurnContext) -> AsyncIterator[Piece]:
        yield Delta("😀")
        await asyncio.sleep(0.1)
        yield Delta("b")

    async def story():
        process = Process(world, answer)
        begun = await process.say(user)
        reader = Reader(process, begun.turn.conversation_id)
        await reader.until("turn_ended")
        return [event["offset"] for event in reader.events if "offset" in event]

    assert asyncio.run(story())[-1] == 2


def test_a_stop_keeps_what_was_written(world, user):
    closed = []

    async def answer(turn: TurnContext) -> AsyncIterator[Piece]:
        try:
            yield Delta("여기까지 ")
            await asyncio.sleep(3600)
        finally:
            closed.append(True)

    async def story():
        process = Process(world, answer)
        await process.engine.start()
        begun = await process.say(user)
        reader = Reader(process, begun.turn.conversation_id)
        await until(lambda: reader.shown)
        talking.stop(world.store, user, begun.turn.conversation_id, world.now)
        ended = await reader.until("turn_ended")
        await process.engine.stop()
        return begun, reader, ended

    begun, reader, ended = asyncio.run(story())
    assert ended["reason"] == "stopped"
    assert reader.shown == {0: "여기까지 "}
    assert closed == [True]
    history = talking.recent(world.store, begun.held.conversation).messages
    assert history[-1] == {"role": "assistant", "content": "여기까지"}


def test_a_stop_that_comes_before_the_first_word_stops_too(world, user):
    async def story():
        process = Process(world, words)
        begun = await process.say(user)
        process.engine._writings[begun.turn.id][0].stop()
        await process.idle()
        return begun

    assert turn_of(world, asyncio.run(story())).reason is Reason.STOPPED


@pytest.mark.parametrize(
    ("failure", "reason", "code"),
    [
        (BudgetExceeded(), "budget", "budget"),
        (Unavailable(), "error", "unavailable"),
        (ValueError("비밀"), "error", "internal"),
    ],
)
def test_an_answer_that_fails_ends_in_words(world, user, failure, reason, code):
    async def answer(turn: TurnContext) -> AsyncIterator[Piece]:
        yield Delta("반쯤")
        raise failure

    async def story():
        process = Process(world, answer)
        begun = await process.say(user)
        reader = Reader(process, begun.turn.conversation_id)
        ended = await reader.until("turn_ended")
        await process.idle()
        return reader, ended

    reader, ended = asyncio.run(story())
    assert (ended["reason"], ended["code"]) == (reason, code)
    assert ended["detail"]["ko"] != ended["detail"]["en"]
    assert "비밀" not in str(reader.events)
    assert reader.shown == {0: "반쯤"}


def test_an_end_of_the_answerers_own_is_told(world, user):
    async def answer(turn: TurnContext) -> AsyncIterator[Piece]:
        yield Ended(Reason.ERROR, "tool_loop", ko="끝이 없습니다", en="It has no end")
        raise AssertionError("nothing is read after the end")

    async def story():
        process = Process(world, answer)
        begun = await process.say(user)
        return await Reader(process, begun.turn.conversation_id).until("turn_ended")

    ended = asyncio.run(story())
    assert (ended["code"], ended["detail"]["ko"]) == ("tool_loop", "끝이 없습니다")


def test_without_money_a_turn_ends_at_once_and_nobody_is_asked(world, user):
    async def story():
        process = Process(world)
        first = await process.say(user)
        await process.idle()
        place = talking.find(world.store, user, first.turn.conversation_id)
        records.conversations.put(world.store, place.id, place.replace(spent=place.budget_micro_usd))
        begun = await process.say(user, "더", conversation_id=place.id)
        reader = Reader(process, place.id, after=first.turn.last_seq)
        await until(lambda: [event["type"] for event in reader.kept].count("turn_ended") == 2)
        return process, begun, reader

    process, begun, reader = asyncio.run(story())
    assert (turn_of(world, begun).reason, len(process.answerer.contexts)) == (Reason.BUDGET, 1)
    assert (reader.kept[-1]["code"], reader.kept[-1]["detail"]["en"]) == (
        "budget", "The budget of this conversation is used up.",
    )  # fmt: skip


def test_another_process_goes_on_with_the_step_that_was_not_finished(world, user):
    acted = []

    async def answer(turn: TurnContext) -> AsyncIterator[Piece]:
        last = turn.history[-1]
        if last["role"] == "user" and isinstance(last["content"], str):
            yield Delta("도구를 씁니다")
            call = {"type": "tool_use", "id": "t1", "name": "x", "input": {}}
            yield Saved(({"role": "assistant", "content": [call]},))
            last = {"role": "assistant"}
        if last["role"] == "assistant":
            yield Tool("x", "started")
            acted.append("t1")
            yield Tool("x", "done")
            result = {"type": "tool_result", "tool_use_id": "t1", "content": "좋음"}
            yield Saved(({"role": "user", "content": [result]},))
        yield Delta("거의 ")
        if len(processes) < 2:
            await asyncio.sleep(3600)
        yield Delta("다 됐습니다")
        yield Saved(({"role": "assistant", "content": "다 됐습니다"},))

    processes = []

    async def story():
        processes.append(Process(world, answer))
        begun = await processes[0].say(user)
        first = Reader(processes[0], begun.turn.conversation_id)
        await until(lambda: first.shown.get(1) == "거의 ")
        processes[0].die()
        first.leave()
        processes.append(Process(world, answer))
        await processes[1].engine.sweep()
        assert not processes[1].engine.writes(begun.turn.id), "its lease has not run out"
        world.later(seconds=LEASE.total_seconds())
        late = Reader(processes[1], begun.turn.conversation_id, after=first.seqs[-1])
        await processes[1].engine.sweep()
        await late.until("turn_ended")
        first.events += late.events
        return begun, first

    begun, reader = asyncio.run(story())
    assert acted == ["t1"]
    assert reader.seqs == [*range(1, len(reader.seqs) + 1)]
    assert [event["part"] for event in reader.kept if event["type"] == "part_reset"] == [1]
    assert reader.shown == {0: "도구를 씁니다", 1: "거의 다 됐습니다"}
    assert turn_of(world, begun).reason is Reason.DONE
    assert len(talking.recent(world.store, begun.held.conversation).messages) == 4


def test_a_process_that_lost_its_turn_writes_nothing_more(world, user):
    go = asyncio.Event()

    async def answer(turn: TurnContext) -> AsyncIterator[Piece]:
        yield Delta("하나")
        await go.wait()
        yield Delta("둘")
        yield Saved(({"role": "assistant", "content": "둘"},))
        yield Delta("셋")

    async def story():
        old, new = Process(world, answer), Process(world, words)
        begun = await old.say(user)
        await until(lambda: old.answerer.contexts)
        world.later(seconds=60)
        await new.engine.sweep()
        await new.idle()
        before = talking.last_seq(world.store, begun.turn.conversation_id)
        go.set()
        await old.idle()
        return begun, before

    begun, before = asyncio.run(story())
    assert talking.last_seq(world.store, begun.turn.conversation_id) == before
    assert turn_of(world, begun).reason is Reason.DONE


def test_a_process_that_is_shut_down_gives_its_turns_up_at_once(world, user):
    async def answer(turn: TurnContext) -> AsyncIterator[Piece]:
        yield Delta("하나")
        if len(contexts) == 1:
            await asyncio.sleep(3600)

    contexts = []

    async def story():
        old = Process(world, answer)
        contexts.append(old)
        await old.engine.start()
        begun = await old.say(user)
        await until(lambda: old.answerer.contexts)
        await old.engine.stop()
        new = Process(world, answer)
        contexts.append(new)
        await new.engine.sweep()
        await new.idle()
        return begun

    assert turn_of(world, asyncio.run(story())).reason is Reason.DONE


def test_a_reader_elsewhere_follows_by_the_store_alone(world, user):
    async def answer(turn: TurnContext) -> AsyncIterator[Piece]:
        for text in ("하나", "둘", "셋"):
            yield Delta(text)
            yield Saved(({"role": "assistant", "content": text},))

    async def story():
        here, there = Process(world, answer), Process(world)
        begun = await here.say(user)
        reader = Reader(there, begun.turn.conversation_id)
        await reader.until("turn_ended")
        return reader

    reader = asyncio.run(story())
    assert reader.seqs == [*range(1, len(reader.seqs) + 1)]
    assert list(reader.shown.values()) == ["하나", "둘", "셋"]


def test_cards_replace_each_other_and_progress_is_only_shown(world, user):
    async def answer(turn: TurnContext) -> AsyncIterator[Piece]:
        yield Card("rehearsal", {"state": "running"}, "r1")
        yield Card("rehearsal", {"state": "running", "seconds": 1}, "r1", kept=False)
        yield Card("rehearsal", {"state": "succeeded"}, "r1")

    async def story():
        process = Process(world, answer)
        begun = await process.say(user)
        reader = Reader(process, begun.turn.conversation_id)
        await reader.until("turn_ended")
        return begun, reader

    begun, reader = asyncio.run(story())
    assert [event["data"]["state"] for event in reader.kept if event["type"] == "card"] == ["running", "succeeded"]
    read, _ = talking.messages(world.store, begun.held.conversation)
    assert [part["data"] for part in read[-1].parts] == [{"state": "succeeded"}]


def test_commits_of_a_busy_turn_are_few(world, user):
    events = 40

    async def answer(turn: TurnContext) -> AsyncIterator[Piece]:
        for number in range(events):
            yield Tool(f"t{number}", "started")
            await asyncio.sleep(0.05)

    async def story():
        process = Process(world, answer)
        loop = asyncio.get_running_loop()
        begun, start = await process.say(user), loop.time()
        await process.idle()
        return begun, loop.time() - start

    begun, seconds = asyncio.run(story())
    page, _ = records.chat_batches(begun.turn.conversation_id).page(world.store, oldest="lastSeq", limit=100)
    assert sum(batch.last_seq - batch.from_seq + 1 for batch in page) == events + 3
    beginning_and_end = 2
    assert len(page) <= KEPT_AT_ONCE + KEPT_A_SECOND * seconds + beginning_and_end


def test_steps_that_follow_each_other_quickly_are_kept_no_faster(world, user):
    steps = 9

    async def answer(turn: TurnContext) -> AsyncIterator[Piece]:
        for number in range(steps):
            yield Saved(({"role": "assistant", "content": str(number)},))

    async def story():
        process = Process(world, answer)
        loop = asyncio.get_running_loop()
        begun, start = await process.say(user), loop.time()
        await process.idle()
        return begun, loop.time() - start

    begun, seconds = asyncio.run(story())
    page, _ = records.chat_batches(begun.turn.conversation_id).page(world.store, oldest="lastSeq", limit=100)
    beginning_and_end = 2
    assert len(page) == steps + beginning_and_end <= KEPT_AT_ONCE + KEPT_A_SECOND * seconds + beginning_and_end + 1
    assert len(talking.recent(world.store, begun.held.conversation).messages) == steps + 1


def test_a_slow_reader_is_sent_away_and_comes_back_with_its_seq(world, user):
    async def answer(turn: TurnContext) -> AsyncIterator[Piece]:
        for _ in range(10):
            yield Delta("가" * 1_000)
            yield PartEnd()

    async def story():
        process = Process(world, answer)
        begun = await process.say(user)
        slow = Reader(process, begun.turn.conversation_id, most=3_000)
        slow._task.cancel()
        other = Reader(process, begun.turn.conversation_id)
        await other.until("turn_ended")
        again = Reader(process, begun.turn.conversation_id, after=1)
        await again.until("turn_ended")
        return slow, other, again

    slow, other, again = asyncio.run(story())
    assert slow.mailbox.overflown
    assert slow.mailbox.empty, "nothing is kept for who is sent away"
    assert (other.mailbox.overflown, again.seqs) == (False, other.seqs[1:])


def test_a_process_has_room_for_so_many_answers(world, user):
    async def answer(turn: TurnContext) -> AsyncIterator[Piece]:
        await asyncio.sleep(3600)
        yield Delta("")

    async def story():
        process = Process(world, answer, most_turns=1)
        await process.say(user)
        with pytest.raises(NoRoom):
            await process.say(user)
        process.die()

    asyncio.run(asyncio.wait_for(story(), PATIENCE))


def test_rooms_that_everybody_left_are_forgotten(world, user):
    async def story():
        process = Process(world)
        begun = await process.say(user)
        readers = [Reader(process, begun.turn.conversation_id) for _ in range(3)]
        for reader in readers:
            await reader.until("turn_ended")
        await process.idle()
        for reader in readers:
            reader.leave()
        return len(process.engine.rooms), process

    assert asyncio.run(story())[0] == 0
    assert not world.store.watchers._wakes

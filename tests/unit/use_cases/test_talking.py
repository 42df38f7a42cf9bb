"""Turns as records: begun once, held by one, taken over, ended with all the money."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from ohmyagent import records
from ohmyagent.domain.conversations import (
    CONVERSATION_BUDGET,
    LEASE,
    MOST_EPOCHS,
    TURN_CAP,
    Reason,
    Saying,
)
from ohmyagent.domain.costs import CLAUDE, TokenUsage
from ohmyagent.domain.errors import (
    Conflict,
    Forbidden,
    Gone,
    KeyReused,
    NotFound,
    Problem,
    StaleEpoch,
    Suspended,
    Unauthenticated,
)
from ohmyagent.domain.usage import month_id
from ohmyagent.use_cases import metering, talking
from ohmyagent.use_cases.talking import Ended

HELLO = Saying(text="매일 아침 뉴스를 요약해 줘", client_message_id="m1")


@pytest.fixture
def user(world):
    return world.user()


def begin(world, user, saying=HELLO, owner="p1"):
    return talking.begin(world.store, world.models, user, saying, owner=owner, language="ko", now=world.now)


def end(world, held, reason=Reason.DONE, events=(), messages=()):
    after = talking.last_seq(world.store, held.conversation.id)
    return talking.end(world.store, held.turn, Ended(reason), events, messages, after=after, now=world.now)


def call(world, held, cost=100):
    paid = metering.reserve(world.store, held.token, CLAUDE[0], 1_000, 1_000, world.now)
    metering.settle(world.store, paid, cost, TokenUsage(input=10, output=7), 0, partial=False, now=world.now)


def types(world, id):
    return [json.loads(line.text)["type"] for line in talking.log(world.store, id, 0).lines]


def test_a_turn_goes_from_message_to_end_and_everything_adds_up(world, user):
    held = begin(world, user).held
    month = records.months.get(world.store, month_id(user.id, "2026-11"))
    assert [r.micro_usd for r in month.reservations] == [TURN_CAP]
    call(world, held, cost=120)

    end(world, held)

    turn, conversation = (
        records.turns.get(world.store, held.turn.id),
        talking.find(world.store, user, held.conversation.id),
    )
    month = records.months.get(world.store, month_id(user.id, "2026-11"))
    assert (turn.reason, turn.cost_micro_usd, turn.token_usage.output, turn.lease) == (Reason.DONE, 120, 7, None)
    assert (conversation.turn, conversation.cost_micro_usd, conversation.left) == (None, 120, CONVERSATION_BUDGET - 120)
    assert month.reservations == ()
    assert [(row.agent_id, row.runs, row.cost_micro_usd) for row in month.rows] == [("chat", 0, 120)]
    assert types(world, conversation.id) == ["turn_started", "usage", "turn_ended"]
    assert conversation.last_seq == turn.last_seq == 3
    with pytest.raises(Forbidden):
        call(world, held)


def test_the_same_message_begins_one_turn_however_often_and_at_once_it_comes(world, user):
    with ThreadPoolExecutor(8) as people:
        begun = list(people.map(lambda _: begin(world, user), range(8)))

    assert len({one.turn.id for one in begun}) == 1
    assert sum(one.held is not None for one in begun) == 1
    assert len(talking.page(world.store, user)[0]) == 1
    assert types(world, begun[0].turn.conversation_id) == ["turn_started"]
    end(world, next(one.held for one in begun if one.held))
    assert begin(world, user).held is None


class Late:
    """A store in which a message that came a moment ago is not seen before the transaction."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    def find(self, path):
        return None if path.startswith("turns/") else self._store.find(path)


def test_a_message_that_came_a_moment_before_is_found_in_the_transaction(world, user):
    held = begin(world, user).held
    end(world, held)

    again = talking.begin(Late(world.store), world.models, user, HELLO, owner="p2", language="ko", now=world.now)

    assert (again.turn.id, again.held) == (held.turn.id, None)
    assert types(world, held.conversation.id) == ["turn_started", "usage", "turn_ended"]


def test_the_same_id_with_another_text_is_refused(world, user):
    begin(world, user)
    with pytest.raises(KeyReused):
        begin(world, user, HELLO.replace(text="다른 말"))


def test_a_conversation_has_one_turn_at_a_time(world, user):
    held = begin(world, user).held
    more = Saying(text="그리고", conversation_id=held.conversation.id)
    with pytest.raises(Conflict):
        begin(world, user, more)
    end(world, held)
    assert begin(world, user, more).held.turn.number == 2


def test_anothers_conversation_and_anothers_agent_are_not_there(world, user):
    held = begin(world, user).held
    other = world.user("u2")
    for saying in (
        Saying(text="안녕", conversation_id=held.conversation.id),
        Saying(text="안녕", conversation_id="v_nothing"),
        Saying(text="안녕", agent_id=world.agent(user).id),
    ):
        with pytest.raises(NotFound):
            begin(world, other, saying)
    for act in (talking.find, lambda s, u, id: talking.stop(s, u, id, world.now)):
        with pytest.raises(NotFound):
            act(world.store, other, held.conversation.id)
    with pytest.raises(NotFound):
        talking.delete(world.store, world.files, other, held.conversation.id, world.now)
    assert talking.page(world.store, other)[0] == []


@pytest.mark.parametrize(("gone", "refused"), [("suspended_at", Suspended), ("deleted_at", Unauthenticated)])
def test_a_connection_opened_before_lets_nobody_speak_who_may_do_nothing_any_more(world, user, gone, refused):
    records.users.put(world.store, user.id, user.replace(**{gone: world.now}))
    with pytest.raises(refused):
        begin(world, user)
    assert talking.page(world.store, user)[0] == []


@pytest.mark.parametrize("gone", ["suspended_at", "deleted_at"])
def test_nobody_goes_on_with_a_turn_of_somebody_who_may_do_nothing_any_more(world, user, gone):
    held = begin(world, user).held
    records.users.put(world.store, user.id, user.replace(**{gone: world.now}))
    world.later(seconds=LEASE.total_seconds())
    assert talking.take_over(world.store, world.models, held.turn.id, owner="p2", now=world.now) is None
    assert records.turns.get(world.store, held.turn.id).reason is Reason.INTERRUPTED


def test_two_people_may_use_the_same_message_id(world, user):
    assert begin(world, user).turn.id != begin(world, world.user("u2")).turn.id


def test_a_turn_may_spend_what_conversation_and_month_have_left(world):
    guest = world.user("g", plan="guest")
    caps = [begin(world, guest, Saying(text="안녕")).turn.cap for _ in range(4)]
    month = records.months.get(world.store, month_id("g", "2026-11"))
    assert caps[0] == TURN_CAP
    assert sum(caps) == month.committed()
    assert caps == sorted(caps, reverse=True)
    rich = world.user("r")
    held = begin(world, rich).held
    place = held.conversation.replace(spent=CONVERSATION_BUDGET - 5, turn=None)
    records.conversations.put(world.store, place.id, place)
    assert begin(world, rich, Saying(text="또", conversation_id=place.id)).turn.cap == 5


def test_only_after_its_lease_does_a_turn_go_to_another_and_the_first_is_fenced(world, user):
    held = begin(world, user).held
    assert talking.expired(world.store, world.now) == []
    with pytest.raises(Conflict):
        talking.take_over(world.store, world.models, held.turn.id, owner="p2", now=world.now)
    world.later(seconds=LEASE.total_seconds())
    assert talking.expired(world.store, world.now) == [held.turn.id]

    next_one = talking.take_over(world.store, world.models, held.turn.id, owner="p2", now=world.now)

    assert next_one.turn.epoch == held.turn.epoch + 1
    assert types(world, held.conversation.id) == ["turn_started", "part_reset"]
    late = {"type": "text", "turn": held.turn.id, "part": 0, "text": "늦은 말"}
    for act in (
        lambda: talking.keep(world.store, held.turn, [late], (), after=1, now=world.now),
        lambda: talking.renew(world.store, held.turn, world.now),
        lambda: end(world, held),
        lambda: talking.release(world.store, held.turn, world.now),
    ):
        with pytest.raises(StaleEpoch):
            act()
    with pytest.raises(Forbidden):
        call(world, held)
    call(world, next_one)
    end(world, next_one)
    with pytest.raises(Gone):
        end(world, next_one)


def test_of_many_processes_one_takes_over(world, user):
    held = begin(world, user).held
    world.later(seconds=60)

    def take(number):
        try:
            return talking.take_over(world.store, world.models, held.turn.id, owner=f"p{number}", now=world.now)
        except Problem as refused:
            return refused

    with ThreadPoolExecutor(8) as processes:
        results = list(processes.map(take, range(8)))
    assert sum(not isinstance(one, Problem) for one in results) == 1


def test_a_turn_that_was_given_up_can_be_taken_at_once(world, user):
    held = begin(world, user).held
    talking.release(world.store, held.turn, world.now)
    assert talking.take_over(world.store, world.models, held.turn.id, owner="p2", now=world.now)


def test_what_was_kept_of_an_unfinished_step_is_declared_void(world, user):
    held = begin(world, user).held
    said = [{"type": "text", "turn": held.turn.id, "part": part, "text": str(part)} for part in range(4)]
    step = ({"role": "assistant", "content": "0 1"},)
    talking.keep(world.store, held.turn, said[:2], step, after=1, now=world.now)
    talking.keep(world.store, held.turn, said[2:], (), after=3, now=world.now)
    world.later(seconds=60)

    taken = talking.take_over(world.store, world.models, held.turn.id, owner="p2", now=world.now)

    assert (taken.progress.part, taken.progress.void) == (2, (2, 3, 4))
    read, _ = talking.messages(world.store, taken.conversation)
    assert read[-1].content == "0\n\n1"
    assert [message["content"] for message in talking.recent(world.store, taken.conversation).messages] == [
        HELLO.text,
        "0 1",
    ]


def test_a_turn_that_has_killed_too_many_processes_is_ended(world, user):
    held = begin(world, user).held
    for number in range(MOST_EPOCHS):
        world.later(seconds=60)
        talking.take_over(world.store, world.models, held.turn.id, owner=f"p{number}", now=world.now)
    turn = records.turns.get(world.store, held.turn.id)
    assert (turn.ended, turn.reason) == (True, Reason.INTERRUPTED)
    assert types(world, held.conversation.id)[-1] == "turn_ended"
    assert talking.expired(world.store, world.now) == []


def test_a_stop_outlives_the_process_that_should_have_heeded_it(world, user):
    held = begin(world, user).held
    talking.stop(world.store, user, held.conversation.id, world.now)
    world.later(seconds=60)
    assert talking.take_over(world.store, world.models, held.turn.id, owner="p2", now=world.now) is None
    assert records.turns.get(world.store, held.turn.id).reason is Reason.STOPPED
    with pytest.raises(Gone):
        talking.stop(world.store, user, held.conversation.id, world.now)


def test_somebody_elses_events_in_between_only_move_the_numbers(world, user):
    held = begin(world, user).held
    card = {"type": "card", "card": "r1", "kind": "rehearsal", "data": {"state": "queued"}}
    talking.append(world.store, held.conversation.id, [card], now=world.now)
    text = {"type": "text", "turn": held.turn.id, "part": 0, "text": "끝"}

    batch = talking.keep(world.store, held.turn, [text], (), after=1, now=world.now)

    assert (batch.from_seq, types(world, held.conversation.id)) == (3, ["turn_started", "card", "text"])
    talking.append(world.store, held.conversation.id, [card | {"data": {"state": "running"}}], now=world.now)
    read, last_seq = talking.messages(world.store, held.conversation)
    assert last_seq == 4
    assert [part.get("data") for part in read[-1].parts] == [{"state": "running"}, None]


def test_many_writers_share_the_numbers_without_a_gap(world, user):
    held = begin(world, user).held

    def write(number):
        event = {"type": "card", "card": f"c{number}", "kind": "choice", "data": {}}
        return talking.append(world.store, held.conversation.id, [event, event], now=world.now, after=1).from_seq

    with ThreadPoolExecutor(4) as writers:
        firsts = sorted(writers.map(write, range(12)))
    assert firsts == list(range(2, 26, 2))
    log = talking.log(world.store, held.conversation.id, 0, limit=100)
    assert [line.seq for line in log.lines] == list(range(1, 26))


def test_tool_calls_that_a_stop_left_open_are_answered_as_interrupted(world, user):
    held = begin(world, user).held
    uses = [{"type": "tool_use", "id": id, "name": "x", "input": {}} for id in ("t1", "t2")]
    asked = ({"role": "assistant", "content": uses},)
    usage = [{"type": "usage", "turn": held.turn.id}]
    talking.keep(world.store, held.turn, usage, asked, after=1, now=world.now)
    assert talking.recent(world.store, held.conversation).messages[-1]["role"] == "assistant", "it goes on from here"
    end(world, held, Reason.STOPPED)
    again = begin(world, user, Saying(text="다시", conversation_id=held.conversation.id)).held

    history = talking.recent(world.store, again.conversation).messages

    assert [message["role"] for message in history] == ["user", "assistant", "user", "user"]
    assert [(block["tool_use_id"], block["is_error"]) for block in history[2]["content"]] == [
        ("t1", True),
        ("t2", True),
    ]


def test_a_call_that_settles_after_the_end_corrects_turn_conversation_and_month(world, user):
    held = begin(world, user).held
    paid = metering.reserve(world.store, held.token, CLAUDE[0], 1_000, 1_000, world.now)
    end(world, held)
    assert records.turns.get(world.store, held.turn.id).cost_micro_usd == paid.reserved > 9
    metering.settle(world.store, paid, 9, TokenUsage(input=3, output=4), 0, partial=False, now=world.now)

    month = records.months.get(world.store, month_id(user.id, "2026-11"))
    conversation = talking.find(world.store, user, held.conversation.id)
    assert records.turns.get(world.store, held.turn.id).cost_micro_usd == 9
    assert (conversation.cost_micro_usd, conversation.spent, conversation.token_usage.output) == (9, 9, 4)
    assert [row.cost_micro_usd for row in month.rows] == [9]


def test_an_unknown_cost_stays_unknown(world, user):
    held = begin(world, user).held
    call(world, held, cost=None)
    end(world, held)
    assert records.turns.get(world.store, held.turn.id).cost_micro_usd is None
    assert talking.find(world.store, user, held.conversation.id).cost_micro_usd is None


def test_a_deleted_conversation_leaves_no_words_behind(world, user):
    held = begin(world, user).held
    end(world, held)
    talking.delete(world.store, world.files, user, held.conversation.id, world.now)

    dump = repr(world.store.database.connection().execute("SELECT * FROM docs").fetchall())
    assert "아침" not in dump
    with pytest.raises(NotFound):
        talking.find(world.store, user, held.conversation.id)
    assert begin(world, user).held is None, "what was begun once is not begun again"


def test_deleting_stops_the_turn_and_what_is_left_is_erased_after_its_end(world, user):
    held = begin(world, user).held
    talking.delete(world.store, world.files, user, held.conversation.id, world.now)
    assert talking.page(world.store, user)[0] == []
    assert talking.renew(world.store, held.turn, world.now).stop_requested_at is not None
    assert talking.erase_deleted(world.store, world.files) == 0
    end(world, held, Reason.STOPPED)
    assert talking.erase_deleted(world.store, world.files) == 1
    assert records.conversations.find(world.store, held.conversation.id) is None


def test_the_run_that_a_message_is_about_goes_along_as_data_and_not_in_its_words(world, user):
    begun = begin(world, user, Saying(text="왜 실패했어?", run_id="x_1"))
    (asked,) = talking.recent(world.store, begun.held.conversation).messages
    assert asked["content"] == [
        {"type": "text", "text": '{"run": {"runId": "x_1"}}'},
        {"type": "text", "text": "왜 실패했어?"},
    ]
    started = json.loads(begun.batch.lines[0])
    assert (started["text"], started["runId"]) == ("왜 실패했어?", "x_1")

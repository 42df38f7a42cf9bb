"""What a model is reminded of: bounded reads on long conversations, and one notice for what is left out."""

import pytest

from ohmyagent.domain.conversations import Conversation, Reason, Saying
from ohmyagent.use_cases import talking
from ohmyagent.use_cases.talking import Ended
from ohmyagent.use_cases.talking.memory import MOST_TURNS, PAGE


class Counted:
    """The store, with how many documents its queries brought."""

    def __init__(self, store):
        self._store = store
        self.documents = 0

    def query(self, query):
        page = self._store.query(query)
        self.documents += len(page.items)
        return page

    def __getattr__(self, name):
        return getattr(self._store, name)


@pytest.fixture
def user(world):
    return world.user()


def said(world, user, count, size=10, conversation=None, notice=None):
    """So many more turns of one conversation, each with an answer; `notice` goes into the last one."""
    for number in range(count):
        saying = Saying(text=f"{number} " + "가" * size, conversation_id=conversation and conversation.id)
        held = talking.begin(world.store, world.models, user, saying, owner="p", language="ko", now=world.now).held
        events = [notice] if notice and number == count - 1 else []
        answer = {"role": "assistant", "content": f"답 {number}"}
        talking.end(world.store, held.turn, Ended(Reason.DONE), events, [answer], after=held.last_seq, now=world.now)
        conversation = held.conversation
    assert isinstance(conversation, Conversation)
    return talking.find(world.store, user, conversation.id)


def spoken(memory):
    return [message["content"].split("가")[0].strip() for message in memory.messages]


def test_a_short_conversation_is_remembered_as_a_whole(world, user):
    memory = talking.recent(world.store, said(world, user, 3))
    assert spoken(memory) == ["0", "답 0", "1", "답 1", "2", "답 2"]
    assert (memory.left_out, memory.told) == (0, True)


def test_a_long_conversation_is_read_from_its_end_and_no_further_than_it_fits(world, user):
    short = said(world, user, 30, size=300)
    long = said(world, user, 120, size=300, conversation=said(world, user, 1))
    read = []
    for conversation in (short, long):
        store = Counted(world.store)
        memory = talking.recent(store, conversation, most_bytes=10_000)
        read.append(store.documents)
        assert spoken(memory)[-1] == f"답 {conversation.turns - (2 if conversation is long else 1)}"
        assert not memory.told
        assert 0 < len(memory.messages) // 2 < 10_000 // 900
        assert memory.left_out == conversation.turns - len(memory.messages) // 2
    assert read[0] == read[1] <= 2 * PAGE, "four times as long, and read as far"


def test_many_small_turns_are_bounded_too(world, user):
    store = Counted(world.store)
    conversation = said(world, user, MOST_TURNS + 1)
    memory = talking.recent(store, conversation)
    assert (len(memory.messages), memory.left_out) == (MOST_TURNS, MOST_TURNS // 2 + 1)


def test_what_was_left_out_with_a_notice_stays_out_without_another(world, user):
    conversation = said(world, user, 20, size=300)
    first = talking.recent(world.store, conversation, most_bytes=10_000)
    notice = {"type": "notice", "turn": "t", "code": "left_out", "leftOut": first.left_out, "detail": {}}
    conversation = said(world, user, 1, 300, conversation, notice)
    conversation = said(world, user, 1, 300, conversation)
    again = talking.recent(world.store, conversation, most_bytes=10_000)
    assert (again.left_out, again.told) == (first.left_out, True)
    assert again.messages[: len(first.messages)] == first.messages, "it begins where it began"
    assert len(again.messages) == len(first.messages) + 4


def test_a_turn_that_alone_is_too_much_is_still_whole(world, user):
    memory = talking.recent(world.store, said(world, user, 3, size=4_000), most_bytes=10_000)
    assert [len(message["content"]) for message in memory.messages] == [4_002, 3]
    assert memory.left_out == 2

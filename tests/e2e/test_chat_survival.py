"""I7 on a real platform: `kill -9` in the middle of an answer, a restart, a reader who comes back with its seq."""

import contextlib
import threading
import time
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any

import pytest

from tests.fake_anthropic import FakeAnthropic
from tests.http.chatting import Talker, events
from tests.platform_process import PlatformProcess
from tests.scripted import script

PATIENCE = 90
WORDS = "하나 둘 셋 넷 다섯 여섯 일곱 여덟 아홉 열 열하나 열둘 열셋 열넷 열다섯 열여섯"
Json = dict[str, Any]


class Page:
    """A reader in a thread of its own: it comes back until the turn has ended, each time with the last seq it has."""

    def __init__(self, talker: Talker, conversation_id: str) -> None:
        self.events: list[Json] = []
        self._talker = talker
        self._path = f"/api/conversations/{conversation_id}/stream"
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def last_seq(self) -> int:
        return max([0, *(event["seq"] for event in self.events if "seq" in event)])

    @property
    def kept(self) -> list[Json]:
        return [event for event in self.events if "seq" in event]

    @property
    def ended(self) -> bool:
        return any(event["type"] == "turn_ended" for event in self.events)

    def text(self) -> str:
        """What the page shows in the end, part by part; what is void is gone."""
        parts: dict[int, str] = {}
        for event in self.kept:
            if event["type"] == "part_reset":
                parts.pop(event["part"], None)
            elif event["type"] == "text":
                parts[event["part"]] = event["text"]
        return "\n".join(text for _, text in sorted(parts.items()))

    def until(self, wanted: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while wanted not in {event["type"] for event in list(self.events)}:
            assert time.monotonic() < deadline, [event["type"] for event in self.events]
            time.sleep(0.02)

    def until_shown(self) -> None:
        """Some text that is kept nowhere yet has come."""
        deadline = time.monotonic() + PATIENCE
        while not any("delta" in event for event in list(self.events)):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def _read(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self.ended and time.monotonic() < deadline:
            with contextlib.suppress(OSError, HTTPException):
                response = self._talker.open("GET", f"{self._path}?after={self.last_seq}")
                for event in events(response):
                    self.events.append(event)
                    if event["type"] == "turn_ended":
                        return
            time.sleep(0.1)


@pytest.fixture
def talker(scripted: PlatformProcess) -> Iterator[Talker]:
    person = Talker(scripted.url)
    yield person
    person.close()


def test_an_answer_cut_by_the_platforms_death_is_written_anew_and_the_page_shows_it_once(
    scripted: PlatformProcess, talker: Talker
) -> None:
    begun = talker.begin(script({"text": WORDS}, hang_mid=4, times=1))
    page = Page(talker, begun["conversationId"])
    page.until_shown()

    scripted.kill()
    scripted.start()
    page.until("turn_ended")

    assert [event["seq"] for event in page.kept] == [*range(1, len(page.kept) + 1)]
    assert [event["part"] for event in page.kept if event["type"] == "part_reset"] == [0]
    assert page.text() == WORDS
    assert page.kept[-1]["reason"] == "done"
    again = talker.ask("GET", f"/api/conversations/{begun['conversationId']}")[1]
    assert (again["messages"][-1]["content"], again["turn"]) == (WORDS, None)
    assert again["messages"][-1]["costMicroUsd"] > 0


def test_no_tool_acts_twice_when_the_platform_dies_after_it(
    scripted: PlatformProcess, talker: Talker, upstream: FakeAnthropic
) -> None:
    draft = {"name": "뉴스 요약", "final_prompt": "뉴스를 요약해 줘"}
    steps = ({"tool": "change_draft", "input": draft}, {"text": WORDS})
    begun = talker.begin(script(*steps, hang_mid=4, after=1))
    page = Page(talker, begun["conversationId"])
    page.until_shown()
    scripted.kill()
    calls = len(upstream.model_calls())
    # from now on the model is well
    upstream.counts = dict.fromkeys(upstream.counts, -1_000)

    scripted.start()
    page.until("turn_ended")

    assert calls == 2
    assert len(upstream.model_calls()) == 3, "only the unfinished step was asked for again"
    assert page.text() == WORDS
    assert [event["seq"] for event in page.kept] == [*range(1, len(page.kept) + 1)]
    done = [event["name"] for event in page.kept if event["type"] == "tool" and event["state"] == "done"]
    drafts = [event["data"]["revision"] for event in page.kept if event["type"] == "card" and event["kind"] == "draft"]
    assert (done, drafts) == (["change_draft"], [1])
    last = upstream.model_calls()[-1]["body"]["messages"]
    assert [message["role"] for message in last] == ["user", "assistant", "user"]


def test_a_platform_that_is_stopped_leaves_its_turns_to_the_next_start(
    scripted: PlatformProcess, talker: Talker
) -> None:
    begun = talker.begin(script({"text": WORDS}, hang_mid=4, times=1))
    page = Page(talker, begun["conversationId"])
    page.until_shown()

    assert scripted.stop() == 0
    scripted.start()
    page.until("turn_ended")

    assert (page.text(), page.kept[-1]["reason"]) == (WORDS, "done")


def test_a_message_sent_again_after_the_restart_is_the_same_turn(scripted: PlatformProcess, talker: Talker) -> None:
    text = script({"text": WORDS}, hang_mid=4, times=1)
    begun = talker.begin(text, clientMessageId="once")
    Page(talker, begun["conversationId"]).until_shown()
    scripted.kill()
    scripted.start()

    whole = talker.say(text, clientMessageId="once")

    assert whole["events"][0]["turn"] == begun["turn"]
    assert whole["message"]["content"] == WORDS
    assert len(talker.ask("GET", "/api/conversations")[1]["items"]) == 1


def test_a_stop_asked_for_while_nobody_answered_is_heeded(scripted: PlatformProcess, talker: Talker) -> None:
    begun = talker.begin(script({"text": WORDS}, hang_mid=4))
    Page(talker, begun["conversationId"]).until_shown()
    scripted.kill()
    scripted.start()
    assert talker.ask("POST", f"/api/conversations/{begun['conversationId']}/stop")[0] == 202

    page = Page(talker, begun["conversationId"])
    page.until("turn_ended")

    assert page.kept[-1]["reason"] == "stopped"

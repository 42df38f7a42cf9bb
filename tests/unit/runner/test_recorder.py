"""Events on their way: numbered without gaps, again until they arrived, never too large."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from ohmyagent.runner.platform import Platform
from ohmyagent.runner.protocol import Claim
from ohmyagent.runner.recorder import BATCH_BYTES, EVENT_BYTES, Recorder, fitting
from tests.fake_platform import FakePlatform


def recorder(platform: FakePlatform, stop: Callable[[str], None] = lambda reason: None) -> Recorder:
    claim = Claim.of(platform.claim())
    return Recorder(Platform(platform.url, claim), claim.spec, stop)


def test_events_arrive_in_order_and_without_gaps() -> None:
    with FakePlatform() as platform:
        recording = recorder(platform)
        for number in range(500):
            recording.add("log", text=f"{number} 안녕")
        recording.close()
    assert [event["text"] for event in platform.events] == [f"{number} 안녕" for number in range(500)]
    assert recording.last_seq == 500


def test_an_outage_delays_and_loses_nothing() -> None:
    with FakePlatform() as platform:
        recording = recorder(platform)
        platform.outage = True
        for number in range(5):
            recording.add("log", text=str(number))
            time.sleep(0.05)
        platform.outage = False
        recording.close()
    assert [event["seq"] for event in platform.events] == [1, 2, 3, 4, 5]


def test_a_batch_is_small_or_one_event() -> None:
    with FakePlatform() as platform:
        recording = recorder(platform)
        for _ in range(12):
            recording.add("text", text="x" * 20_000)
        recording.close()
    sizes = [len(json.dumps(batch["events"])) for _, batch in platform.batches if batch["events"]]
    assert max(sizes) <= BATCH_BYTES + 1000
    assert len(platform.events) == 12


@pytest.mark.parametrize(
    ("misbehave", "reason"),
    [
        (lambda platform: setattr(platform, "cancel", True), "cancelled"),
        (lambda platform: platform.statuses.update(events=409), "disowned"),
        (lambda platform: platform.statuses.update(events=410), "disowned"),
        (lambda platform: setattr(platform, "outage", True), "orphaned"),
    ],
)
def test_the_platforms_wish_to_stop_is_heard(misbehave: Callable[[FakePlatform], Any], reason: str) -> None:
    stopped, reasons = threading.Event(), []

    def stop(why: str) -> None:
        reasons.append(why)
        stopped.set()

    with FakePlatform(heartbeatSeconds=0.1, orphanSeconds=0.5 if reason == "orphaned" else 60) as platform:
        misbehave(platform)
        recording = recorder(platform, stop)
        assert stopped.wait(60)
        platform.outage = False
        recording.close()
    assert reasons[0] == reason


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "가" * 100_000},
        {"text": '"' * 40_000},
        {"input": {"file_path": "f", "content": "x" * 100_000}},
        {"input": {f"key{number}": "x" * 1000 for number in range(1000)}},
        {"input": {"x" * 100_000: 1}},
        {"input": [["x" * 100] * 1000] * 10},
        {"output": "\\" * 50_000, "id": "y" * 50_000},
    ],
)
def test_an_event_fits_and_says_that_it_was_cut(fields: dict[str, Any]) -> None:
    event, size = fitting({"seq": 1, "type": "text"} | fields)
    assert size == len(json.dumps(event, ensure_ascii=False).encode()) <= EVENT_BYTES
    assert (event["seq"], event["type"], event["truncated"]) == (1, "text", True)


def test_an_event_that_fits_is_untouched() -> None:
    event = {"seq": 1, "type": "text", "text": "x" * 30_000}
    assert fitting(event)[0] is event

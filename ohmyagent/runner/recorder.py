"""Carries a run's events to the platform: numbered without gaps, in batches, again until they have arrived."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ohmyagent.runner.platform import NotOurs, Platform, Refused, Unreachable
from ohmyagent.runner.protocol import Json, Spec

EVENT_BYTES = 32 << 10
BATCH_BYTES = 64 << 10
RETRY_SECONDS = 0.25
# a heartbeat leaves early, so that it arrives in time
PUNCTUALITY = 0.8
CUTS = (12_000, 4_000, 1_000, 200)

Stop = Callable[[str], None]
Sized = tuple[Json, int]
"""An event, and the bytes of its JSON."""


class Recorder:
    """Takes events from any thread; a thread of its own delivers them and listens for the platform's wish to stop.

    `stop` is called with `cancelled`, `orphaned` (no answer for too long) or `disowned` (ended, or another owner).
    """

    def __init__(self, platform: Platform, spec: Spec, stop: Stop) -> None:
        self._platform, self._spec, self._stop = platform, spec, stop
        self._waiting: deque[Sized] = deque()
        self._seq = 0
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    @property
    def last_seq(self) -> int:
        return self._seq

    def add(self, kind: str, **fields: Any) -> None:
        """Record one event now; long texts are cut, and what no store takes is cleaned out."""
        with self._changed:
            self._seq += 1
            event = {"seq": self._seq, "time": _now(), "type": kind, **fields}
            self._waiting.append(fitting(event))
            self._changed.notify()

    def close(self) -> None:
        """Deliver what is waiting, as long as the platform is not given up; then the thread is gone."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        try:
            self._deliver()
        finally:
            self._platform.close()

    def _deliver(self) -> None:
        """Until all is delivered or a stop was called: nothing can be delivered after one."""
        answered = time.monotonic()
        while True:
            batch, done = self._next_batch()
            if done:
                return
            try:
                events = [event for event, _ in batch]
                if self._platform.events(events[0]["seq"] if events else self._seq + 1, events):
                    self._stop("cancelled")
                answered = time.monotonic()
                self._forget(batch)
            except Unreachable:
                if time.monotonic() - answered > self._spec.orphan:
                    self._stop("orphaned")
                    return
                time.sleep(RETRY_SECONDS)
            except (NotOurs, Refused):
                self._stop("disowned")
                return

    def _next_batch(self) -> tuple[list[Sized], bool]:
        """What to send next, after a pause in which more may come; empty for a heartbeat; and whether all is done."""
        with self._changed:
            if not self._waiting and not self._closing:
                self._changed.wait(self._spec.heartbeat * PUNCTUALITY)
            if self._waiting and not self._closing:
                self._changed.wait_for(lambda: self._closing, self._spec.flush)
            return self._head(), self._closing and not self._waiting

    def _head(self) -> list[Sized]:
        batch: list[Sized] = []
        size = 0
        for event, event_size in self._waiting:
            size += event_size
            if batch and size > BATCH_BYTES:
                break
            batch.append((event, event_size))
        return batch

    def _forget(self, batch: list[Sized]) -> None:
        with self._changed:
            for _ in batch:
                self._waiting.popleft()


def fitting(event: Json) -> Sized:
    """The event in at most 32 KB of JSON: its long texts are cut where needed, with `truncated` when they were."""
    size = _size(event)
    if size <= EVENT_BYTES:
        return event, size
    simple = {key: value for key, value in event.items() if not isinstance(value, dict | list)}
    for whole, longest in [*((event, cut) for cut in CUTS), (simple, CUTS[-1])]:
        shorter = _cut(whole, longest) | {"truncated": True}
        size = _size(shorter)
        if size <= EVENT_BYTES:
            break
    return shorter, size


def _size(event: Json) -> int:
    return len(json.dumps(event, ensure_ascii=False).encode())


def _cut(value: Any, longest: int) -> Any:
    if isinstance(value, str):
        return value[:longest]
    if isinstance(value, dict):
        return {key[:longest]: _cut(item, longest) for key, item in value.items()}
    if isinstance(value, list):
        return [_cut(item, longest) for item in value]
    return value


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

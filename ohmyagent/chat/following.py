"""Following one run's log, event by event.

The log in the store is the only source: a reader holds a seq and nothing else, so it goes on after a restart, and
however slow it is, at most one page of the log is kept for it.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from ohmyagent import records
from ohmyagent.chat.running import Run, inline
from ohmyagent.domain.accounts import User
from ohmyagent.domain.errors import Forbidden, NotFound, Unauthenticated
from ohmyagent.ports import Store, Where
from ohmyagent.use_cases import running
from ohmyagent.use_cases.running import Log

PING_SECONDS = 15.0
POLL_SECONDS = 1.0
"""A wake is a hint that may be missed, so the log is read this often anyway."""
CHECK_SECONDS = 30.0
PAGE = 10
"""Batches of events read at once."""
PING = ": ping\n\n"
END = "event: end\ndata: {}\n\n"


class Follower:
    """`user` says who reads, and is asked again now and then: whoever signs out stops reading."""

    def __init__(
        self,
        store: Store,
        execution_id: str,
        user: Callable[[], User],
        run: Run = inline,
        ping_seconds: float = PING_SECONDS,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        self._store = store
        self._id = execution_id
        self._user = user
        self._run = run
        self._ping = ping_seconds
        self._check = check_seconds
        self._known: tuple[float, User] | None = None

    async def frames(self, after: int) -> AsyncIterator[str]:
        """Events with seq > after as SSE, then `event: end` once the run has ended and all was sent."""
        last_sent = time.monotonic()
        with woken(self._store, self._id) as changed:
            while True:
                changed.clear()
                try:
                    log = await self._run(partial(self._read, after))
                except (NotFound, Unauthenticated, Forbidden):
                    return
                for event in log.items:
                    yield frame(event)
                after = log.last_seq
                if log.done:
                    yield END
                    return
                if log.items:
                    last_sent = time.monotonic()
                    continue
                if time.monotonic() - last_sent >= self._ping:
                    last_sent = time.monotonic()
                    yield PING
                await either(changed, POLL_SECONDS)

    def _read(self, after: int) -> Log:
        if self._known is None or time.monotonic() - self._known[0] >= self._check:
            self._known = time.monotonic(), self._user()
        execution = running.find(self._store, self._known[1], self._id)
        return running.log(self._store, execution, after, PAGE)


@contextmanager
def woken(store: Store, execution_id: str) -> Iterator[asyncio.Event]:
    """An event that is set when the log or the run changed; the store calls from its own threads."""
    loop, changed = asyncio.get_running_loop(), asyncio.Event()
    path = records.executions.path(execution_id)

    def wake(changed_path: str) -> None:
        if changed_path.startswith(path):
            loop.call_soon_threadsafe(changed.set)

    stops = [
        store.watch(records.executions.name, wake, Where("id", "==", execution_id)),
        store.watch(records.batches(execution_id).name, wake),
    ]
    try:
        yield changed
    finally:
        for stop in stops:
            stop()


def frame(event: dict[str, Any]) -> str:
    """Source: https://html.spec.whatwg.org/multipage/server-sent-events.html"""
    return f"id: {event['seq']}\ndata: {json.dumps(event, ensure_ascii=False, separators=(',', ':'))}\n\n"


async def either(changed: asyncio.Event, seconds: float) -> None:
    """Wait until it is set, or for so long."""
    try:
        async with asyncio.timeout(seconds):
            await changed.wait()
    except TimeoutError:
        return

"""What is sent to readers, and how much of it may wait for one of them."""

import asyncio
from collections.abc import Iterable

MOST_WAITING = 512 * 1024
"""Characters that may wait for one reader; one that is slower than that is sent away and comes back with its seq."""


class Frame:
    """One event, encoded once for all its readers; `seq` None: it is kept nowhere."""

    __slots__ = ("_sse", "seq", "text")

    def __init__(self, seq: int | None, text: str) -> None:
        self.seq = seq
        self.text = text
        self._sse: bytes | None = None

    @property
    def sse(self) -> bytes:
        """Source: https://html.spec.whatwg.org/multipage/server-sent-events.html"""
        if self._sse is None:
            head = "" if self.seq is None else f"id: {self.seq}\n"
            self._sse = f"{head}data: {self.text}\n\n".encode()
        return self._sse


class Mailbox:
    """What waits for one reader.  Belongs to the event loop; one task takes, anybody puts."""

    __slots__ = ("_drained", "_frames", "_most", "_waiter", "_waiting", "closed", "finished", "overflown")

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._frames: list[Frame] = []
        self._waiting = 0
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self.overflown = False
        self.closed = False
        self.finished = False

    @property
    def empty(self) -> bool:
        return not self._frames

    def put(self, frame: Frame) -> None:
        """Keep it for the reader; beyond the limit everything is given up and `overflown` is set."""
        if self.overflown or self.closed:
            return
        self._waiting += len(frame.text)
        if self._waiting > self._most and self._frames:
            self.overflown = True
            self._frames.clear()
        else:
            self._frames.append(frame)
        self._wake()

    def put_all(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            self.put(frame)

    def close(self) -> None:
        """Nothing more is taken in; what waits can still be taken."""
        self.closed = True
        self._wake()

    def finish(self) -> None:
        """As `close`, because all there is was sent."""
        self.finished = True
        self.close()

    async def take(self) -> list[Frame]:
        """All that waits, once there is something; nothing when it is closed or overflown."""
        while not self._frames and not self.closed and not self.overflown:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        frames, self._frames, self._waiting = self._frames, [], 0
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        return frames

    async def drained(self) -> None:
        """Returns when nothing waits; for who brings much."""
        while self._frames and not self.closed and not self.overflown:
            self._drained = asyncio.get_running_loop().create_future()
            try:
                await self._drained
            finally:
                self._drained = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if (self.closed or self.overflown) and self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

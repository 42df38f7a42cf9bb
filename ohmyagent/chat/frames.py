"""What is sent to readers, and how much of it may wait for one of them."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

PUSH = "ohmyagent.push"
"""An extension of ASGI's scope."""
MOST_WAITING = 512 * 1024
"""Characters that may wait for one reader; one that is slower than that is sent away and comes back with its seq."""


class Frame:
    """One event, encoded once for all its readers; `seq` None: it is kept nowhere."""

    __slots__ = ("_chunk", "_message", "_sse", "seq", "text")

    def __init__(self, seq: int | None, text: str) -> None:
        self.seq = seq
        self.text = text
        self._sse: bytes | None = None
        self._chunk: bytes | None = None
        self._message: bytes | None = None

    @property
    def sse(self) -> bytes:
        """Source: https://html.spec.whatwg.org/multipage/server-sent-events.html"""
        if self._sse is None:
            head = "" if self.seq is None else f"id: {self.seq}\n"
            self._sse = f"{head}data: {self.text}\n\n".encode()
        return self._sse

    @property
    def chunk(self) -> bytes:
        """The event as a chunk of an HTTP/1.1 answer (RFC 9112, 7.1)."""
        if self._chunk is None:
            self._chunk = b"%x\r\n%b\r\n" % (len(self.sse), self.sse)
        return self._chunk

    @property
    def message(self) -> bytes:
        """The event as a WebSocket's text message from a server: one frame, not masked (RFC 6455, 5.2)."""
        if self._message is None:
            payload = self.text.encode()
            size = len(payload)
            if size < 126:
                head = b"\x81" + size.to_bytes(1, "big")
            elif size < 2**16:
                head = b"\x81\x7e" + size.to_bytes(2, "big")
            else:
                head = b"\x81\x7f" + size.to_bytes(8, "big")
            self._message = head + payload
        return self._message


Push = Callable[[Frame], bool]
"""Writes to a reader's connection at once; False if that cannot be done just now."""


def push_of(scope: Mapping[str, Any]) -> Push | None:
    """The short way to a connection, if its server has one (`wire.py`).  It is not taken while the reader is slow."""
    push: Push | None = (scope.get("extensions") or {}).get(PUSH)
    return push


class Mailbox:
    """What waits for one reader.  Belongs to the event loop; one task takes, anybody puts.

    With `push`, what is kept nowhere goes straight to the connection whenever nothing waits: a task that is woken for
    each word of each reader costs more than the word.  `pushed`: that has happened since it was last set to False.
    """

    __slots__ = (
        "_drained", "_frames", "_most", "_waiter", "_waiting", "closed", "finished", "overflown", "push", "pushed",
    )  # fmt: skip

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._frames: list[Frame] = []
        self._waiting = 0
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self.overflown = False
        self.closed = False
        self.finished = False
        self.push: Push | None = None
        self.pushed = False

    @property
    def empty(self) -> bool:
        return not self._frames

    def put(self, frame: Frame) -> None:
        """Keep it for the reader; beyond the limit everything is given up and `overflown` is set."""
        if self.overflown or self.closed:
            return
        if self.push is not None and frame.seq is None and self._is_idle() and self.push(frame):
            self.pushed = True
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

    def _is_idle(self) -> bool:
        """All that came before was taken and sent."""
        return self._waiter is not None and not self._waiter.done()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if (self.closed or self.overflown) and self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

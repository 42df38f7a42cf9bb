"""How often something may happen, and how much is taken together when there is too much to do."""

import asyncio
import time
from collections.abc import Callable


class Bucket:
    """A bucket of passes that fills up again; `clock` counts seconds."""

    __slots__ = ("_clock", "_filled", "_most", "_rate", "_tokens")

    def __init__(self, rate: float, most: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._most = most
        self._clock = clock
        self._tokens = most
        self._filled = clock()

    def take(self) -> bool:
        """Whether one more may pass now."""
        self._fill()
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    async def enter(self) -> None:
        """Wait until one more may pass; for one at a time."""
        self._fill()
        self._tokens -= 1
        if self._tokens < 0:
            await asyncio.sleep(-self._tokens / self._rate)

    def _fill(self) -> None:
        now = self._clock()
        self._tokens = min(self._most, self._tokens + (now - self._filled) * self._rate)
        self._filled = now


class Window:
    """Seconds within which what comes is shown together: few while the process has time, more when it is busy or late.

    Each piece costs the same for one word as for three, so a busy process makes fewer of them before it runs late.
    """

    LEAST, BUSY, MOST, PULSE, LATE = 0.03, 0.07, 0.1, 0.1, 0.04
    """`BUSY` leaves what comes a tenth of a second to arrive in; `MOST` is for a process that is late anyway."""
    EASY, FULL = 0.3, 0.7
    """Parts of a core: up to one the window is the least, from the other on it is `BUSY`."""

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = self.LEAST

    def adjust(self, lateness: float, busy: float) -> None:
        """Told every `PULSE` by how many seconds the loop was late, and what part of a core its thread took."""
        share = min(1.0, max(0.0, (busy - self.EASY) / (self.FULL - self.EASY)))
        least = self.LEAST + share * (self.BUSY - self.LEAST)
        factor = 1.5 if lateness > self.LATE else 0.9
        self.seconds = min(self.MOST, max(least, self.seconds * factor))

    async def pulse(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            begun, used = loop.time(), time.thread_time()
            await asyncio.sleep(self.PULSE)
            taken = loop.time() - begun
            self.adjust(taken - self.PULSE, (time.thread_time() - used) / taken)

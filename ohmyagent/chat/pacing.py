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
    """Seconds within which what comes is shown together: few while the process keeps up, more when it runs late."""

    LEAST, MOST, PULSE, LATE = 0.03, 0.1, 0.1, 0.02

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = self.LEAST

    def adjust(self, lateness: float) -> None:
        """Told every `PULSE` by how many seconds the loop was late."""
        factor = 1.5 if lateness > self.LATE else 0.9
        self.seconds = min(self.MOST, max(self.LEAST, self.seconds * factor))

    async def pulse(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + self.PULSE
            await asyncio.sleep(self.PULSE)
            self.adjust(loop.time() - due)

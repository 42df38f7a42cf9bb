"""How often something may happen: so much a second in the long run, so much at once."""

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

"""How long a call may wait.  One timer looks after all calls: one per call and phase would cost more than the call."""

import asyncio
from collections.abc import Callable

from ohmyagent.gateway.limits import Limits


class Patience:
    """One call's.  `extend` begins its next phase; when that has lasted too long the call's task is cancelled.

    `forgive` tells this cancellation from any other.  `look` is called a few times a second with the loop's time.
    """

    __slots__ = ("_due", "_last", "_loop", "_over", "_task", "begun", "look")

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, total: float) -> None:
        self._loop = loop
        self._task = asyncio.current_task(loop)
        self._over = False
        self.begun = loop.time()
        self._last = self.begun + total
        self._due = min(self.begun + seconds, self._last)
        self.look: Callable[[float], None] | None = None

    def extend(self, seconds: float) -> float:
        """The moment from which it counts."""
        now = self._loop.time()
        due = now + seconds
        self._due = due if due < self._last else self._last
        return now

    def limit(self, seconds: float) -> None:
        """No phase may last longer than this from now."""
        self._last = min(self._last, self._loop.time() + seconds)
        self._due = min(self._due, self._last)

    def forgive(self) -> bool:
        """Whether the CancelledError just caught was this one's; if so it is taken back."""
        if not self._over or self._task is None:
            return False
        self._task.uncancel()
        return True

    def examine(self, now: float) -> None:
        if self._over or self._task is None:
            return
        if now >= self._due:
            self._over = True
            self._task.cancel()
        elif self.look is not None:
            self.look(now)


class Attendance:
    """All calls under way."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._present: set[Patience] = set()
        self._timer: asyncio.TimerHandle | None = None

    def enter(self) -> Patience:
        """A call that begins with its upload."""
        loop = asyncio.get_running_loop()
        patience = Patience(loop, self._limits.upload, self._limits.total)
        self._present.add(patience)
        if self._timer is None:
            self._timer = loop.call_later(self._limits.tick, self._tick, loop)
        return patience

    def leave(self, patience: Patience) -> None:
        """May be said twice."""
        self._present.discard(patience)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for patience in tuple(self._present):
            patience.examine(now)
        self._timer = loop.call_later(self._limits.tick, self._tick, loop) if self._present else None

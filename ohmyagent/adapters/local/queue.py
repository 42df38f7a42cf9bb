"""Queue as rows of the SQLite file, and the threads that work it off."""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import structlog

from ohmyagent.adapters.local.task_rows import Claimed, DeadTask, Depth, Retries, TaskRows
from ohmyagent.adapters.retrying import backoff, outlasting
from ohmyagent.adapters.values import check_task
from ohmyagent.ports import Later, Task

log = structlog.get_logger()

POLL_SECONDS = 0.2
"""How soon work of another process is seen; work of this process wakes a thread at once."""
PURGE_SECONDS = 600.0

Handlers = Mapping[str, Callable[[Task], None]]


class SqliteQueue:
    """Durable across `kill -9`; several processes may enqueue to and work on the same file."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        retries: Retries | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._retries = retries or Retries()
        self._rows = TaskRows(path, self._retries, clock)
        self._clock = clock
        self._changed = threading.Condition()
        self._running: list[Claimed] = []
        self._resting: dict[str, float] = {}
        """Until when (monotonic) a kind is left alone."""

    def enqueue(self, task: Task) -> bool:
        check_task(task)
        new = self._rows.add(task)
        self._wake()
        return new

    def run(self, handlers: Handlers, threads: int, stop: threading.Event) -> None:
        """Work until `stop` is set, then return when the handlers under way have ended."""
        names = [f"queue-{number}" for number in range(threads)]
        workers = [threading.Thread(target=self._work, args=(handlers, stop), name=name, daemon=True) for name in names]
        for worker in workers:
            worker.start()
        purged = float("-inf")
        while alive := [worker for worker in workers if worker.is_alive()]:
            with outlasting("queue"):
                self._renew()
                if time.monotonic() - purged > PURGE_SECONDS:
                    self._rows.purge(datetime.now(UTC))
                    purged = time.monotonic()
            if stop.wait(self._retries.lease / 3):
                self._wake()
                alive[0].join(self._retries.lease / 3)

    def work_once(self, handlers: Handlers) -> bool:
        """Work one task off, in the caller's thread, without renewing its lease; False when none is due."""
        claimed = self._claim(list(handlers))
        if claimed is not None:
            self._finish(claimed, handlers[claimed.task.kind])
        return claimed is not None

    def purge(self, now: datetime) -> int:
        """Forget what was done long enough ago; returns how many."""
        return self._rows.purge(now)

    def dead(self) -> list[DeadTask]:
        """The tasks that used up their attempts, newest first."""
        return self._rows.dead()

    def revive(self, kind: str, name: str) -> bool:
        """Give a dead task all its attempts again, from now; False if there is none."""
        revived = self._rows.revive(kind, name)
        self._wake()
        return revived

    def depth(self) -> Depth:
        return self._rows.depth()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()  # whoever waits may wait for other kinds

    def _work(self, handlers: Handlers, stop: threading.Event) -> None:
        while not stop.is_set():
            with outlasting("queue"):
                kinds = self._awake(handlers)
                claimed = self._claim(kinds)
                if claimed is None:
                    self._wait(kinds)
                else:
                    self._finish(claimed, handlers[claimed.task.kind])

    def _awake(self, handlers: Handlers) -> list[str]:
        """The kinds that may be tried now.  Thousands that wait for the same room would keep each other busy asking."""
        now = time.monotonic()
        return [kind for kind in handlers if self._resting.get(kind, 0.0) <= now]

    def _claim(self, kinds: list[str]) -> Claimed | None:
        """A due task, first of the kind that has the fewest under way, so that no kind starves another."""
        with self._changed:
            running = Counter(claimed.task.kind for claimed in self._running)
        for kind in sorted(kinds, key=lambda kind: running[kind]):
            claimed = self._rows.claim(kind)
            if claimed is not None:
                with self._changed:
                    self._running.append(claimed)
                return claimed
        return None

    def _finish(self, claimed: Claimed, handler: Callable[[Task], None]) -> None:
        try:
            self._handle(claimed, handler)
        finally:
            with self._changed:
                self._running.remove(claimed)

    def _handle(self, claimed: Claimed, handler: Callable[[Task], None]) -> None:
        retries, attempts = self._retries, claimed.attempts
        try:
            if attempts > retries.attempts:
                raise RuntimeError("the worker died in the last attempt")
            handler(claimed.task)
        except Later as later:
            self._rows.settle(claimed, "waiting", later.seconds, attempts - 1)
            if later.whole_kind:
                self._resting[claimed.task.kind] = time.monotonic() + later.seconds
        except Exception as error:  # the border of the process: a handler may raise whatever it likes
            reason = f"{type(error).__name__}: {error}"
            last = attempts >= retries.attempts
            log.warning("task failed", kind=claimed.task.kind, name=claimed.task.name, attempts=attempts, dead=last)
            pause = 0.0 if last else backoff(attempts, retries.first_pause, retries.longest_pause)
            self._rows.settle(claimed, "dead" if last else "waiting", pause, min(attempts, retries.attempts), reason)
        else:
            self._rows.settle(claimed, "done", 0.0, attempts)

    def _renew(self) -> None:
        with self._changed:
            running = list(self._running)
        if running:
            self._rows.renew(running)

    def _wait(self, kinds: list[str]) -> None:
        """Until something is due, at most `POLL_SECONDS`."""
        with self._changed:
            due = self._rows.next_due(kinds)
            pause = POLL_SECONDS if due is None else min(POLL_SECONDS, due - self._clock())
            if pause > 0:
                self._changed.wait(pause)

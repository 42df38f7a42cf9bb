"""Large bodies weigh: a form with a file is in memory a few times over while it is taken.  Knows no web framework."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ohmyagent.domain.errors import Unavailable

MOST = 48 * 2**20
"""Bytes at once in a process: two of the largest files; in memory that is about three times as much."""
MOST_WAITING = 4
SECONDS = 20.0


class Scales:
    """Room for so many bytes.  Who finds none waits for a while, but only a few do; safe to use from many threads."""

    def __init__(self, most: int = MOST, waiting: int = MOST_WAITING, seconds: float = SECONDS) -> None:
        self._most, self._places, self._seconds = most, waiting, seconds
        self._changed = threading.Condition()
        self._weight = 0

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Room for `size` bytes while it lasts; raises Unavailable when there is none.  One alone always fits."""
        if size == 0:
            yield
            return
        with self._changed:
            if not self._fits(size):
                self._wait(size)
            self._weight += size
        try:
            yield
        finally:
            with self._changed:
                self._weight -= size
                self._changed.notify_all()

    def _fits(self, size: int) -> bool:
        return self._weight == 0 or self._weight + size <= self._most

    def _wait(self, size: int) -> None:
        if self._places == 0:
            raise Unavailable()
        self._places -= 1
        try:
            if not self._changed.wait_for(lambda: self._fits(size), self._seconds):
                raise Unavailable()
        finally:
            self._places += 1

"""Waking whoever watches a collection: at once for this process's commits, within a quarter second for others'."""

import itertools
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from ohmyagent.adapters.local.database import Database
from ohmyagent.adapters.values import check_collection

POLL_SECONDS = 0.25
POLL_SHARE = 0.02
"""A look reads through the watched collections; it may take this part of a processor, and is less frequent beyond."""
OVERLAP_NS = 2_000_000_000
"""A version is taken before its commit, so one that is older than the last one seen may still appear."""


class Watchers:
    """A thread calls the watchers; it lives only while somebody watches."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._guard = threading.Lock()
        self._numbers = itertools.count()
        self._wakes: dict[int, tuple[str, Callable[[str], None]]] = {}
        self._commits: SimpleQueue[str | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def add(self, collection: str, wake: Callable[[str], None]) -> Callable[[], None]:
        check_collection(collection)
        number = next(self._numbers)
        with self._guard:
            self._wakes[number] = (collection, wake)
            if self._thread is None:
                self._commits = SimpleQueue()
                self._thread = threading.Thread(
                    target=_Watching(self._database, self._snapshot, self._commits).run, name="watch", daemon=True
                )
                self._thread.start()
        return lambda: self._remove(number)

    def committed(self, paths: list[str]) -> None:
        if self._wakes:
            for path in paths:
                self._commits.put(path)

    def close(self) -> None:
        with self._guard:
            self._wakes.clear()
            self._stop()

    def _remove(self, number: int) -> None:
        with self._guard:
            self._wakes.pop(number, None)
            if not self._wakes:
                self._stop()

    def _stop(self) -> None:
        if self._thread is not None:
            self._commits.put(None)
            self._thread = None

    def _snapshot(self) -> list[tuple[str, Callable[[str], None]]]:
        with self._guard:
            return list(self._wakes.values())


class _Watching:
    """The loop of that thread."""

    def __init__(
        self,
        database: Database,
        wakes: Callable[[], list[tuple[str, Callable[[str], None]]]],
        commits: "SimpleQueue[str | None]",
    ) -> None:
        self._database = database
        self._wakes = wakes
        self._commits = commits
        self._since = time.time_ns()
        self._seen: set[int] = set()
        self._data_version = -1

    def run(self) -> None:
        due = time.monotonic() + POLL_SECONDS
        while True:
            try:
                path = self._commits.get(timeout=max(0.0, due - time.monotonic()))
                if path is None:
                    return
                self._wake(path)
            except Empty:
                due = self._look()

    def _wake(self, path: str) -> None:
        collection = path.rpartition("/")[0]
        for watched, wake in self._wakes():
            if watched == collection:
                wake(path)

    def _look(self) -> float:
        """Wake for what other processes wrote; gives the time of the next look, later after a slow one."""
        begun = time.monotonic()
        for path in self._foreign():
            self._wake(path)
        ended = time.monotonic()
        return ended + max(POLL_SECONDS, (ended - begun) / POLL_SHARE)

    def _foreign(self) -> list[str]:
        """What was written since the last look; this process's own commits of that time are in it again."""
        connection = self._database.connection()
        (data_version,) = connection.execute("PRAGMA data_version").fetchone()
        if data_version == self._data_version:
            return []
        self._data_version = data_version
        rows: list[tuple[int, str]] = []
        for collection in {watched for watched, _ in self._wakes()}:
            statement = "SELECT version, collection || '/' || id FROM docs WHERE collection = ? AND version > ?"
            rows += connection.execute(statement, (collection, self._since - OVERLAP_NS))
        fresh = [path for version, path in sorted(rows) if version not in self._seen]
        self._seen = {version for version, _ in rows}
        self._since = max([self._since, *self._seen])
        return fresh

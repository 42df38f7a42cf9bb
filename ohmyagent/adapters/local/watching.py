"""Waking whoever watches a collection: at once for this process's commits, within a quarter second for others'."""

import itertools
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from ohmyagent.adapters.local.database import Database
from ohmyagent.adapters.values import check_collection

POLL_SECONDS = 0.25
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
        self._seen: dict[int, None] = {}
        self._data_version = -1

    def run(self) -> None:
        while True:
            try:
                path = self._commits.get(timeout=POLL_SECONDS)
            except Empty:
                for found in self._foreign():
                    self._wake(found)
                continue
            if path is None:
                return
            self._wake(path)

    def _wake(self, path: str) -> None:
        collection = path.rpartition("/")[0]
        for watched, wake in self._wakes():
            if watched == collection:
                wake(path)

    def _foreign(self) -> list[str]:
        """What other connections wrote since the last look; a quarter second's own commits are in it again."""
        connection = self._database.connection()
        (data_version,) = connection.execute("PRAGMA data_version").fetchone()
        if data_version == self._data_version:
            return []
        self._data_version = data_version
        statement = "SELECT version, collection || '/' || id FROM docs WHERE version > ? ORDER BY version"
        rows = connection.execute(statement, (self._since - OVERLAP_NS,)).fetchall()
        fresh = [path for version, path in rows if version not in self._seen]
        self._seen = {version: None for version, _ in rows}
        self._since = max([self._since, *(version for version, _ in rows)])
        return fresh

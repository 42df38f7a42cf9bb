"""One SQLite file, shared by the store, the change events and the queue, by many threads and by several processes."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ohmyagent.domain.errors import Unavailable

BUSY_SECONDS = 10.0
CACHE_KIB = 16_384

_locks: dict[str, threading.Lock] = {}
_locks_guard = threading.Lock()


class Connection:
    """A thread's own connection, closed when the thread ends."""

    def __init__(self, path: Path) -> None:
        self.pid = os.getpid()
        self.raw = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self.raw.execute("PRAGMA journal_mode = WAL")
        self.raw.execute("PRAGMA synchronous = NORMAL")
        self.raw.execute(f"PRAGMA cache_size = -{CACHE_KIB}")

    def __del__(self) -> None:
        # A connection inherited by fork belongs to the parent: closing it here would drop the parent's locks.
        if getattr(self, "raw", None) is not None and self.pid == os.getpid():
            self.raw.close()


class Database:
    """Raises Unavailable for whatever SQLite cannot do: locked for too long, disk full, file damaged."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).resolve()
        self._own = threading.local()
        # SQLite waits for its lock by sleeping; threads of one process wait better on a lock of their own.
        with _locks_guard:
            self._lock = _locks.setdefault(str(self.path), threading.Lock())

    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        own: Connection | None = getattr(self._own, "connection", None)
        if own is None or own.pid != os.getpid():
            with refusing():
                own = self._own.connection = Connection(self.path)
        return own.raw

    def create(self, statements: str) -> None:
        """Run `CREATE … IF NOT EXISTS` statements.  A new file is its owner's alone, whatever folder it is in."""
        # SQLite gives its log the file's own mode.  One that is there is not opened: closing it would drop our locks.
        with suppress(OSError):  # it is there, or SQLite says below why it cannot be
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with self.write() as connection:
            for statement in filter(str.strip, statements.split(";")):
                connection.execute(statement)

    def read(self, statement: str, values: Any = ()) -> list[Any]:
        """All rows that a SELECT gives."""
        with refusing():
            return self.connection().execute(statement, values).fetchall()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: committed at the end, rolled back by whatever is raised inside."""
        connection = self.connection()
        with self._lock:
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.DatabaseError):
                    raise _unavailable(error) from error
                raise

    def close(self) -> None:
        """Close this thread's connection; those of other threads close when their thread ends."""
        self._own = threading.local()


@contextmanager
def refusing() -> Iterator[None]:
    """Translate what SQLite refuses."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _unavailable(error) from error


def _unavailable(error: sqlite3.DatabaseError) -> Unavailable:
    return Unavailable(f"The database cannot be used: {error}")

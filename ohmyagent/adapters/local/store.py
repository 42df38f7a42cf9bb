"""Store on one SQLite file."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from ohmyagent.adapters.local.database import Database, refusing
from ohmyagent.adapters.local.sql import Declared, declaration, select, sortable
from ohmyagent.adapters.local.watching import Watchers
from ohmyagent.adapters.queries import cursor, decoded, encoded, plan
from ohmyagent.adapters.retrying import Outrun, retrying
from ohmyagent.adapters.values import MAX_DOCUMENT, Key, check_document, check_update, key_of
from ohmyagent.adapters.writes import Collected, Write, refused
from ohmyagent.domain.errors import NotFound
from ohmyagent.ports import ChangeKind, Document, Page, Query, Transaction, Where

T = TypeVar("T")

SCHEMA_VERSION = 1
FIRST_PAUSE = 0.001
BYTES_A_CHARACTER = 5
"""No value counts for more: an integer of a list is eight bytes in two characters, any other character at most four."""
Row = tuple[str, int]
"""A document's data and version."""
VERSION = "SELECT version FROM docs WHERE collection = ? AND id = ?"
LOAD = "SELECT data, version FROM docs WHERE collection = ? AND id = ?"
SCHEMA = """
CREATE TABLE IF NOT EXISTS docs (
  collection TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, version INTEGER NOT NULL, data TEXT NOT NULL,
  PRIMARY KEY (collection, id)
);
CREATE TABLE IF NOT EXISTS outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, kind TEXT NOT NULL, time REAL NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, due REAL DEFAULT 0, error TEXT
);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (due, seq)
"""


class SqliteStore:
    """`feed` names the collections (last name of the path) whose writes become change events.

    `fed` is set by each commit, for whoever delivers those.
    Calls take microseconds and hold no lock while `work` of a transaction runs, so they may be made on an event loop.
    """

    def __init__(
        self, path: str | os.PathLike[str], feed: frozenset[str] = frozenset(), indexes: Iterable[Declared] = ()
    ) -> None:
        self.database = Database(path)
        self._feed = feed
        self.fed = threading.Event()
        self.watchers = Watchers(self.database)
        self.database.create(f"{SCHEMA}; PRAGMA user_version = {SCHEMA_VERSION}")
        self.database.create("; ".join(map(declaration, indexes)))

    def paths(self) -> list[str]:
        """Of every document there is."""
        rows = self.database.read("SELECT collection, id FROM docs ORDER BY collection, id", ())
        return [f"{collection}/{id}" for collection, id in rows]

    def get(self, path: str) -> Document:
        found = self.find(path)
        if found is None:
            raise NotFound(f"There is no {path}.")
        return found

    def find(self, path: str) -> Document | None:
        return self._load(path)[0]

    def create(self, path: str, data: Document) -> None:
        self._commit_one(path, Write("create", data))

    def put(self, path: str, data: Document) -> None:
        self._commit_one(path, Write("put", data))

    def update(self, path: str, fields: Document) -> None:
        check_update(fields)
        self._commit_one(path, Write("update", fields))

    def delete(self, path: str) -> None:
        self._commit_one(path, Write("delete", {}))

    def query(self, query: Query) -> Page:
        planned = plan(query)
        with refusing():
            rows = self.database.connection().execute(*select(planned)).fetchall()
        items = [decoded(data) for _, data in rows[: query.limit]]
        more = len(rows) > query.limit
        return Page(items, cursor(planned, items[-1], rows[query.limit - 1][0]) if more else None)

    def tally(self, collection: str, field: str) -> dict[str, int]:
        """How many documents of a top-level collection there are by the text in one of their fields."""
        statement = (
            f"SELECT {sortable(field)}, count(*) FROM docs WHERE kind = '{collection}' AND collection = ?"  # noqa: S608
            f" GROUP BY {sortable(field)}"
        )
        rows = self.database.connection().execute(statement, (collection,)).fetchall()
        return {text.removeprefix('"'): count for text, count in rows if isinstance(text, str)}

    def transact(self, work: Callable[[Transaction], T]) -> T:
        def attempt() -> T:
            collected = Collected(self._load)
            result = work(collected)
            if collected.writes:
                self._commit(collected.read, collected.writes)
            return result

        return retrying(attempt, FIRST_PAUSE)

    def watch(self, collection: str, wake: Callable[[str], None], where: Where | None = None) -> Callable[[], None]:
        """Here hints cost nothing, so all come."""
        return self.watchers.add(collection, wake)

    def close(self) -> None:
        self.watchers.close()
        self.database.close()

    def _load(self, path: str) -> tuple[Document | None, Row | None]:
        key = key_of(path)
        try:
            row = self.database.connection().execute(LOAD, key).fetchone()
        except sqlite3.DatabaseError:
            with refusing():
                raise
        return (None, None) if row is None else (decoded(row[0]), row)

    def _commit_one(self, path: str, write: Write) -> None:
        key_of(path)
        check_document(path, write.data)
        self._commit({}, {path: write})

    def _commit(self, read: dict[str, Row | None], writes: dict[str, Write]) -> None:
        changed: list[str] = []
        with self.database.write() as connection:
            for path, row in read.items():
                if connection.execute(VERSION, key_of(path)).fetchone() != (row and row[1:]):
                    raise Outrun(path)
            for path, write in writes.items():
                row = read[path] if path in read else connection.execute(LOAD, key_of(path)).fetchone()
                kind = _apply(connection, path, write, row)
                if kind is not None:
                    changed.append(path)
                    self._record(connection, path, kind)
        if changed:
            self.fed.set()
            self.watchers.committed(changed)

    def _record(self, connection: sqlite3.Connection, path: str, kind: ChangeKind) -> None:
        if key_of(path).collection.rpartition("/")[2] in self._feed:
            row = (path, kind.value, time.time())
            connection.execute("INSERT INTO outbox (path, kind, time) VALUES (?, ?, ?)", row)


def _apply(connection: sqlite3.Connection, path: str, write: Write, row: Row | None) -> ChangeKind | None:
    """Write one document, of which `row` is the present state; None when it is as it was before."""
    key = key_of(path)
    refused(path, write, exists=row is not None)
    if row is None:
        return _inserted(connection, path, key, write)
    if write.kind == "delete":
        connection.execute("DELETE FROM docs WHERE collection = ? AND id = ?", key)
        return ChangeKind.DELETED
    data = encoded(write.data) if write.kind == "put" else _merged(path, row[0], write.data)
    if data == row[0]:
        return None
    statement = "UPDATE docs SET data = ?, version = ? WHERE collection = ? AND id = ?"
    connection.execute(statement, (data, _now(), *key))
    return ChangeKind.UPDATED


def _inserted(connection: sqlite3.Connection, path: str, key: Key, write: Write) -> ChangeKind | None:
    if write.kind == "delete":
        return None
    row = (*key, key.collection.rpartition("/")[2], _now(), encoded(write.data))
    connection.execute("INSERT INTO docs (collection, id, kind, version, data) VALUES (?, ?, ?, ?, ?)", row)
    return ChangeKind.CREATED


def _merged(path: str, data: str, fields: Document) -> str:
    merged = {**decoded(data), **fields}
    text = encoded(merged)
    if len(text) > MAX_DOCUMENT / BYTES_A_CHARACTER:
        check_document(path, merged)
    return text


def _now() -> int:
    """A version: nanoseconds, so that it never comes back after a delete, and other processes can ask what is newer."""
    return time.time_ns()

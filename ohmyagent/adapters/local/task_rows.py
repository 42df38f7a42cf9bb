"""The queue's rows: each statement is one transaction, so that any process may die between two of them."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from ohmyagent.adapters.local.database import Database
from ohmyagent.ports import Task

SCHEMA = """
CREATE TABLE IF NOT EXISTS tasks (
  kind TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, due REAL NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting', attempts INTEGER NOT NULL DEFAULT 0, lease TEXT, error TEXT,
  PRIMARY KEY (kind, name)
);
CREATE INDEX IF NOT EXISTS tasks_due ON tasks (state, kind, due)
"""
CLAIM = """
UPDATE tasks SET lease = ?, due = ?, attempts = attempts + 1
WHERE (kind, name) = (
  SELECT kind, name FROM tasks WHERE state = 'waiting' AND kind = ? AND due <= ? ORDER BY due LIMIT 1
)
RETURNING name, body, attempts
"""


@dataclass(frozen=True)
class Retries:
    """`lease` seconds after its worker died, a task is due again; a living worker renews the lease."""

    attempts: int = 10
    first_pause: float = 1.0
    longest_pause: float = 300.0
    lease: float = 10.0
    remember: float = 172_800.0


@dataclass(frozen=True)
class DeadTask:
    task: Task
    attempts: int
    error: str
    time: datetime


@dataclass(frozen=True)
class Depth:
    """`late` seconds is how long the oldest task that is due has been waiting."""

    due: int
    later: int
    running: int
    dead: int
    late: float


@dataclass(frozen=True)
class Claimed:
    task: Task
    lease: str
    attempts: int


class TaskRows:
    """`clock` gives seconds since 1970."""

    def __init__(self, path: str | os.PathLike[str], retries: Retries, clock: Callable[[], float] = time.time) -> None:
        self._database = Database(path)
        self._database.create(SCHEMA)
        self._retries = retries
        self._clock = clock

    def add(self, task: Task) -> bool:
        due = self._clock() if task.due is None else task.due.timestamp()
        row = (task.kind, task.name, json.dumps(task.body), due)
        with self._database.write() as connection:
            statement = "INSERT OR IGNORE INTO tasks (kind, name, body, due) VALUES (?, ?, ?, ?)"
            return connection.execute(statement, row).rowcount == 1

    def claim(self, kind: str) -> Claimed | None:
        """Lease the task of this kind that has been due for the longest time."""
        now = self._clock()
        is_due = "SELECT 1 FROM tasks WHERE state = 'waiting' AND kind = ? AND due <= ? LIMIT 1"
        if not self._database.read(is_due, (kind, now)):
            return None
        lease = uuid4().hex
        with self._database.write() as connection:
            row = connection.execute(CLAIM, (lease, now + self._retries.lease, kind, now)).fetchone()
        if row is None:
            return None
        name, body, attempts = row
        return Claimed(Task(kind, name, json.loads(body)), lease, attempts)

    def settle(self, claimed: Claimed, state: str, pause: float, attempts: int, error: str | None = None) -> None:
        """Write the outcome, unless the lease was lost: whoever has it now writes theirs."""
        statement = """
            UPDATE tasks SET state = ?, due = ?, attempts = ?, error = ?, lease = NULL
            WHERE kind = ? AND name = ? AND lease = ?
        """
        key = (claimed.task.kind, claimed.task.name, claimed.lease)
        with self._database.write() as connection:
            connection.execute(statement, (state, self._clock() + pause, attempts, error, *key))

    def renew(self, claims: list[Claimed]) -> None:
        due = self._clock() + self._retries.lease
        rows = [(due, claimed.task.kind, claimed.task.name, claimed.lease) for claimed in claims]
        with self._database.write() as connection:
            connection.executemany("UPDATE tasks SET due = ? WHERE kind = ? AND name = ? AND lease = ?", rows)

    def next_due(self, kinds: list[str]) -> float | None:
        """When the next task of these kinds is due (seconds since 1970), or a lease on one runs out."""
        statement = "SELECT min(due) FROM tasks WHERE state = 'waiting' AND kind = ?"
        dues = [self._database.read(statement, (kind,))[0][0] for kind in kinds]
        return min((due for due in dues if due is not None), default=None)

    def purge(self, now: datetime) -> int:
        """Forget what was done long enough ago; returns how many."""
        with self._database.write() as connection:
            before = now.timestamp() - self._retries.remember
            return connection.execute("DELETE FROM tasks WHERE state = 'done' AND due < ?", (before,)).rowcount

    def dead(self) -> list[DeadTask]:
        statement = "SELECT kind, name, body, attempts, error, due FROM tasks WHERE state = 'dead' ORDER BY due DESC"
        return [
            DeadTask(Task(kind, name, json.loads(body)), attempts, error, datetime.fromtimestamp(due, UTC))
            for kind, name, body, attempts, error, due in self._database.read(statement)
        ]

    def revive(self, kind: str, name: str) -> bool:
        statement = """
            UPDATE tasks SET state = 'waiting', attempts = 0, due = ? WHERE kind = ? AND name = ? AND state = 'dead'
        """
        with self._database.write() as connection:
            return connection.execute(statement, (self._clock(), kind, name)).rowcount == 1

    def depth(self) -> Depth:
        now = self._clock()
        statement = """
            SELECT count(*) FILTER (WHERE state = 'waiting' AND lease IS NULL AND due <= :now),
                   count(*) FILTER (WHERE state = 'waiting' AND lease IS NULL AND due > :now),
                   count(*) FILTER (WHERE state = 'waiting' AND lease IS NOT NULL),
                   count(*) FILTER (WHERE state = 'dead'),
                   min(due) FILTER (WHERE state = 'waiting' AND lease IS NULL)
            FROM tasks WHERE state IN ('waiting', 'dead')
        """
        ((due, later, running, dead, oldest),) = self._database.read(statement, {"now": now})
        return Depth(due, later, running, dead, max(0.0, now - oldest) if due else 0.0)

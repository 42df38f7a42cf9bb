"""Delivering the change events that the SQLite store wrote in the same transactions as its documents."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.adapters.retrying import backoff, outlasting
from ohmyagent.ports import Change, ChangeKind

log = structlog.get_logger()

POLL_SECONDS = 0.2
"""How soon a commit of another process is seen; one of this process is delivered at once."""
BATCH = 50
CLAIM = """
UPDATE outbox SET due = :lease, attempts = attempts + 1
WHERE seq IN (SELECT seq FROM outbox WHERE due <= :now ORDER BY due, seq LIMIT :batch)
RETURNING seq, path, kind, time, attempts
"""


@dataclass(frozen=True)
class Deliveries:
    """`lease` seconds after whoever delivered died, its changes are due again."""

    attempts: int = 12
    first_pause: float = 0.5
    longest_pause: float = 300.0
    lease: float = 10.0


@dataclass(frozen=True)
class DeadChange:
    change: Change
    attempts: int
    error: str


@dataclass(frozen=True)
class _Claimed:
    seq: int
    change: Change
    attempts: int


class SqliteChanges:
    """At least once, each on its own: a change whose handler fails waits with backoff and holds up no other."""

    def __init__(self, store: SqliteStore, deliveries: Deliveries | None = None) -> None:
        self._store = store
        self._database = store.database
        self._deliveries = deliveries or Deliveries()

    def run(self, handler: Callable[[Change], None], stop: threading.Event) -> None:
        """Deliver until `stop` is set."""
        while not stop.is_set():
            self._store.fed.clear()
            with outlasting("changes"):
                if not self.deliver_once(handler):
                    self._store.fed.wait(POLL_SECONDS)

    def deliver_once(self, handler: Callable[[Change], None]) -> int:
        """Deliver a batch of what is due; returns how many were tried."""
        batch = self._claim()
        renewed = time.monotonic()
        for number, claimed in enumerate(batch):
            if time.monotonic() - renewed > self._deliveries.lease / 3:
                self._renew(batch[number:])
                renewed = time.monotonic()
            self._deliver(claimed, handler)
        return len(batch)

    def dead(self) -> list[DeadChange]:
        """The changes that used up their attempts, oldest first."""
        rows = self._database.read("SELECT seq, path, kind, time, attempts, error FROM outbox WHERE due IS NULL")
        return [DeadChange(_change(*row[:4]), row[4], row[5]) for row in sorted(rows)]

    def _claim(self) -> list[_Claimed]:
        now = time.time()
        if not self._database.read("SELECT 1 FROM outbox WHERE due <= ? LIMIT 1", (now,)):
            return []
        values = {"now": now, "lease": now + self._deliveries.lease, "batch": BATCH}
        with self._database.write() as connection:
            rows = connection.execute(CLAIM, values).fetchall()
        return [_Claimed(row[0], _change(*row[:4]), row[4]) for row in sorted(rows)]

    def _renew(self, claims: list[_Claimed]) -> None:
        due = time.time() + self._deliveries.lease
        with self._database.write() as connection:
            connection.executemany("UPDATE outbox SET due = ? WHERE seq = ?", [(due, claim.seq) for claim in claims])

    def _deliver(self, claimed: _Claimed, handler: Callable[[Change], None]) -> None:
        try:
            handler(claimed.change)
        except Exception as error:  # the border of the process: a handler may raise whatever it likes
            dead = claimed.attempts >= self._deliveries.attempts
            log.warning("change not handled", change=claimed.change.id, attempts=claimed.attempts, dead=dead)
            self._postpone(claimed, dead, f"{type(error).__name__}: {error}")
        else:
            with self._database.write() as connection:
                connection.execute("DELETE FROM outbox WHERE seq = ?", (claimed.seq,))

    def _postpone(self, claimed: _Claimed, dead: bool, error: str) -> None:
        pause = backoff(claimed.attempts, self._deliveries.first_pause, self._deliveries.longest_pause)
        due = None if dead else time.time() + pause
        with self._database.write() as connection:
            connection.execute("UPDATE outbox SET due = ?, error = ? WHERE seq = ?", (due, error, claimed.seq))


def _change(seq: int, path: str, kind: str, at: float) -> Change:
    return Change(f"outbox-{seq}", path, ChangeKind(kind), datetime.fromtimestamp(at, UTC))

"""Every write to a fed collection is delivered as a change, at least once, whoever dies meanwhile.

On SQLite from the outbox; on Firestore as CloudEvents of a real trigger of the official emulator.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ohmyagent.adapters.gcp.changes import change_of
from ohmyagent.adapters.local.changes import Deliveries, SqliteChanges
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.domain.errors import Invalid
from ohmyagent.ports import Change, ChangeKind, Store
from tests.contract.emulator import Emulator
from tests.contract.killing import killed_after

Deliver = Callable[[Store], Any]
QUICK = Deliveries(attempts=3, first_pause=0.05, lease=0.5)


class Received:
    """A handler that remembers."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self._arrived = threading.Condition()

    def __call__(self, change: Change) -> None:
        with self._arrived:
            self.changes.append(change)
            self._arrived.notify_all()

    def wait_for(self, count: int, seconds: float = 40) -> list[tuple[str, ChangeKind]]:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.changes) >= count, seconds), self.changes
            return [(change.path, change.kind) for change in self.changes]


@contextmanager
def delivering(changes: SqliteChanges, handler: Callable[[Change], None]) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=changes.run, args=(handler, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def receiving(port: int, handler: Callable[[Change], None]) -> Iterator[None]:
    """A small function behind the trigger: it takes CloudEvents in binary mode."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            names = {name.lower().removeprefix("ce-"): value for name, value in self.headers.items()}
            handler(change_of(Event(names, body)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Receiver)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Event:
    def __init__(self, attributes: Mapping[str, Any], data: bytes) -> None:
        self.attributes = attributes
        self.data = data

    def get_attributes(self) -> Mapping[str, Any]:
        return self.attributes


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.emulator)])
def fed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, Received]]:
    """A store whose collection `mail` is fed, and what has been delivered."""
    received = Received()
    if request.param == "sqlite":
        store = SqliteStore(tmp_path / "oma.db", feed=frozenset({"mail"}))
        with delivering(SqliteChanges(store, QUICK), received):
            yield store, received
        store.close()
        return
    emulator: Emulator = request.getfixturevalue("emulator")
    firestore = request.getfixturevalue("firestore")()
    emulator.trigger(firestore.client.project, "mail", "mail/{id}")
    with receiving(emulator.functions_port, received):
        yield firestore, received


def test_each_kind_of_write_is_delivered_with_its_path_kind_and_time(fed: tuple[Store, Received]) -> None:
    store, received = fed
    begun = datetime.now(UTC) - timedelta(seconds=1)
    store.create("mail/m1", {"to": "a@example.com"})
    store.update("mail/m1", {"sent": True})
    store.put("mail/m1", {"sent": False})
    store.delete("mail/m1")
    store.put("mail/m2", {})
    expected = [
        ("mail/m1", ChangeKind.CREATED),
        ("mail/m1", ChangeKind.UPDATED),
        ("mail/m1", ChangeKind.UPDATED),
        ("mail/m1", ChangeKind.DELETED),
        ("mail/m2", ChangeKind.CREATED),
    ]
    assert sorted(received.wait_for(5)) == sorted(expected)
    assert len({change.id for change in received.changes}) == 5
    assert all(begun < change.time < datetime.now(UTC) + timedelta(seconds=1) for change in received.changes)


def test_a_transaction_feeds_what_it_wrote_and_a_failed_one_nothing(fed: tuple[Store, Received]) -> None:
    store, received = fed
    store.transact(lambda tx: (tx.put("mail/m1", {}), tx.put("other/o1", {}), tx.put("mail/m2", {})))
    with pytest.raises(ZeroDivisionError):
        store.transact(lambda tx: (tx.put("mail/m3", {}), 1 / 0))
    store.put("mail/m4", {})
    assert sorted(received.wait_for(3)) == [(f"mail/m{n}", ChangeKind.CREATED) for n in (1, 2, 4)]


def test_only_the_fed_collection_itself_is_fed(fed: tuple[Store, Received]) -> None:
    store, received = fed
    store.put("mails/m1", {})
    store.put("mail/m1/parts/p1", {})
    store.put("mail/m1", {})
    assert received.wait_for(1) == [("mail/m1", ChangeKind.CREATED)]


def test_events_of_anything_else_are_refused() -> None:
    attributes = {"id": "1", "type": "google.cloud.storage.object.v1.finalized", "time": "2026-11-20T12:00:00Z"}
    with pytest.raises(Invalid):
        change_of(Event(attributes, b""))
    with pytest.raises(Invalid):
        change_of(Event({**attributes, "type": "google.cloud.firestore.document.v1.created"}, b""))


@pytest.mark.parametrize("kind", list(ChangeKind))
def test_events_of_one_kind_say_so_without_their_body(kind: ChangeKind) -> None:
    attributes = {
        "id": "e1",
        "type": f"google.cloud.firestore.document.v1.{kind}",
        "time": "2026-11-20T12:00:00.123456789Z",
        "document": "mail/m1",
    }
    noon = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
    assert change_of(Event(attributes, b"")) == Change("e1", "mail/m1", kind, noon)


# What only the outbox has to do by itself


def test_a_write_that_changes_nothing_is_no_change(tmp_path: Path) -> None:
    """As on Google Cloud, whose emulator alone sends them: https://cloud.google.com/firestore/native/docs/eventarc"""
    store = SqliteStore(tmp_path / "oma.db", feed=frozenset({"mail"}))
    received = Received()
    store.put("mail/m1", {"a": 1})
    store.put("mail/m1", {"a": 1})
    store.update("mail/m1", {"a": 1})
    store.delete("mail/none")
    assert SqliteChanges(store).deliver_once(received) == 1
    assert received.wait_for(1) == [("mail/m1", ChangeKind.CREATED)]
    store.close()


def test_a_change_whose_handler_fails_is_repeated_and_holds_up_no_other(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "oma.db", feed=frozenset({"mail"}))
    received = Received()
    failed = threading.Event()

    def handler(change: Change) -> None:
        if change.path == "mail/m1" and not failed.is_set():
            failed.set()
            raise ValueError("not yet")
        received(change)

    for number in range(1, 4):
        store.put(f"mail/m{number}", {})
    with delivering(SqliteChanges(store, Deliveries(attempts=3, first_pause=1.5, lease=20.0)), handler):
        assert [path for path, _ in received.wait_for(3)] == ["mail/m2", "mail/m3", "mail/m1"]
    store.close()


def test_a_change_that_always_fails_is_kept_as_dead(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "oma.db", feed=frozenset({"mail"}))
    changes = SqliteChanges(store, QUICK)
    store.put("mail/m1", {})
    tries: list[str] = []

    def handler(change: Change) -> None:
        tries.append(change.id)
        raise ValueError("never")

    deadline = time.monotonic() + 40
    while not changes.dead() and time.monotonic() < deadline:
        changes.deliver_once(handler)
        time.sleep(0.01)
    (dead,) = changes.dead()
    assert tries == [dead.change.id] * QUICK.attempts
    assert (dead.change.path, dead.attempts, dead.error) == ("mail/m1", QUICK.attempts, "ValueError: never")
    time.sleep(0.2)
    assert changes.deliver_once(handler) == 0
    store.close()


def test_commits_of_another_process_are_delivered_too(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "oma.db", feed=frozenset({"mail"}))
    received = Received()
    with delivering(SqliteChanges(store, QUICK), received):
        program = "import sys; from ohmyagent.adapters.local.store import SqliteStore as S"
        program += "; S(sys.argv[1], feed=frozenset({'mail'})).put('mail/m1', {})"
        subprocess.run([sys.executable, "-c", program, str(tmp_path / "oma.db")], check=True)
        assert received.wait_for(1) == [("mail/m1", ChangeKind.CREATED)]
    store.close()


def test_two_deliverers_share_the_work(tmp_path: Path) -> None:
    stores = [SqliteStore(tmp_path / "oma.db", feed=frozenset({"mail"})) for _ in range(2)]
    for number in range(200):
        stores[0].put(f"mail/m{number}", {})
    received = Received()

    def handler(change: Change) -> None:
        time.sleep(0.001)
        received(change)

    with delivering(SqliteChanges(stores[0]), handler), delivering(SqliteChanges(stores[1]), handler):
        received.wait_for(200)
        time.sleep(0.3)
    assert sorted(change.path for change in received.changes) == sorted(f"mail/m{number}" for number in range(200))
    for store in stores:
        store.close()


WRITER = """
import sys
from ohmyagent.adapters.local.store import SqliteStore
store = SqliteStore(sys.argv[1], feed=frozenset({"mail"}))
number = 0
while True:
    number += 1
    store.create(f"mail/m{number}", {})
    print(number, flush=True)
"""

DELIVERER = """
import sys, threading, time
from ohmyagent.adapters.local.changes import Deliveries, SqliteChanges
from ohmyagent.adapters.local.store import SqliteStore
store = SqliteStore(sys.argv[1], feed=frozenset({"mail"}))
def handler(change):
    print(change.path, flush=True)
    time.sleep(0.005)
SqliteChanges(store, Deliveries(lease=0.5)).run(handler, threading.Event())
"""


def test_every_change_survives_the_killing_of_writers_and_deliverers(tmp_path: Path) -> None:
    database = tmp_path / "oma.db"
    written = [int(line) for line in killed_after(WRITER, database, 300)]
    delivered = [killed_after(DELIVERER, database, 20) for _ in range(3)]
    assert all(len(paths) < len(written) for paths in delivered)
    store = SqliteStore(database, feed=frozenset({"mail"}))
    received = Received()
    everything = {f"mail/m{number}" for number in written} - {path for paths in delivered for path in paths}
    with delivering(SqliteChanges(store, QUICK), received):
        deadline = time.monotonic() + 60
        while not everything <= {change.path for change in received.changes} and time.monotonic() < deadline:
            time.sleep(0.02)
    assert everything <= {change.path for change in received.changes}
    assert all(store.find(f"mail/m{number}") is not None for number in written)
    store.close()

"""What Firestore alone has to get right: its client's start, forks, an emulator that is not there, lost updates."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from ohmyagent.domain.errors import Contention, Unavailable
from ohmyagent.ports import Transaction
from tests.contract.emulator import Emulator
from tests.ports import free_port


def test_the_google_library_is_loaded_only_when_it_is_used() -> None:
    program = """
import sys
from ohmyagent.adapters.gcp.changes import change_of
from ohmyagent.adapters.gcp.store import FirestoreStore
FirestoreStore("project")
assert not [name for name in sys.modules if name.startswith(("google.cloud.", "google.api_core", "grpc"))]
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=200)


@pytest.mark.emulator
def test_a_store_made_before_a_fork_works_in_each_child(emulator: Emulator) -> None:
    program = """
import os, sys
from ohmyagent.adapters.gcp.store import FirestoreStore
store = FirestoreStore("oma-fork")
before = None
if sys.argv[1] == "used before":
    store.put("things/before", {})
    before = store.client
children = []
for number in range(2):
    child = os.fork()
    if child == 0:
        assert store.client is not before
        store.put(f"things/t{number}", {"n": number})
        os._exit(0 if store.get(f"things/t{number}") == {"n": number} else 1)
    children.append(child)
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
assert [store.get(f"things/t{number}")["n"] for number in range(2)] == [0, 1]
"""
    environment = {"FIRESTORE_EMULATOR_HOST": emulator.address, "PATH": "/usr/bin:/bin"}
    for used in ("unused before", "used before"):
        subprocess.run([sys.executable, "-c", program, used], check=True, timeout=200, env=environment)


@pytest.mark.emulator
def test_a_firestore_that_does_not_answer_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    from ohmyagent.adapters.gcp.store import FirestoreStore

    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{free_port()}")
    store = FirestoreStore("oma-nobody")
    begun = time.monotonic()
    with pytest.raises(Unavailable):
        store.put("things/t1", {})
    with pytest.raises(Unavailable):
        store.find("things/t1")
    assert time.monotonic() - begun < 100
    store.close()


@pytest.mark.emulator
def test_ten_transactions_at_once_on_one_document_lose_nothing(firestore: Callable[[], Any]) -> None:
    store = firestore()
    store.create("counters/c1", {"n": 0})
    kept: list[int] = []

    def add() -> None:
        for _ in range(4):
            try:
                store.transact(lambda tx: tx.update("counters/c1", {"n": tx.get("counters/c1")["n"] + 1}))
                kept.append(1)
            except Contention:
                continue

    threads = [threading.Thread(target=add) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get("counters/c1") == {"n": sum(kept)}
    assert sum(kept) >= 30


@pytest.mark.emulator
def test_verifying_what_was_only_read_does_not_disturb_others_that_read_it(firestore: Callable[[], Any]) -> None:
    store = firestore()
    store.create("things/plan", {"free": True})
    runs = []

    def work(tx: Transaction) -> None:
        runs.append(1)
        tx.get("things/plan")
        if len(runs) == 1:
            store.transact(other)
        tx.put("things/t1", {})

    def other(tx: Transaction) -> None:
        tx.get("things/plan")
        tx.put("things/t2", {})

    store.transact(work)
    assert len(runs) == 1

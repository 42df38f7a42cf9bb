"""What SQLite alone has to get right: several processes, forks, threads that end, locks and broken files."""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.domain.errors import Unavailable

ADDER = """
import sys
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.domain.errors import Contention
store = SqliteStore(sys.argv[1])
done = 0
while done < 150:
    try:
        store.transact(lambda tx: tx.update("counters/c1", {"n": tx.get("counters/c1")["n"] + 1}))
    except Contention:
        continue
    done += 1
"""


def test_increments_of_many_processes_all_count(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "oma.db")
    store.create("counters/c1", {"n": 0})
    command = [sys.executable, "-c", ADDER, str(tmp_path / "oma.db")]
    processes = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    assert store.get("counters/c1") == {"n": 600}
    store.close()


def test_processes_that_start_at_once_make_one_database(tmp_path: Path) -> None:
    program = "import sys; from ohmyagent.adapters.local.store import SqliteStore as S"
    program += "; from ohmyagent.records.indexes import INDEXES"
    program += "; S(sys.argv[1], indexes=INDEXES).put('things/' + sys.argv[2], {})"
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "oma.db"), f"t{number}"]) for number in range(4)
    ]
    assert [process.wait(60) for process in processes] == [0] * 4
    store = SqliteStore(tmp_path / "oma.db")
    assert all(store.find(f"things/t{number}") == {} for number in range(4))
    store.close()


def test_a_store_made_before_a_fork_works_on_both_sides(tmp_path: Path) -> None:
    program = """
import os, sys
from ohmyagent.adapters.local.store import SqliteStore
store = SqliteStore(sys.argv[1])
store.put("things/before", {})
children = []
for number in range(3):
    child = os.fork()
    if child == 0:
        for round in range(50):
            store.put(f"things/t{number}", {"n": round})
        assert store.find("things/before") == {}
        del store
        os._exit(0)
    children.append(child)
for round in range(50):
    store.put("things/parent", {"n": round})
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
assert [store.get(f"things/{id}")["n"] for id in ("t0", "t1", "t2", "parent")] == [49] * 4
"""
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "oma.db")], check=True, timeout=200)


def descriptors(database: Path) -> int:
    links = [os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
    return sum(os.path.lexists(link) and os.readlink(link) == str(database) for link in links)


def test_a_thread_that_ends_closes_its_connection(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "oma.db")
    before = descriptors(tmp_path / "oma.db")
    for _ in range(6):
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda number: store.put(f"things/t{number}", {}), range(20)))
    # SQLite keeps the files of closed connections for the next ones, as closing one would drop the others' locks.
    assert descriptors(tmp_path / "oma.db") <= before + 4
    store.close()
    assert descriptors(tmp_path / "oma.db") == 0


def test_a_reader_is_not_held_up_by_a_writer_of_another_process(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "oma.db")
    store.put("things/t1", {"n": 1})
    other = sqlite3.connect(tmp_path / "oma.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert store.get("things/t1") == {"n": 1}, "it would be refused, had it to wait"
    other.execute("COMMIT")
    other.close()
    store.close()


def test_a_commit_of_another_process_wakes_a_watcher(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "oma.db")
    woken = threading.Event()
    paths: list[str] = []

    def wake(path: str) -> None:
        paths.append(path)
        woken.set()

    stop = store.watch("things", wake)
    program = (
        "import sys; from ohmyagent.adapters.local.store import SqliteStore as S; S(sys.argv[1]).put('things/t1', {})"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "oma.db")], check=True)
    assert woken.wait(40)
    assert paths == ["things/t1"]
    stop()
    store.close()


def test_a_commit_of_this_process_wakes_a_watcher_that_does_not_look_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ohmyagent.adapters.local.watching.POLL_SECONDS", 300)
    store = SqliteStore(tmp_path / "oma.db")
    woken = threading.Event()
    stop = store.watch("things", lambda path: woken.set())
    for number in range(9):
        woken.clear()
        store.put("things/t1", {"n": number})
        assert woken.wait(40)
    stop()
    store.close()


def test_nobody_polls_when_nobody_watches(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "oma.db")
    names = lambda: [thread.name for thread in threading.enumerate()]  # noqa: E731
    stop = store.watch("things", lambda path: None)
    assert "watch" in names()
    stop()
    deadline = time.monotonic() + 20
    while "watch" in names() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "watch" not in names()
    store.close()


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "oma.db").write_bytes(b"this is not a database at all" * 200)
    with pytest.raises(Unavailable):
        SqliteStore(tmp_path / "oma.db")


def test_a_folder_that_is_missing_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        SqliteStore(tmp_path / "none" / "oma.db")


def test_a_hostile_value_is_only_a_value(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "oma.db")
    text = "'; DROP TABLE docs; --"
    store.put("things/t1", {"v": text})
    assert store.get("things/t1") == {"v": text}
    store.close()


def test_the_database_and_its_log_are_their_owners_alone_in_a_folder_that_all_can_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    store = SqliteStore(tmp_path / "oma.db")
    store.create("counters/c1", {"n": 0})
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()} == dict.fromkeys(
        ("oma.db", "oma.db-wal", "oma.db-shm"), oct(0o600)
    )
    store.close()

"""A backup of a working platform, and a working platform from a backup."""

import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ohmyagent.adapters.local.backup import backup, backups, is_due, restore
from ohmyagent.adapters.local.data_folder import DataFolder
from ohmyagent.adapters.local.files import FolderFiles
from ohmyagent.adapters.local.queue import SqliteQueue
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.adapters.local.vault import KeyFileVault
from ohmyagent.domain.errors import AlreadyExists, Conflict, Invalid, NotFound
from ohmyagent.ports import Task, Transaction

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Platform:
    """The adapters of one data folder."""

    def __init__(self, root: Path) -> None:
        self.data = DataFolder(root)
        root.mkdir(exist_ok=True)
        self.vault = KeyFileVault(self.data.key)
        self.store = SqliteStore(self.data.database)
        self.queue = SqliteQueue(self.data.database)
        self.files = FolderFiles(self.data.files, self.vault.derived("links"))

    def close(self) -> None:
        self.store.close()


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    platform = Platform(tmp_path / "data")
    platform.store.create("agents/a1", {"name": "report", "secret": platform.vault.seal("key", "a1")})
    platform.files.write("workspaces/w1", b"notes")
    platform.queue.enqueue(Task("launch", "l1"))
    return platform


def test_a_restored_platform_has_documents_tasks_files_and_secrets(platform: Platform, tmp_path: Path) -> None:
    made = backup(platform.data, platform.data.backups, NOON)
    assert made.name == "oma-20261120T120000Z"
    platform.close()
    restore(made, DataFolder(tmp_path / "new"))
    new = Platform(tmp_path / "new")
    assert new.vault.unseal(new.store.get("agents/a1")["secret"], "a1") == "key"
    assert new.files.read("workspaces/w1") == b"notes"
    assert not new.queue.enqueue(Task("launch", "l1"))
    new.close()


def test_restoring_goes_back_to_the_state_of_the_backup(platform: Platform) -> None:
    made = backup(platform.data, platform.data.backups, NOON)
    platform.store.update("agents/a1", {"name": "changed"})
    platform.store.create("agents/a2", {})
    platform.files.delete("workspaces/w1")
    platform.vault.rotate()
    sealed = platform.vault.seal("newer", "c")
    platform.close()
    restore(made, platform.data)
    again = Platform(platform.data.root)
    assert again.store.get("agents/a1")["name"] == "report"
    assert again.store.find("agents/a2") is None
    assert again.files.read("workspaces/w1") == b"notes"
    assert again.vault.unseal(again.store.get("agents/a1")["secret"], "a1") == "key"
    assert again.vault.unseal(sealed, "c") == "newer"
    again.close()
    replaced = sqlite3.connect(f"{platform.data.database}.replaced")
    assert replaced.execute("SELECT count(*) FROM docs").fetchone() == (2,)
    replaced.close()


def test_a_backup_is_consistent_while_others_write(platform: Platform, tmp_path: Path) -> None:
    stop = threading.Event()

    def both(tx: Transaction) -> None:
        pair = {"n": tx.get("pairs/left")["n"] + 1, "text": "x" * 500}
        tx.put("pairs/left", pair)
        tx.put("pairs/right", pair)

    def write() -> None:
        while not stop.is_set():
            platform.store.transact(both)

    platform.store.put("pairs/left", {"n": 0})
    platform.store.put("pairs/right", {"n": 0})
    writer = threading.Thread(target=write)
    writer.start()
    made = [backup(platform.data, platform.data.backups, NOON + timedelta(seconds=n)) for n in range(5)]
    stop.set()
    writer.join()
    counts: list[int] = []
    for number, path in enumerate(made):
        restore(path, DataFolder(tmp_path / f"new{number}"))
        store = SqliteStore(tmp_path / f"new{number}" / "oma.db")
        assert store.get("pairs/left") == store.get("pairs/right")
        counts.append(store.get("pairs/left")["n"])
        store.close()
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_the_seven_newest_are_kept(platform: Platform) -> None:
    folder = platform.data.backups
    for day in range(9):
        backup(platform.data, folder, NOON + timedelta(days=day))
    names = [path.name for path in backups(folder)]
    assert names == [f"oma-202611{day}T120000Z" for day in range(22, 29)]
    assert sorted(path.name for path in folder.iterdir()) == names


def test_two_backups_of_one_second_are_refused(platform: Platform) -> None:
    backup(platform.data, platform.data.backups, NOON)
    with pytest.raises(AlreadyExists):
        backup(platform.data, platform.data.backups, NOON)


def test_a_backup_is_due_a_day_after_the_last(platform: Platform) -> None:
    folder = platform.data.backups
    assert is_due(folder, NOON)
    backup(platform.data, folder, NOON)
    assert not is_due(folder, NOON + timedelta(hours=23, minutes=59))
    assert is_due(folder, NOON + timedelta(days=1))


def test_a_backup_is_as_private_as_the_data(platform: Platform) -> None:
    made = backup(platform.data, platform.data.backups, NOON)
    modes = {path.relative_to(made).as_posix(): path.stat().st_mode & 0o777 for path in made.rglob("*")}
    assert made.stat().st_mode & 0o777 == 0o700
    assert modes == {
        "oma.db": 0o600,
        "vault.key": 0o600,
        "files": 0o700,
        "files/workspaces": 0o700,
        "files/workspaces/w1~": 0o600,
    }


def test_restoring_is_refused_while_a_platform_runs(platform: Platform) -> None:
    made = backup(platform.data, platform.data.backups, NOON)
    with platform.data.lock(), pytest.raises(Conflict, match="running"):
        restore(made, platform.data)
    restore(made, platform.data)


def test_a_killed_platform_leaves_no_lock(platform: Platform) -> None:
    program = """
import sys, time
from pathlib import Path
from ohmyagent.adapters.local.data_folder import DataFolder
with DataFolder(Path(sys.argv[1])).lock():
    print("locked", flush=True)
    time.sleep(60)
"""
    command = [sys.executable, "-c", program, str(platform.data.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        with pytest.raises(Conflict), platform.data.lock():
            pass
        process.kill()
        process.wait()
    with platform.data.lock():
        pass


def test_what_is_no_backup_is_not_found(platform: Platform, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        restore(tmp_path / "none", platform.data)
    assert platform.store.get("agents/a1")["name"] == "report"


def damage(database: Path) -> None:
    raw = bytearray(database.read_bytes())
    raw[4096 : 4096 + 2000] = b"\xff" * 2000
    database.write_bytes(raw)


def empty(database: Path) -> None:
    database.write_bytes(b"not a database, but long enough to be looked at" * 100)


def newer(database: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA user_version = 999")
    connection.close()


@pytest.mark.parametrize("spoil", [damage, empty, newer])
def test_a_damaged_or_newer_backup_is_refused_and_the_platform_stays(platform: Platform, spoil: object) -> None:
    made = backup(platform.data, platform.data.backups, NOON)
    spoil(made / "oma.db")  # type: ignore[operator]
    platform.store.update("agents/a1", {"name": "changed"})
    with pytest.raises(Invalid) as caught:
        restore(made, platform.data)
    assert [error.field for error in caught.value.errors] == ["backup"]
    assert platform.store.get("agents/a1")["name"] == "changed"


def test_the_log_of_the_replaced_database_never_meets_the_new_one(platform: Platform) -> None:
    made = backup(platform.data, platform.data.backups, NOON)
    reader = sqlite3.connect(platform.data.database)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM docs").fetchone()
    for number in range(100):
        platform.store.put(f"agents/b{number}", {"text": "x" * 1000})
    platform.store.update("agents/a1", {"name": "changed"})
    platform.close()
    assert Path(f"{platform.data.database}-wal").stat().st_size > 100_000
    restore(made, platform.data)
    reader.close()
    again = Platform(platform.data.root)
    assert again.store.get("agents/a1")["name"] == "report"
    assert again.store.find("agents/b1") is None
    assert again.store.database.read("PRAGMA integrity_check") == [("ok",)]
    again.close()


def test_a_damaged_database_can_be_replaced(platform: Platform) -> None:
    made = backup(platform.data, platform.data.backups, NOON)
    platform.close()
    platform.data.database.write_bytes(b"\0" * 10_000)
    Path(f"{platform.data.database}-wal").write_bytes(b"an old log")
    restore(made, platform.data)
    again = Platform(platform.data.root)
    assert again.store.get("agents/a1")["name"] == "report"
    again.close()

"""Backups of the data folder while the platform runs, and their way back.

A backup is a folder with the database, the vault's key and the bodies of files: the database alone would be a platform
that can open no secret and has no workspace.  Bodies never change, so they are linked rather than copied where the
backup is on the same file system.  Whoever can read a backup can read the users' secrets: it is as private as the
data folder (0700).  What a user deletes stays in the backups until the seventh newer one.
"""

import os
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ohmyagent.adapters.local.data_folder import DataFolder
from ohmyagent.adapters.local.durable import replace, sync_folder
from ohmyagent.adapters.local.store import SCHEMA_VERSION
from ohmyagent.adapters.local.vault import parsed
from ohmyagent.domain.errors import AlreadyExists, Invalid, NotFound, Unavailable

KEPT = 7
EVERY = timedelta(days=1)
NAME = "oma-%Y%m%dT%H%M%SZ"


def backup(data: DataFolder, folder: Path, now: datetime) -> Path:
    """A checked copy in `folder`, named by its instant; all but the seven newest are removed."""
    target = folder / now.astimezone(UTC).strftime(NAME)
    if target.exists():
        raise AlreadyExists(f"There is a backup {target.name} already.")
    partial = DataFolder(folder / f".{target.name}.{os.getpid()}")
    try:
        partial.root.mkdir(mode=0o700, parents=True)
        _copy_database(data.database, partial.database)
        _checked(partial.database)
        if data.key.exists():
            replace(partial.key, data.key.read_bytes())
        _link_bodies(data.files, partial.files)
        partial.root.rename(target)
        sync_folder(folder)
    except OSError as error:
        raise Unavailable(f"The backup failed: {error}") from error
    finally:
        shutil.rmtree(partial.root, ignore_errors=True)
    for old in backups(folder)[:-KEPT]:
        shutil.rmtree(old)
    return target


def backups(folder: Path) -> list[Path]:
    """Complete backups, oldest first."""
    return sorted(folder.glob("oma-????????T??????Z"))


def is_due(folder: Path, now: datetime) -> bool:
    """Whether the newest backup is older than a day."""
    return not backups(folder) or backups(folder)[-1].name <= (now.astimezone(UTC) - EVERY).strftime(NAME)


def restore(source: Path, data: DataFolder) -> None:
    """Bring a backup back; the database of before is kept beside it as `oma.db.replaced`.

    Refuses (Conflict) while a platform runs there, and (NotFound, Invalid) what is no whole backup.  Keys and files
    are added first and only then the database is swapped, so that an interruption leaves the old platform or the new.
    """
    saved = DataFolder(source)
    if not saved.database.is_file():
        raise NotFound(
            f"There is no backup at {source}. Those of this machine are in {data.root / 'backups'}.",
            korean=f"{source} 에 백업이 없습니다. 이 컴퓨터의 백업은 {data.root / 'backups'} 에 있습니다.",
        )
    with data.lock():
        incoming = data.root / "oma.db.incoming"
        incoming.unlink(missing_ok=True)
        _copy_database(saved.database, incoming)
        _checked(incoming)
        _add_keys(saved.key, data.key)
        _link_bodies(saved.files, data.files)
        _retire(data.database)
        incoming.replace(data.database)
        sync_folder(data.root)


def _copy_database(source: Path, target: Path) -> None:
    """SQLite's online backup: a consistent copy while others write.  https://www.sqlite.org/backup.html"""
    try:
        with_source = sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)
        with_target = sqlite3.connect(target)
        try:
            with_source.backup(with_target)
            with_target.execute("PRAGMA journal_mode = DELETE")
        finally:
            with_source.close()
            with_target.close()
        target.chmod(0o600)
    except sqlite3.DatabaseError as error:
        raise Invalid.of("backup", f"cannot be read: {error}") from error


def _checked(database: Path) -> None:
    connection = sqlite3.connect(database)
    try:
        (found,) = connection.execute("PRAGMA integrity_check").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise Invalid.of("backup", f"is damaged: {error}") from error
    finally:
        connection.close()
    if found != "ok":
        raise Invalid.of("backup", f"is damaged: {found}")
    if version != SCHEMA_VERSION:
        raise Invalid.of("backup", f"has the schema version {version}; this program has {SCHEMA_VERSION}")


def _link_bodies(source: Path, target: Path) -> None:
    """Give `target` all bodies of `source`; one that disappears meanwhile was deleted by its user."""
    for folder, _, names in os.walk(source):
        into = target / Path(folder).relative_to(source)
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in names:
            if name.endswith("~"):
                _link(Path(folder) / name, into / name)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except (FileExistsError, FileNotFoundError):
        return
    except OSError:
        replace(target, source.read_bytes())


def _add_keys(source: Path, target: Path) -> None:
    """The backup's keys first, then the present ones that it lacks."""
    if not source.exists():
        return
    text = source.read_text()
    parsed(text)
    present = target.read_text().split() if target.exists() else []
    lines = list(dict.fromkeys([*text.split(), *present]))
    replace(target, "".join(f"{line}\n" for line in lines).encode())


def _retire(database: Path) -> None:
    """Keep the present database under another name too.  Its log goes first: it must never meet another database."""
    if not database.exists():
        return
    connection = sqlite3.connect(database)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.DatabaseError:
        pass  # a damaged database is a reason to restore
    finally:
        connection.close()
    for suffix in ("-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)
    replaced = Path(f"{database}.replaced")
    replaced.unlink(missing_ok=True)
    os.link(database, replaced)

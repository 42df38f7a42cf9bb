"""Backing up and restoring the platform of this machine."""

import shutil
import time
from pathlib import Path

from ohmyagent import wiring
from ohmyagent.cli import screen, words
from ohmyagent.cli.problems import Stop, of_domain
from ohmyagent.cli.surroundings import on_this_machine, settings
from ohmyagent.domain.errors import AlreadyExists, Problem
from ohmyagent.settings import Settings


def backup(copy: Path | None, *, as_json: bool) -> None:
    """One more backup in the data folder, running or not; raises Stop."""
    try:
        made = _made(on_this_machine())
        path = made if copy is None else Path(shutil.copytree(made, copy))
    except Problem as problem:
        raise of_domain(problem) from None
    except OSError as error:
        raise Stop(words.NO_WRITE(path=copy or error.filename, reason=error.strerror)) from None
    if as_json:
        screen.data({"path": str(path)})
    else:
        screen.tell(str(path))


def _made(here: Settings) -> Path:
    """Backups are named by the second; in one that has its backup already, the next second is waited for."""
    try:
        return wiring.backup(here)
    except AlreadyExists:
        time.sleep(1)
        return wiring.backup(here)


def restore(file: Path, *, as_json: bool) -> None:
    """The backup in place of what is there; raises Stop while the platform runs."""
    try:
        wiring.restore(on_this_machine(), file)
    except Problem as problem:
        raise of_domain(problem) from None
    except OSError as error:
        raise Stop(words.NO_FILE(path=file, reason=error.strerror)) from None
    if as_json:
        screen.data({"path": str(file)})
    else:
        screen.say(words.RESTORED(path=file))


def migrate(*, as_json: bool) -> None:
    """This machine's platform onto Google Cloud; raises Stop."""
    try:
        moved = wiring.migrate(settings("gcp"))
    except Problem as problem:
        raise of_domain(problem) from None
    if as_json:
        screen.data({"documents": moved.documents, "files": moved.files, "checksum": moved.checksum})
    else:
        count = sum(moved.documents.values())
        screen.say(words.MIGRATED(documents=count, files=moved.files, checksum=moved.checksum[:12]))

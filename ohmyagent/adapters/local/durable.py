"""Files that appear complete or not at all, also when the power fails."""

import os
from collections.abc import Iterable
from errno import ENOENT
from pathlib import Path
from uuid import uuid4

TRIES = 3


def write_new(path: Path, parts: Iterable[bytes], mode: int = 0o600, *, by_way_of: Path | None = None) -> None:
    """Raises FileExistsError, leaving the file that is there; and whatever `parts` raises, leaving nothing at all.

    `by_way_of` is a folder of the same file system in which the file grows: those above `path` are made when it is
    whole.
    """
    partial = _partial(by_way_of or path.parent, parts, mode)
    try:
        for _ in range(TRIES):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                os.link(partial, path)
                break
            except FileNotFoundError:
                continue  # somebody removed the empty folder in between
        else:
            raise FileNotFoundError(ENOENT, "the folder disappears", str(path))
    finally:
        partial.unlink()
    sync_folder(path.parent)


def replace(path: Path, body: bytes, mode: int = 0o600) -> None:
    """Put `body` in place of whatever is there."""
    _partial(path.parent, [body], mode).replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _partial(folder: Path, parts: Iterable[bytes], mode: int) -> Path:
    partial = folder / f"~{uuid4().hex}"
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        partial.unlink()
        raise
    return partial

"""Files that appear complete or not at all, also when the power fails."""

import os
from pathlib import Path
from uuid import uuid4


def write_new(path: Path, body: bytes, mode: int = 0o600) -> None:
    """Raises FileExistsError, leaving the file that is there."""
    partial = _partial(path, body, mode)
    try:
        os.link(partial, path)
    finally:
        partial.unlink()
    sync_folder(path.parent)


def replace(path: Path, body: bytes, mode: int = 0o600) -> None:
    """Put `body` in place of whatever is there."""
    _partial(path, body, mode).replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _partial(path: Path, body: bytes, mode: int) -> Path:
    partial = path.parent / f"~{uuid4().hex}"
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        partial.unlink()
        raise
    return partial

"""Stamps: a file that says from what a thing was made, so that it is made again only when that changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path


def digest(*parts: object, files: Iterable[Path] = ()) -> str:
    """One hash over some values and over the names and contents of some files."""
    whole = hashlib.sha256(repr(parts).encode())
    for path in files:
        whole.update(f"\0{path}\0".encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


def stamped(stamp: Path, value: str) -> bool:
    """Whether the stamp holds the value."""
    try:
        return stamp.read_text() == value
    except FileNotFoundError:
        return False


def put(stamp: Path, value: str) -> None:
    """Write the stamp in one step; written last, it vouches for a thing that is complete."""
    write(stamp, value.encode())


def write(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file so that a reader, or the next try after a power cut, sees all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_bytes(content)
    new.chmod(mode)
    new.replace(path)

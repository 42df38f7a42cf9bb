"""The CLI's own record of a conversation: put where it looks for it before a run, found again after it.

Source: measured with CLI 2.1.327: `$HOME/.claude/projects/<any folder>/<id>.jsonl` alone makes `--resume=<id>` go on,
in a new home and another working folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os

from ohmyagent.runner.files import Kept, Workspace

HOME = "/home/agent"
PROJECTS = ".claude/projects"
MOST_BYTES = 32 << 20
MOST_FOLDERS = 64


def path(session_id: str) -> str:
    """Where the record is put before the run."""
    return f"{HOME}/{PROJECTS}/kept/{session_id}.jsonl"


def kept(home: Workspace, session_id: str) -> Kept | None:
    """The newest record that a dead sandbox left in its home, None when there is none that may be kept.

    `path` is below the home.
    """
    found: list[tuple[int, Kept]] = []
    with contextlib.suppress(OSError):
        # the agent may call folders what it likes, and the platform takes no path that does not print
        for folder in list(filter(str.isprintable, home.names(PROJECTS)))[:MOST_FOLDERS]:
            with contextlib.suppress(OSError):
                record = _read(home, f"{PROJECTS}/{folder}/{session_id}.jsonl")
                found.append((record.changed_ns, record))
    fit = [record for _, record in sorted(found, key=lambda pair: pair[0]) if 0 < record.size <= MOST_BYTES]
    return fit[-1] if fit else None


def _read(home: Workspace, path: str) -> Kept:
    with home.open(path) as file:
        status = os.fstat(file.fileno())
        body = file.read(MOST_BYTES) if status.st_size <= MOST_BYTES else b""
    return Kept(path, status.st_size, hashlib.sha256(body).hexdigest(), status.st_mtime_ns)

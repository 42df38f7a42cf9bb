"""Brings a run's files to the platform and back: the workspace before it, the workspace and artifacts after it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from ohmyagent.runner import session
from ohmyagent.runner.files import OUTPUT, Findings, Kept, Workspace
from ohmyagent.runner.platform import Platform, Refused, Unreachable
from ohmyagent.runner.protocol import Json, Spec, WorkspaceFile
from ohmyagent.runner.sandbox import Box, SandboxRefused

INPUT = "input.txt"
FOLDER = "/workspace"


class WorkspaceLost(Exception):
    """The workspace could not be restored or saved; the text says which file and why."""


def restore(box: Box, platform: Platform, spec: Spec) -> None:
    """Put the workspace and the input into the box.  Raises WorkspaceLost."""
    try:
        for file in spec.files:
            box.put(f"{FOLDER}/{_inside(file.path)}", file.size, _checked(file, platform.content(file)))
        if spec.input is not None:
            raw = spec.input.encode()
            box.put(f"{FOLDER}/{INPUT}", len(raw), [raw])
        if spec.session and (record := spec.session.record):
            box.put(session.path(spec.session.id), record.size, _checked(record, platform.content(record)))
    except (Unreachable, Refused, SandboxRefused) as error:
        raise WorkspaceLost(f"The workspace could not be restored: {error}") from error


def upload(platform: Platform, workspace: Workspace, files: list[Kept]) -> None:
    """Store the contents that the platform lacks.  Raises WorkspaceLost, Unreachable, NotOurs."""
    if not files:
        return
    by_hash = {file.sha256: file for file in files}
    try:
        for sha256, url in platform.wanted([listed(file) for file in files]).items():
            file = by_hash[sha256]
            platform.put(url, lambda path=file.path: workspace.open(path), file.size, sha256)  # type: ignore[misc]
    except (Refused, OSError, KeyError) as error:
        raise WorkspaceLost(f"The files of the run could not be saved: {error}") from error


def without_input(found: Findings, spec: Spec) -> Findings:
    """What is worth keeping for the next run: this one's input is not, unless the run changed it."""
    if spec.input is None:
        return found
    sha256 = hashlib.sha256(spec.input.encode()).hexdigest()
    found.files = [file for file in found.files if (file.path, file.sha256) != (INPUT, sha256)]
    return found


def listed(file: Kept) -> Json:
    return {"path": file.path, "bytes": file.size, "sha256": file.sha256}


def artifacts(found: Findings, started_ns: int) -> list[Kept]:
    """The files below output/ that this run wrote: what an earlier one left there is not its work."""
    return [file for file in found.files if file.path.startswith(f"{OUTPUT}/") and file.changed_ns >= started_ns]


def _inside(path: str) -> str:
    if path.startswith("/") or not all(part not in ("", ".", "..") for part in path.split("/")) or "\0" in path:
        raise WorkspaceLost(f"The workspace holds a path that no file can have: {path!r}")
    return path


def _checked(file: WorkspaceFile, parts: Iterator[bytes]) -> Iterator[bytes]:
    """The parts as they come, held to the size and the hash that the platform promised."""
    digest, size = hashlib.sha256(), 0
    for part in parts:
        digest.update(part)
        size += len(part)
        if size > file.size:
            break
        yield part
    if size != file.size or digest.hexdigest() != file.sha256:
        raise WorkspaceLost(f"The workspace is damaged: {file.path} is not what was saved.")

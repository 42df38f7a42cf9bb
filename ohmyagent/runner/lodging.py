"""The folders of a restricted agent: a container's own, made fresh before a run and emptied after it."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator

from ohmyagent.runner import cli, toolbox
from ohmyagent.runner.installation import Installation, InstallationBroken
from ohmyagent.runner.toolbox import Toolbox

WORKSPACE, HOME = "/workspace", "/home/agent"
SHARED = ("/tmp", "/dev/shm")  # noqa: S108 - the container's, of this run alone
FOLDERS = (WORKSPACE, HOME, *SHARED)
DEEPEST = 500
MOST_ENTRIES = 200_001
BLOCK = 512


def furnish(installation: Installation, uid: int, system_prompt: str) -> None:
    """Everything at the paths that the agent expects.  Raises OSError."""
    for folder in FOLDERS:
        os.makedirs(folder, exist_ok=True)
        _empty(folder)
    for folder in (WORKSPACE, HOME):
        os.chown(folder, uid, uid)
        os.chmod(folder, 0o700)
    for folder in SHARED:
        os.chmod(folder, 0o1777)  # noqa: S103 - as such folders are
    _write(cli.SYSTEM_PROMPT, system_prompt)
    _lead(cli.PROGRAM, installation.claude)
    _lead("/opt/inside.py", installation.inside)
    _add_toolbox(installation.home, uid)


def clear() -> None:
    """Nothing of the agent's files is left.  Call it when its processes are gone."""
    for folder in FOLDERS:
        _empty(folder)


def space() -> tuple[int, int]:
    """Bytes and entries in the folders; a tree that is too deep or too wide counts as full of entries."""
    used = entries = 0
    for folder in FOLDERS:
        for size in _sizes(folder):
            used += size
            entries += 1
            if entries >= MOST_ENTRIES:
                return used, entries
    return used, entries


def _sizes(folder: str) -> Iterator[int]:
    """What each entry below takes, by descriptors, as paths can be made longer than any call takes."""
    stack = [os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
    waiting = [os.listdir(stack[0])]
    try:
        while stack:
            if not waiting[-1]:
                os.close(stack.pop())
                waiting.pop()
                continue
            name = waiting[-1].pop()
            try:
                status = os.stat(name, dir_fd=stack[-1], follow_symlinks=False)
                yield status.st_blocks * BLOCK
                if not stat.S_ISDIR(status.st_mode):
                    continue
                inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=stack[-1])
            except OSError:
                continue  # it was moved meanwhile; the next look sees it where it is
            stack.append(inner)
            waiting.append(os.listdir(inner))
            if len(stack) > DEEPEST:
                yield from (0 for _ in range(MOST_ENTRIES))
    finally:
        for fd in stack:
            os.close(fd)


def _empty(folder: str) -> None:
    """By find(1), which takes trees of any depth and follows nothing."""
    subprocess.run(["/usr/bin/find", folder, "-xdev", "-mindepth", "1", "-delete"], check=False, env={}, cwd="/")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o644)


def _lead(path: str, target: str) -> None:
    """A link of root's; the target's folder is one that an agent may read but not change."""
    if os.path.realpath(path) != os.path.realpath(target):
        if os.path.lexists(path):
            os.unlink(path)
        os.symlink(target, path)


def _add_toolbox(home: str, uid: int) -> None:
    """An agent can work without it, so its absence stops no run."""
    try:
        found = Toolbox.at(home)
    except InstallationBroken:
        return
    _lead(toolbox.FOLDER, found.folder)
    for path, target in found.links.items():
        _own_folders(os.path.dirname(path), uid)
        _lead(path, target)


def _own_folders(path: str, uid: int) -> None:
    """Make the folders below the agent's home that are missing, as the agent's."""
    missing = []
    while not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    for folder in reversed(missing):
        os.mkdir(folder)
        os.chown(folder, uid, uid)

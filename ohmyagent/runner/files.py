"""What a dead sandbox left in its workspace, read without trusting any of it.

Nothing is followed, no path is longer than one name at a time, and what cannot be kept is noted rather than fatal.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

QUOTA_BYTES = 256 << 20
FILES = 10_000
ENTRIES = 250_000
DEPTH = 64
PATH_BYTES = 512
NOTES = 50
CHUNK = 1 << 20
OUTPUT = "output"

# What would configure the next run's CLI or shell: it is inert in a run, and does not reach another one.
CONFIGURATION = frozenset(
    """.claude .claude.json .mcp.json claude.md claude.local.md agents.md .husky .bashrc .bash_profile .bash_login
    .bash_logout .bash_aliases .profile .zshrc .zshenv .zprofile .zlogin .zlogout .inputrc .envrc
    .gitconfig""".split()  # noqa: SIM905
)
GIT_HOOKS = (".git", "hooks")
# Modules that every Python imports by itself; so are `.pth` files beside what `pip install` added.
PYTHON_START = ("sitecustomize", "usercustomize")
PACKAGES = "site-packages"


@dataclass(frozen=True)
class Kept:
    """A regular file; `path` is relative and uses `/`."""

    path: str
    size: int
    sha256: str
    changed_ns: int
    """When its content was last written, by the clock of time.time_ns."""


@dataclass
class Findings:
    """What was found; `notes` say in plain English what was left out and why."""

    files: list[Kept] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    more_notes: int = 0

    def note(self, text: str) -> None:
        if len(self.notes) < NOTES:
            self.notes.append(text)
        else:
            self.more_notes += 1

    def finish(self) -> Findings:
        if self.more_notes:
            self.notes.append(f"and {self.more_notes} more of such")
        self.files.sort(key=lambda file: file.path)
        return self


class Workspace:
    """A folder by its descriptor, with the sandbox that wrote it dead."""

    def __init__(self, root: int) -> None:
        self._root = root
        os.fchmod(root, 0o700)

    def survey(self) -> Findings:
        """Every regular file that may be kept, with its hash; the rest as notes."""
        found, size = Findings(), 0
        for seen, entry in enumerate(_walk(self._root, found)):
            if seen >= ENTRIES:
                found.note("the workspace has too many entries; the rest was left out")
                break
            if len(found.files) >= FILES or size + entry.size > QUOTA_BYTES:
                found.note(f"over the quota of {FILES} files and {QUOTA_BYTES >> 20} MB, left out: {entry.path}")
                continue
            kept = self._hashed(entry, found)
            if kept:
                found.files.append(kept)
                size += kept.size
        return found.finish()

    def open(self, path: str) -> BinaryIO:
        """A file for reading.  Raises OSError when anything on the way is a link or no regular file."""
        *folders, name = path.split("/")
        with self._folder(folders) as fd:
            return _open_regular(fd, name)

    def names(self, path: str) -> list[str]:
        """What is in a folder.  Raises OSError when anything on the way is a link or no folder."""
        with self._folder(path.split("/")) as fd:
            return sorted(os.listdir(fd))

    @contextlib.contextmanager
    def _folder(self, names: list[str]) -> Iterator[int]:
        fd = os.dup(self._root)
        try:
            for name in names:
                inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd)
                os.close(fd)
                fd = inner
            yield fd
        finally:
            os.close(fd)

    def _hashed(self, entry: _Entry, found: Findings) -> Kept | None:
        try:
            with self.open(entry.path) as file:
                digest = hashlib.sha256()
                while part := file.read(CHUNK):
                    digest.update(part)
        except OSError as error:
            found.note(f"could not be read ({error.strerror}): {entry.path}")
            return None
        return Kept(entry.path, entry.size, digest.hexdigest(), entry.changed_ns)


@dataclass(frozen=True)
class _Entry:
    path: str
    size: int
    changed_ns: int


def _walk(root: int, found: Findings) -> Iterator[_Entry]:
    """Regular files below `root`, folder by folder; at most DEPTH + 2 descriptors are open at a time."""
    stack: list[tuple[int, str, Iterator[str]]] = [(os.dup(root), "", iter(_names(root)))]
    try:
        while stack:
            folder, prefix, names = stack[-1]
            name = next(names, None)
            if name is None:
                os.close(stack.pop()[0])
                continue
            path = f"{prefix}{name}"
            status = _judged(folder, name, path, found)
            if status is None:
                continue
            if stat.S_ISREG(status.st_mode):
                yield _Entry(path, status.st_size, status.st_mtime_ns)
            elif len(stack) > DEPTH:
                found.note(f"deeper than {DEPTH} folders, left out: {path[:80]}…")
            else:
                inner = _enter(folder, name, path, found)
                if inner is not None:
                    stack.append((inner, f"{path}/", iter(_names(inner))))
    finally:
        for folder, _, _ in stack:
            os.close(folder)


def _names(folder: int) -> list[str]:
    return sorted(os.listdir(folder))


def _judged(folder: int, name: str, path: str, found: Findings) -> os.stat_result | None:
    """What stands under the name, if it is a folder or a file that may be kept; else a note."""
    if _configures(name.lower(), path):
        found.note(f"configuration is not kept: {_shown(path)}")
        return None
    if not _plain(path):
        found.note(f"a name that cannot be kept: {_shown(path)}")
        return None
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        found.note(f"could not be read ({error.strerror}): {path}")
        return None
    kinds = {stat.S_ISLNK: "a link", stat.S_ISFIFO: "a pipe", stat.S_ISSOCK: "a socket", stat.S_ISCHR: "a device",
             stat.S_ISBLK: "a device"}  # fmt: skip
    for is_kind, word in kinds.items():
        if is_kind(status.st_mode):
            found.note(f"{word} was left out: {path}")
            return None
    if stat.S_ISREG(status.st_mode) and status.st_size > QUOTA_BYTES:
        found.note(f"too large ({status.st_size} bytes), left out: {path}")
        return None
    return status


def _configures(name: str, path: str) -> bool:
    """Whether it would act in the next run without being asked for; `name` is the path's last part in lower case."""
    if name in CONFIGURATION or tuple(path.split("/")[-2:]) == GIT_HOOKS:
        return True
    return name.partition(".")[0] in PYTHON_START or (name.endswith(".pth") and path.split("/")[-2:-1] == [PACKAGES])


def _plain(path: str) -> bool:
    """Whether a path is UTF-8 that prints, short enough, and means the same everywhere."""
    if "\\" in path or len(os.fsencode(path)) > PATH_BYTES:
        return False
    return path.isprintable() and not any(0xDC80 <= ord(letter) <= 0xDCFF for letter in path)


def _shown(path: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in path[:120])


def _enter(folder: int, name: str, path: str, found: Findings) -> int | None:
    try:
        inner = _opened(folder, name, os.O_DIRECTORY, 0o700)
        os.fchmod(inner, 0o700)
    except OSError as error:
        found.note(f"could not be read ({error.strerror}): {path}")
        return None
    return inner


def _open_regular(folder: int, name: str) -> BinaryIO:
    fd = _opened(folder, name, os.O_NONBLOCK, 0o600)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(f"{name} is no regular file")
    return open(fd, "rb")


def _opened(folder: int, name: str, flags: int, mode: int) -> int:
    """Open below a folder, not following; the owner may have forbidden it to themselves, which the dead do not mind."""
    flags |= os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(name, flags, dir_fd=folder)
    except PermissionError:
        if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise
        os.chmod(name, mode, dir_fd=folder)
        return os.open(name, flags, dir_fd=folder)

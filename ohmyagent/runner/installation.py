"""The files that a sandbox needs, in a folder that the sandbox's user can reach and nobody else can change.

install.py fills the folder; this is the runner's side, which only looks.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

MANIFEST = "manifest.json"
SYSTEM_HOME = "/opt/oh-my-agent"
SYSTEM_PYTHON = "/usr/bin/python3"
NEUTRAL_PYTHON = "/opt/python"
REPAIR = "run the set-up again: make setup"


class InstallationBroken(Exception):
    """The sandbox's files are missing, changed, or could be changed by others; the text says which and what to do."""


@dataclass(frozen=True)
class InsidePython:
    """The Python that inside.py runs under, and the mounts that bring it in."""

    program: str
    mounts: Sequence[str]


@dataclass(frozen=True)
class Installation:
    """A filled folder, as its manifest describes it."""

    home: str
    version: str
    claude: str
    inside: str
    seccomp: tuple[str, ...]
    restricted: tuple[str, ...]
    """The programs of seccomp.build_restricted, in its order; none where an older set-up left them out."""
    marks: dict[str, list[int]]
    """Per file: size and time of change (ns) when its hash was taken; a cheap check at every start."""
    sha256: dict[str, str]

    @classmethod
    def at(cls, home: str) -> Installation:
        """Raises InstallationBroken when there is none."""
        try:
            with open(os.path.join(home, MANIFEST), encoding="utf-8") as file:
                manifest = json.load(file)
            paths = {role: [os.path.join(home, name) for name in names] for role, names in manifest["roles"].items()}
            return cls(home, manifest["version"], paths["claude"][0], paths["inside"][0], tuple(paths["seccomp"]),
                       tuple(paths.get("restricted", ())), manifest["marks"], manifest["sha256"])  # fmt: skip
        except (OSError, ValueError, KeyError, IndexError) as error:
            raise InstallationBroken(f"the sandbox's files are not set up in {home}; {REPAIR}") from error

    def check(self) -> None:
        """Nobody but their owner can have changed the files since they were hashed.  Raises InstallationBroken."""
        private(self.home)
        for path in (self.claude, self.inside, *self.seccomp, *self.restricted):
            private(path)
            if mark(path) != self.marks.get(os.path.basename(path)):
                raise InstallationBroken(f"{path} has changed since it was set up; {REPAIR}")


def default_home() -> str:
    """Root's files must be reachable by the sandbox's uid, which a home folder mostly is not."""
    return SYSTEM_HOME if os.geteuid() == 0 else os.path.expanduser("~/.cache/oh-my-agent")


def inside_python() -> InsidePython:
    """The system's Python, else this program's own at a neutral path.  Raises InstallationBroken when neither works."""
    if os.access(SYSTEM_PYTHON, os.X_OK):
        return InsidePython(SYSTEM_PYTHON, ())
    prefix = sys.base_prefix
    if os.geteuid() == 0 and not _reachable(prefix):
        raise InstallationBroken(f"no Python for the sandbox: {SYSTEM_PYTHON} is missing and {prefix} is private")
    program = os.path.join(NEUTRAL_PYTHON, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    return InsidePython(program, ("--ro-bind", prefix, NEUTRAL_PYTHON))


def mark(path: str) -> list[int]:
    """Size and time of the last change, in nanoseconds; a change of content changes it."""
    status = os.stat(path)
    return [status.st_size, status.st_mtime_ns]


def private(path: str) -> None:
    """Nobody but root and this user can change what is there.  Raises InstallationBroken."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise InstallationBroken(f"{path} is missing; {REPAIR}") from error
    if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
        raise InstallationBroken(f"{path} can be changed by others; {REPAIR}")


def _reachable(path: str) -> bool:
    """Whether every folder above lets others pass."""
    while path != "/":
        if not os.stat(path).st_mode & 0o001:
            return False
        path = os.path.dirname(path)
    return True

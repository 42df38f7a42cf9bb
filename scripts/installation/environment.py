"""The virtual environment `.venv`, with `oma` in it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from . import stamps
from .commands import run
from .places import ROOT, VENV

PYTHON = VENV / "bin" / "python"

# `sh` reads the second line as a command and Python as a string: a path with spaces, or one longer than the
# kernel allows behind `#!`, still works.
_PROGRAM = """\
#!/bin/sh
'''exec' '{python}' "$0" "$@"
' '''
import sys

from ohmyagent.cli.main import main

sys.exit(main())
"""


def identity() -> str:
    """Changes when the environment must be looked at again: another folder, or another Python below it."""
    return f"{VENV} {os.path.realpath(PYTHON)}"


def can_create() -> bool:
    """Whether this Python can make an environment; Debian keeps that in a package of its own, python3-venv."""
    return importlib.util.find_spec("ensurepip") is not None


def create() -> None:
    """Make the environment unless one that works is there."""
    if not _works():
        run([sys.executable, "-m", "venv", "--clear", str(VENV)])


def install_program() -> None:
    """Put this source tree on the environment's path and `oma` beside its Python.

    Two small files rather than an editable install: that would need a build tool, and the index, for the same effect.
    """
    library = next((VENV / "lib").glob("python3.*")) / "site-packages"
    stamps.write(library / "oh_my_agent.pth", f"{ROOT}\n".encode())
    stamps.write(VENV / "bin" / "oma", _PROGRAM.format(python=str(PYTHON).replace("'", "'\\''")).encode(), mode=0o755)


def _works() -> bool:
    """Whether it runs, belongs to this folder and has pip: an environment dies with the Python it was made from."""
    test = "import pip, sys; print(sys.prefix)"
    try:
        answer = subprocess.run([PYTHON, "-c", test], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return answer.returncode == 0 and Path(answer.stdout.strip()) == VENV

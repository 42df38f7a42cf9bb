"""The toolbox of the agents (docs/toolbox.md): packages checked against their hashes, fonts, and their settings.

It is built beside its place for the Python that sandboxes have, put there in one move, and never changed afterwards.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ohmyagent.runner.installation import InstallationBroken
from ohmyagent.runner.toolbox import FOLDER, LINK, MANIFEST, Toolbox

from . import environment, stamps
from .commands import run
from .packages import Count, pinned, pip
from .places import ROOT, sandbox_home
from .progress import Line
from .words import Words

REQUIREMENTS = ROOT / "requirements-toolbox.txt"
# The Pythons that every package of it is built for.
OLDEST, NEWEST = 11, 14
_PARTS = ROOT / "scripts" / "toolbox"
_CACHE = "/home/agent/.cache/matplotlib"
_NONE = "none"


class Tools:
    """The toolbox in the sandbox home; a machine without a Python for it goes without, which `oma doctor` tells."""

    title = Words("Tools for the agents", "에이전트의 도구")

    def pending(self) -> bool:
        wanted = _wanted()
        return not stamps.stamped(_stamp(), wanted) or (wanted != _NONE and _in_use() != wanted)

    def install(self, line: Line) -> None:
        python = system_python()
        if python is None:
            why = f"needs Python 3.{OLDEST} to 3.{NEWEST} in /usr/bin", f"/usr/bin에 Python 3.{OLDEST}~3.{NEWEST} 필요"
            line.detail(str(Words(f"left out: {why[0]}", f"건너뜀: {why[1]}")))
        else:
            environment.create()
            with _readable_by_all():
                _put(name(python), python, line)
        stamps.put(_stamp(), _wanted())


def system_python() -> Path | None:
    """The program that sandboxes have as `python3`, by its versioned name: a distribution's update changes that."""
    folders = (Path("/usr/bin"), Path("/usr/local/bin"))
    names = ("python3", *(f"python3.{minor}" for minor in range(NEWEST, OLDEST - 1, -1)))
    found = ((folder / name).resolve() for name in names for folder in folders if os.access(folder / name, os.X_OK))
    return next((path for path in found if path.is_relative_to("/usr") and _supported(path)), None)


def name(python: Path) -> str:
    """Tells the content: the packages' hashes, what this project adds, the code that builds it, and the Python."""
    files = [REQUIREMENTS, *sorted(path for path in _PARTS.iterdir() if path.is_file()), Path(__file__)]
    return f"toolbox-{stamps.digest(str(python), os.uname().machine, *(path.read_bytes() for path in files))[:16]}"


def build(folder: Path, python: Path, line: Line) -> None:
    """Fill an empty folder.  Raises Missing when the packages cannot be had."""
    count = Count(line, len(pinned(REQUIREMENTS)))
    packages = folder / "packages"
    target = ["--no-deps", "--no-compile", "--no-warn-script-location", "--target", str(packages)]
    pip("install", *target, "-r", str(REQUIREMENTS), python=python, seen=count.seen)
    shutil.rmtree(packages / "bin", ignore_errors=True)
    line.detail(str(Words("getting ready", "준비하는 중")))
    _compile(packages, python)
    _add_programs(folder / "bin", python)
    for part in ("matplotlibrc", "pip.conf"):
        shutil.copy(_PARTS / part, folder)
    manifest = {"python": str(python), "links": _fonts(folder, python)}
    stamps.write(folder / MANIFEST, json.dumps(manifest, indent=1).encode())


def _put(name: str, python: Path, line: Line) -> None:
    """Build it unless it is there, and lead to it."""
    home = sandbox_home()
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o755)
    if not (home / name / MANIFEST).exists():
        (workshop := _stamp().parent).mkdir(exist_ok=True)
        for left in workshop.glob("new-toolbox-*"):  # by a set-up that was killed: only one is at work at a time
            shutil.rmtree(left)
        with tempfile.TemporaryDirectory(dir=workshop, prefix="new-toolbox-") as new:
            (folder := Path(new) / name).mkdir()
            build(folder, python, line)
            folder.rename(home / name)
    previous = _in_use()
    _lead(home / LINK, name)
    _remove_older(home, {name, previous})
    line.detail(f"{len(list((home / name / 'packages').glob('*.dist-info')))} · {name}")


def _compile(packages: Path, python: Path) -> None:
    """Byte code beside the sources, named as the sandbox sees them.

    Unchecked: a start that looks at no source is quicker, and nobody can change one.  Tests are never imported.
    """
    how = ["-q", "-j", "0", "--invalidation-mode", "unchecked-hash", "-x", f"^{re.escape(str(packages))}/.*/tests/"]
    paths = ["-s", str(packages.parent), "-p", FOLDER]
    run([str(python), "-I", "-m", "compileall", *how, *paths, str(packages)])


def _add_programs(folder: Path, python: Path) -> None:
    """`python3` and `python` are the Python that the packages are built for; `pip` says what it lacks."""
    folder.mkdir()
    for program in ("python3", "python"):
        (folder / program).symlink_to(python)
    for program in ("pip", "pip3"):
        shutil.copy(_PARTS / "pip.py", folder / program)
        (folder / program).chmod(0o755)


def _fonts(folder: Path, python: Path) -> dict[str, str]:
    """Make the Korean font and the list of fonts; the links that lead to it from where matplotlib looks."""
    packages, made = folder / "packages", folder / "matplotlib"
    made.mkdir()
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        surroundings = {"PYTHONPATH": str(packages), "MPLCONFIGDIR": scratch, "PYTHONDONTWRITEBYTECODE": "1"}
        nanum = packages / "koreanize_matplotlib" / "fonts"
        run([str(python), "-s", str(_PARTS / "fonts.py"), str(nanum), str(made)], environment=surroundings)
    return {f"{_CACHE}/{path.name}": f"{FOLDER}/{made.name}/{path.name}" for path in made.iterdir()}


def _lead(link: Path, name: str) -> None:
    """Point the link to a folder in one step: a run that starts sees the old one or the new one."""
    new = link.with_name(f".{link.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    new.symlink_to(name)
    new.replace(link)


def _remove_older(home: Path, kept: set[str | None]) -> None:
    """The previous one stays: a run may be using it."""
    for folder in home.glob(f"{LINK}-*"):
        if folder.name not in kept:
            shutil.rmtree(folder)


def _supported(python: Path) -> bool:
    version = re.fullmatch(r"python3\.(\d+)", python.name)
    return bool(version) and OLDEST <= int(version[1]) <= NEWEST


def _wanted() -> str:
    python = system_python()
    return name(python) if python else _NONE


def _in_use() -> str | None:
    try:
        return Toolbox.at(str(sandbox_home())).name
    except InstallationBroken:
        return None


def _stamp() -> Path:
    return sandbox_home() / "setup" / "toolbox"


@contextmanager
def _readable_by_all() -> Iterator[None]:
    """The sandbox's user is another one."""
    previous = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(previous)

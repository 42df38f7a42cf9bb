"""Fills the folder that sandboxes are made from: the CLI, inside.py and the seccomp programs.

`python -m ohmyagent.runner.install HOME CLAUDE` does the same.  Files are named by their content and the manifest is
replaced at once, so that a run which starts during an update sees the old set or the new one, never a mixture.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ohmyagent.runner import inside, seccomp
from ohmyagent.runner.installation import MANIFEST, Installation, InstallationBroken, mark

VERSION_SECONDS = 60


def install(home: str | Path, claude: str | Path) -> Installation:
    """Bring `home` up to date and give it back; cheap when it is already.

    Raises OSError when the folder cannot be written, ImportError without pyseccomp, RuntimeError without libseccomp.
    """
    folder = Path(home)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    current = _installed(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as new:
        programs = [Path(path) for path in seccomp.build(new)]
        restricted = [Path(path) for path in seccomp.build_restricted(new)]
        kept = current.claude if current and _same_size_and_name(current, Path(claude)) else None
        roles = {
            "claude": [Path(kept).name if kept else _take(Path(claude), folder, "claude", 0o755)],
            "inside": [_take(Path(inside.__file__), folder, "inside", 0o644)],
            "seccomp": [_take(program, folder, f"seccomp-{program.stem}", 0o644) for program in programs],
            "restricted": [_take(program, folder, f"seccomp-{program.stem}", 0o644) for program in restricted],
        }
    if current and sorted(current.marks) == sorted(name for names in roles.values() for name in names):
        return current
    _write_manifest(folder, roles)
    _remove_strangers(folder, roles, current)
    return Installation.at(str(folder))


def verify(installation: Installation) -> list[str]:
    """Names of files whose content is not what was installed; reads everything, so it takes about a second."""
    home = Path(installation.home)
    return [name for name, digest in installation.sha256.items() if _sha256(home / name) != digest]


def _installed(folder: Path) -> Installation | None:
    try:
        found = Installation.at(str(folder))
        found.check()
    except InstallationBroken:
        return None
    return found


def _same_size_and_name(current: Installation, claude: Path) -> bool:
    """Whether the CLI is the installed one, told by the content's hash in the installed name."""
    name = Path(current.claude).name
    return os.stat(claude).st_size == current.marks[name][0] and current.sha256[name] == _sha256(claude)


def _take(source: Path, folder: Path, role: str, mode: int) -> str:
    """Copy a file into the folder under a name that tells its content; the name."""
    digest = _sha256(source)
    name = f"{role}-{digest[:16]}"
    if (folder / name).is_file() and _sha256(folder / name) == digest:
        return name
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".part-", delete=False) as part:
        partial = Path(part.name)
    try:
        shutil.copyfile(source, partial)
        partial.chmod(mode)
        if _sha256(partial) != digest:
            raise OSError(f"{source} changed while it was copied")
        # whole seconds: an image's layers know no finer time, and the marks must hold in a container too
        os.utime(partial, times=(int(time.time()),) * 2)
        partial.replace(folder / name)
    finally:
        partial.unlink(missing_ok=True)
    return name


def _write_manifest(folder: Path, roles: dict[str, list[str]]) -> None:
    names = [name for of_role in roles.values() for name in of_role]
    manifest = {
        "version": _version(folder / roles["claude"][0]),
        "roles": roles,
        "marks": {name: mark(str(folder / name)) for name in names},
        "sha256": {name: _sha256(folder / name) for name in names},
    }
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix=".part-", delete=False) as part:
        json.dump(manifest, part, indent=1)
    os.chmod(part.name, 0o644)
    os.replace(part.name, folder / MANIFEST)


def _remove_strangers(folder: Path, roles: dict[str, list[str]], previous: Installation | None) -> None:
    """Older files go, but not the previous set: a run may be starting from it."""
    kept = {MANIFEST, *(name for names in roles.values() for name in names), *(previous.marks if previous else ())}
    for path in folder.iterdir():
        if path.name not in kept and path.is_file():
            path.unlink(missing_ok=True)


def _version(claude: Path) -> str:
    """What the CLI says of itself; its own words before the first space."""
    output = subprocess.run([claude, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=True)
    return output.stdout.split()[0]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    sys.stdout.write(f"{install(sys.argv[1], sys.argv[2])}\n")

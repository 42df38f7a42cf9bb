"""The sandbox home: the Claude CLI and what the runner hands into each sandbox, put there by the runner's own code."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ohmyagent.runner.installation import Installation, InstallationBroken

from . import claude, environment, stamps
from .commands import Failed, run
from .places import ROOT, sandbox_home
from .progress import Line
from .words import Missing, Words


class Sandbox:
    """The sandbox home as this version of the runner wants it, with the pinned Claude CLI."""

    title = Words("Claude CLI and sandbox", "Claude CLI와 샌드박스")

    def pending(self) -> bool:
        return _program() is None or not stamps.stamped(_stamp(), _made_from())

    def install(self, line: Line) -> None:
        if program := _program():
            _fill(program)
        else:
            with tempfile.TemporaryDirectory(dir=_own_folder(), prefix="new-") as folder:
                line.detail(str(Words("165 MB to download", "165 MB 내려받기")))
                _fill(claude.fetch(Path(folder)))
        stamps.put(_stamp(), _made_from())
        line.detail(f"{claude.VERSION}, {sandbox_home()}")


def _program() -> Path | None:
    """The pinned Claude CLI, if it is in the home and nobody has changed it since."""
    try:
        found = Installation.at(str(sandbox_home()))
        found.check()
    except InstallationBroken:
        return None
    program = Path(found.claude)
    return program if found.sha256[program.name] == claude.sha256() else None


def _fill(program: Path) -> None:
    try:
        run([str(environment.PYTHON), "-m", "ohmyagent.runner.install", str(sandbox_home()), str(program)])
    except Failed as failure:
        raise Missing(
            f"The sandbox's files could not be put into {sandbox_home()}.",
            f"샌드박스 파일을 {sandbox_home()}에 둘 수 없습니다.",
        ) from failure


def _own_folder() -> Path:
    """Set-up's own corner of the home; the runner's code clears away every file beside it that it does not know."""
    folder = sandbox_home() / "setup"
    folder.mkdir(parents=True, exist_ok=True)
    sandbox_home().chmod(0o755)
    return folder


def _stamp() -> Path:
    return sandbox_home() / "setup" / "made-from"


def _made_from() -> str:
    return stamps.digest(claude.sha256(), files=sorted((ROOT / "ohmyagent" / "runner").rglob("*.py")))

"""The sandbox home: what the runner hands into each sandbox, filled by the runner's own code."""

from __future__ import annotations

from . import claude, environment, stamps
from .commands import Failed, run
from .places import ROOT, sandbox_home
from .progress import Line
from .words import Missing, Words

_INSTALL = """
import sys
from pathlib import Path
from ohmyagent.runner.install import install
install(Path(sys.argv[1]), Path(sys.argv[2]))
"""


class SandboxHome:
    """The sandbox home as this version of the runner wants it."""

    title = Words("Sandbox", "샌드박스")

    def pending(self) -> bool:
        ready = (ROOT / "ohmyagent/runner/install.py").exists()
        return ready and not stamps.stamped(sandbox_home() / ".runner", _made_from())

    def install(self, line: Line) -> None:
        try:
            run([str(environment.PYTHON), "-c", _INSTALL, str(sandbox_home()), str(claude.program())])
        except Failed as failure:
            raise Missing(
                f"The sandbox's files could not be put into {sandbox_home()}.",
                f"샌드박스 파일을 {sandbox_home()}에 둘 수 없습니다.",
            ) from failure
        stamps.put(sandbox_home() / ".runner", _made_from())
        line.detail(str(sandbox_home()))


def _made_from() -> str:
    return stamps.digest(claude.sha256(), files=sorted((ROOT / "ohmyagent" / "runner").rglob("*.py")))

"""Where set-up puts things."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
LOG = TOOLS / "setup.log"
WEB = ROOT / "web"


def sandbox_home() -> Path:
    """The folder that holds the Claude CLI and what the sandbox needs: OMA_SANDBOX_HOME, or a default.

    For root it is a folder of the system: the sandbox is entered from an unprivileged uid, which could not reach
    a clone below root's own 0700 home.
    """
    if chosen := os.environ.get("OMA_SANDBOX_HOME"):
        return Path(chosen).absolute()
    return Path("/opt/oh-my-agent") if os.geteuid() == 0 else Path.home() / ".cache" / "oh-my-agent"

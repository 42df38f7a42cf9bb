"""Where set-up puts things."""

from __future__ import annotations

import os
from pathlib import Path

from ohmyagent.runner.installation import default_home

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
LOG = TOOLS / "setup.log"
WEB = ROOT / "web"


def sandbox_home() -> Path:
    """The folder for the Claude CLI and the sandbox's files: OMA_SANDBOX_HOME, or the runner's own default."""
    return Path(os.environ.get("OMA_SANDBOX_HOME") or default_home()).absolute()

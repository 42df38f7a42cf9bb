"""Prompts for the scriptable model, and waiting for what they make happen."""

import json
import time
from typing import Any

from tests.platform_process import PlatformProcess


def script(*steps: dict[str, Any], **spec: Any) -> str:
    """A prompt that tells the scriptable model what to do, turn by turn (tests/fake_anthropic.py)."""
    return f"[[fake: {json.dumps({'script': list(steps)} | spec, ensure_ascii=False)} ]]"


def bash(command: str) -> dict[str, Any]:
    """A turn that calls Bash."""
    return {"tool": "Bash", "input": {"command": command, "description": "test"}}


def until_event(platform: PlatformProcess, id: str, kind: str, seconds: float = 180) -> None:
    """Returns once the execution has an event of that type."""
    deadline = time.monotonic() + seconds
    while not any(event["type"] == kind for event in platform.events(id)):
        assert time.monotonic() < deadline, f"no {kind} within {seconds} s"
        time.sleep(0.05)

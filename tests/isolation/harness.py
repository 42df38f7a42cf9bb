"""Runs the real runner with the real CLI in a real sandbox, against a scripted model and a small fake platform."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fake_anthropic import FakeAnthropic
from tests.fake_platform import FakePlatform

REPOSITORY = Path(__file__).resolve().parents[2]
RUNNER = "jobs/agent-runner/main.py"
LOOPBACK_RUNNER = "tests/isolation/loopback_runner.py"
ORDINARY_UID = 61_234
SYSTEM_PYTHON = "/usr/bin/python3"
PATIENCE_SECONDS = 180.0

Json = dict[str, Any]


@dataclass(frozen=True)
class Identity:
    """Who starts the runner, and from where."""

    name: str
    python: str
    folder: Path
    uid: int | None = None


def own() -> Identity:
    return Identity("root" if os.geteuid() == 0 else "ordinary", sys.executable, REPOSITORY)


@contextmanager
def ordinary() -> Iterator[Identity]:
    """A user without any right: this one, or when tests run as root another one with a copy of the runner."""
    if os.geteuid() != 0:
        yield own()
        return
    with tempfile.TemporaryDirectory(prefix="oma-ordinary-") as name:
        folder = Path(name)
        for part in ("ohmyagent/runner", "jobs/agent-runner", "tests/isolation"):
            shutil.copytree(REPOSITORY / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "ohmyagent" / "__init__.py").touch()
        shutil.copy(REPOSITORY / "ohmyagent" / "reach.py", folder / "ohmyagent")
        folder.chmod(0o755)
        yield Identity("ordinary", SYSTEM_PYTHON, folder, ORDINARY_UID)


def bash(command: str) -> Json:
    return {"tool": "Bash", "input": {"command": command, "description": "a step"}}


def said(text: str) -> Json:
    return {"text": text}


def prompt(*steps: Json, **spec: Any) -> str:
    """A prompt that makes the scripted model take these steps."""
    return f"Do the work. [[fake: {json.dumps({'script': [*steps, said('done')]} | spec)} ]]"


@dataclass
class Run:
    """A runner at work, with its platform and its model."""

    process: subprocess.Popen[str]
    platform: FakePlatform
    model: FakeAnthropic

    def wait(self, seconds: float = PATIENCE_SECONDS) -> int:
        """The runner's exit status."""
        return self.process.wait(seconds)

    def until(self, condition: Any, seconds: float = PATIENCE_SECONDS) -> float:
        """How long it took until `condition()` held, in seconds; fails when it did not in time."""
        start = time.monotonic()
        while not condition():
            assert time.monotonic() - start < seconds, "it did not happen in time"
            time.sleep(0.01)
        return time.monotonic() - start

    def until_tool_called(self, calls: int = 1) -> None:
        """The agent's tools so far are running: bubblewrap twice, the CLI, and a shell at least."""
        self.until(lambda: len(self.platform.of_type("tool_call")) == calls and len(self.descendants()) >= 3 + calls)

    def descendants(self) -> set[int]:
        """Every process below the runner, as the host sees them."""
        parents = dict(_parents())
        found = {self.process.pid}
        while new := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= new
        return found - {self.process.pid}

    def outputs(self) -> list[str]:
        """What each tool answered, in order."""
        return [event["output"] for event in self.platform.of_type("tool_result")]


@contextmanager
def running(
    identity: Identity, home: str, *, model: Json | None = None, program: str = RUNNER, slot: int = 7,
    workspace: list[tuple[str, bytes]] | None = None, record: bytes = b"",
    environment: dict[str, str] | None = None, **spec: Any,
) -> Iterator[Run]:  # fmt: skip
    """Start a runner for one execution; whatever is left of it at the end is killed."""
    with FakeAnthropic(**(model or {})) as fake, FakePlatform(fake.url, **spec) as platform:
        platform.workspace, platform.record = workspace or [], record
        process = subprocess.Popen(
            [identity.python, str(identity.folder / program)],
            env=platform.environment | {"OMA_SANDBOX_HOME": home, "OMA_RUNNER_SLOT": str(slot)} | (environment or {}),
            cwd="/", start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            user=identity.uid, group=identity.uid, extra_groups=None if identity.uid is None else [],
        )  # fmt: skip
        try:
            yield Run(process, platform, fake)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.communicate()


def finished(identity: Identity, home: str, *steps: Json, **options: Any) -> Run:
    """Run these steps to the end; the runner has exited 0."""
    spec = {"prompt": prompt(*steps)} | options
    with running(identity, home, **spec) as run:
        status = run.wait()
        assert status == 0, run.process.stdout and run.process.stdout.read()
        return run


def alive(pids: set[int]) -> set[int]:
    """Those that still run; a zombie does not."""
    return {pid for pid in pids if _state(pid) not in (None, "Z", "X")}


def _state(pid: int) -> str | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()[0]


def _parents() -> Iterator[tuple[int, int]]:
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                text = Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            yield int(entry), int(text.rpartition(")")[2].split()[1])

"""A whole platform as a process: started, asked, killed and started again on the same data folder."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ("-m", "ohmyagent.cli.main", "up")
START_SECONDS = 120
Json = dict[str, Any]


class PlatformProcess:
    """`url` and `key` hold once it has started.  `environment` is added to a clean one.

    `program` is what Python is started with; tests that need a platform with other eyes bring their own.
    """

    def __init__(
        self, data: Path, environment: dict[str, str] | None = None, program: tuple[str, ...] = PROGRAM
    ) -> None:
        self.data = data
        self.log = data.parent / f"{data.name}.log"
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "OMA_SANDBOX_HOME") if name in os.environ}
        plans = data.parent / f"{data.name}-plans.json"
        plans.write_text('{"guest": {"agents": 1000, "runsPerDay": 1000}}')  # plans have tests of their own
        own = {"OMA_DATA": str(data), "OMA_PLANS": str(plans), "PYTHONUNBUFFERED": "1"}
        self._environment = kept | own | (environment or {})
        self._program = program
        self._port = "0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "PlatformProcess":
        """Returns once it answers; on the second start it has the same port."""
        address = self.data / "address"
        address.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self._program, "--port", self._port],
                cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not address.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the platform did not start:\n{self.log.read_text()}")
            time.sleep(0.02)
        self.url = json.loads(address.read_text())["url"]
        self.key = (self.data / "owner-key").read_text().strip()
        self._port = self.url.rpartition(":")[2]
        return self

    def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(120)

    def kill(self) -> None:
        """`kill -9`."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(60)

    def end(self) -> None:
        """At the end of a test: whatever is left goes, runners too."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(60)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        for pid in self.runners():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def runners(self) -> list[int]:
        """The runners that hold one of this data folder's slots."""
        slots = f"{self.data}/slots/"
        return sorted(int(pid.name) for pid in Path("/proc").iterdir() if pid.name.isdigit() and _holds(pid, slots))

    def ask(self, method: str, path: str, body: Json | None = None, **headers: str) -> Json:
        """The owner's request; the answer's JSON.  Raises HTTPError."""
        sent = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"} | headers
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.url + path, data, sent, method=method), timeout=90) as answer:
            text = answer.read()
        parsed: Json = json.loads(text) if text else {}
        return parsed

    def agent(self, **fields: Any) -> Json:
        return self.ask("POST", "/api/agents", {"name": "에이전트", "finalPrompt": "일해 줘"} | fields)

    def run(self, agent: Json, text: str | None = None) -> Json:
        return self.ask("POST", f"/api/agents/{agent['id']}/executions", {"input": text} if text else {})

    def execution(self, id: str) -> Json:
        return self.ask("GET", f"/api/executions/{id}")

    def until(self, id: str, *statuses: str, seconds: float = 120) -> Json:
        """The execution once it has one of the statuses (by default: ended)."""
        wanted = statuses or ("succeeded", "failed", "cancelled", "timed_out", "skipped")
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError):
                execution = self.execution(id)
                if execution["status"] in wanted:
                    return execution
            if time.monotonic() > deadline:
                raise AssertionError(f"{id} is {execution['status']}, not {wanted}\n{self.log.read_text()[-3000:]}")
            time.sleep(0.05)

    def events(self, id: str) -> list[Json]:
        """The whole log."""
        found: list[Json] = []
        while True:
            page = self.ask("GET", f"/api/executions/{id}/events?after={found[-1]['seq'] if found else 0}")
            found += page["items"]
            if not page["items"]:
                return found


def _holds(process: Path, prefix: str) -> bool:
    try:
        return any(os.readlink(handle).startswith(prefix) for handle in (process / "fd").iterdir())
    except OSError:
        return False


__all__ = ["HTTPError", "PlatformProcess"]

"""How long a function takes from nothing to its first answer, and how much memory it then holds.

python -m bench.cold_start [rounds]: functions as their image starts them, on the official Firestore emulator.
Beside them a function that only says hello, started by functions-framework's own command.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from bench.machine import machine
from tests.contract import emulator as emulators
from tests.contract.emulator import free_port

ROOT = Path(__file__).resolve().parents[1]
PAUSE = 0.005
PATIENCE = 60.0


@dataclass(frozen=True)
class Start:
    """`seconds` from the start of the process to the answer, `cpu` of them worked; memory in MB."""

    seconds: float
    cpu: float
    worker: float
    together: float


def environment(address: str) -> dict[str, str]:
    absent = ",".join(f"{name}=127.0.0.1:9" for name in ("tasks", "run", "scheduler", "kms", "storage", "certs"))
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOST": "127.0.0.1",
        "PYTHONPATH": str(ROOT),
        "OMA_TARGET": "gcp",
        "GOOGLE_CLOUD_PROJECT": f"oma-{uuid4().hex[:16]}",
        "OMA_SERVICES": "https://{name}-1234567890.asia-northeast3.run.app",
        "OMA_PUBLIC_URL": "https://agents.example.com",
        "OMA_BUCKET": "example-project-files",
        "OMA_KMS_KEY": "projects/example-project/locations/l/keyRings/r/cryptoKeys/k",
        "OMA_INVOKER": "oma-invoker@example-project.iam.gserviceaccount.com",
        "OMA_LINK_KEY": "x" * 43,
        "FIRESTORE_EMULATOR_HOST": address,
        "OMA_EMULATORS": absent,
        "THREADS": "20",
    }


HELLO = """import functions_framework

@functions_framework.http
def hello(request):
    return "hello"
"""
START = ("sh", str(ROOT / "functions" / "start.sh"))


@contextmanager
def function(target: str, env: dict[str, str], *command: str) -> Iterator[tuple[int, int]]:
    """(pid, port) of a process that was just started."""
    port = free_port()
    told = env | {"FUNCTION_TARGET": target, "PORT": str(port)}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command or START, env=told, stdout=quiet, stderr=quiet)
    try:
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(30)


def call(port: int, method: str, path: str, token: str = "", body: str | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    connection.request(method, path, body, headers | {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def patiently(port: int, method: str, path: str, token: str = "", body: str | None = None) -> tuple[int, bytes]:
    """The first answer; a port that is not open yet is tried again."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return call(port, method, path, token, body)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(PAUSE)


def processes(pid: int) -> list[int]:
    """The process and its workers."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def memory(pid: int, field: str) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 1024


def cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(env: dict[str, str], target: str, path: str, token: str, *command: str) -> Start:
    began = time.monotonic()
    with function(target, env, *command) as (pid, port):
        status, body = patiently(port, "GET", path, token)
        seconds = time.monotonic() - began
        if status != 200:
            raise SystemExit(f"{target} answered {status}: {body[:200]!r}")
        found = processes(pid)
        return Start(
            seconds,
            sum(cpu(one) for one in found),
            max(memory(one, "Rss") for one in found),
            sum(memory(one, "Pss") for one in found),
        )


def shown(target: str, starts: list[Start], bare: list[Start]) -> str:
    """A line of the table; the ratio is of CPU time, to the function that says hello."""
    seconds = [start.seconds for start in starts]
    span = f"{statistics.median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})"
    work, worker, together = (
        statistics.median(getattr(start, name) for start in starts) for name in ("cpu", "worker", "together")
    )
    ratio = work / statistics.median(start.cpu for start in bare)
    return f"| {target} | {span} | {work:.2f} | {ratio:.1f} | {worker:.0f} | {together:.0f} |"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 5
    if emulators.jar() is None:
        print("cold start: not measured, the Firestore emulator is not installed")
        return
    with tempfile.TemporaryDirectory() as folder, emulators.running(Path(folder) / "log") as running:
        env = environment(running.address)
        with function("auth", env) as (_, port):
            _, body = patiently(port, "POST", "/api/auth/guest", body="{}")
        token = json.loads(body)["token"]
        hello = Path(folder) / "hello.py"
        hello.write_text(HELLO)
        framework = ("functions-framework", "--source", str(hello))
        asked = {"hello": "/", "agents": "/api/agents", "catalogue": "/config.json", "tick": "/health"}
        starts: dict[str, list[Start]] = {target: [] for target in asked}
        for _ in range(rounds):  # in turns, so that each sees the same machine
            for target, path in asked.items():
                command = framework if target == "hello" else ()
                starts[target].append(measured(env, target, path, token, *command))
        print(machine())
        print("| function | to the first 200 s | CPU s | times hello | worker MB (RSS) | all processes MB (PSS) |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        for target, found in starts.items():
            print(shown(target, found, starts["hello"]))


if __name__ == "__main__":
    main()

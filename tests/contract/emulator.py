"""The official Firestore emulator, from the Google Cloud SDK, on ports of its own."""

import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port

START_SECONDS = 60
JAR = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"


@dataclass(frozen=True)
class Emulator:
    address: str
    functions_port: int

    def trigger(self, project: str, name: str, pattern: str) -> None:
        """Send every write of matching documents as a CloudEvent to the functions port."""
        body = {
            "eventType": "google.cloud.firestore.document.v1.written",
            "database": "(default)",
            "namespace": "(default)",
            "document": {"value": pattern, "matchType": "PATH_PATTERN"},
        }
        url = f"http://{self.address}/emulator/v1/projects/{project}/eventarcTrigger?eventarcTriggerId={name}"
        request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 200


def jar() -> Path | None:
    """Where the emulator is, if it is installed."""
    gcloud = shutil.which("gcloud")
    if gcloud is None or shutil.which("java") is None:
        return None
    path = Path(gcloud).resolve().parent.parent / JAR
    return path if path.exists() else None


@contextmanager
def running(log: Path) -> Iterator[Emulator]:
    """Started once for all tests: each takes a project id of its own."""
    found = jar()
    assert found is not None, "the Firestore emulator is not installed (Google Cloud SDK and Java)"
    port, functions_port = free_port(), free_port()
    command = ["java", "-Xmx512m", "-cp", str(found), MAIN, "--host", "127.0.0.1", "--port", str(port)]
    command += ["--functions_emulator", f"127.0.0.1:{functions_port}"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=os.environ.copy())
    try:
        _wait(process, port, log)
        yield Emulator(f"127.0.0.1:{port}", functions_port)
    finally:
        process.terminate()
        process.wait(30)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the Firestore emulator did not start: {log.read_text(errors='replace')[-2000:]}")

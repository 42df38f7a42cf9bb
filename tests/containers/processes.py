"""Processes of the images of functions and services, in a container whose one wire leads to the emulator here."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.containers.place import HERE, PODMAN, THERE, Container

PYTHON = "docker.io/library/python:3.12-slim-bookworm"
FUNCTIONS = "oh-my-agent-functions-under-test"
SERVICES = "oh-my-agent-services-under-test"
IN_ONE_GO = ("--layers=false",)
"""Where storage copies a whole image for each layer, building anew is quicker than what it saves."""
START_SECONDS = 60.0
STOP = """
import os, pathlib, signal, sys
for found in pathlib.Path("/proc").glob("[0-9]*/environ"):
    try:
        if f"PORT={sys.argv[1]}".encode() in found.read_bytes().split(bytes(1)):
            os.kill(int(found.parent.name), signal.SIGTERM)
    except OSError:
        pass
"""
INVOKER = "oma-invoker@example-project.iam.gserviceaccount.com"


def environment(firestore: int) -> dict[str, str]:
    """As Terraform sets it, with a database of its own in the emulator; Google's other services are not there."""
    absent = ",".join(f"{name}=127.0.0.1:9" for name in ("tasks", "run", "scheduler", "kms", "storage", "certs"))
    return {
        "OMA_TARGET": "gcp",
        "GOOGLE_CLOUD_PROJECT": f"oma-{uuid4().hex[:16]}",
        "OMA_REGION": "asia-northeast3",
        "OMA_SERVICES": "https://{name}-1234567890.asia-northeast3.run.app",
        "OMA_PUBLIC_URL": "https://agents.example.com",
        "OMA_STREAM_URL": "https://stream.example.com",
        "OMA_BUCKET": "example-project-files",
        "OMA_KMS_KEY": "projects/example-project/locations/asia-northeast3/keyRings/oma/cryptoKeys/user-secrets",
        "OMA_INVOKER": INVOKER,
        "OMA_LINK_KEY": "x" * 43,
        "FIRESTORE_EMULATOR_HOST": f"{HERE}:{firestore}",
        "OMA_EMULATORS": absent,
    }


@dataclass(frozen=True)
class Answer:
    """A response, read to its end."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Process:
    """One process of a container, on a port of its own."""

    port: int

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Answer:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        connection = http.client.HTTPConnection(THERE, self.port, timeout=30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())
        finally:
            connection.close()

    def wait(self, running: subprocess.Popen[bytes], path: str = "/health") -> Answer:
        """The first answer; fails when the process ends before."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return self.call("GET", path)
            except OSError:
                assert running.poll() is None, f"ended with {running.returncode}"
                assert time.monotonic() < deadline, "did not start"
                time.sleep(0.1)


@contextmanager
def process(container: Container, port: int, env: dict[str, str], *command: str) -> Iterator[Process]:
    """One that listens on the port, stopped as Cloud Run does it."""
    words = [word for pair in (env | {"PORT": str(port)}).items() for word in ("--env", "=".join(pair))]
    running = subprocess.Popen([*PODMAN, "exec", *words, container.name, *command], stdin=subprocess.DEVNULL)
    try:
        started = Process(port)
        started.wait(running)
        yield started
    finally:
        container.run("python", "-c", STOP, str(port))
        running.wait(30)

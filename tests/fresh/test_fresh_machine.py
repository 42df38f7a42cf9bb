"""The README's two commands on a machine where nothing is installed."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator

import pytest

from tests.fresh import machine

pytestmark = [
    pytest.mark.fresh,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("debootstrap"), reason="needs root and debootstrap"),
]

CLONE = "cd /root/oh-my-agent && "
UP_WITHIN = 900  # seconds; all that is downloaded is in it


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[machine.Machine]:
    root = tmp_path_factory.mktemp("machine") / "debian"
    yield machine.new(root)
    shutil.rmtree(root)


def test_make_run_shows_the_sample_run_serves_the_page_and_stops_clean(fresh: machine.Machine) -> None:
    port = free_port()
    started = fresh.start(f"{CLONE} exec make run", OMA_PORT=str(port))
    try:
        page = when_served(f"http://127.0.0.1:{port}/", started)
        assert '<script type="module"' in page
        oma = machine.process(started.pid, "bin/oma", "up")
        runs = when_ended(fresh, oma)
        assert [(run["status"], run["modelMode"]) for run in runs] == [("succeeded", "demo")]

        os.kill(oma, signal.SIGINT)
        assert started.wait(30) == 0
    finally:
        machine.stop(started)


def test_a_second_make_run_is_up_in_seconds(fresh: machine.Machine) -> None:
    port = free_port()
    began = time.monotonic()
    started = fresh.start(f"{CLONE} exec make run", OMA_PORT=str(port))
    try:
        when_served(f"http://127.0.0.1:{port}/health", started)
        print(f"\nup again after {time.monotonic() - began:.1f} s")
    finally:
        machine.stop(started)


def test_make_test_passes(fresh: machine.Machine) -> None:
    assert fresh.run(f"{CLONE} exec make test") == 0


def when_served(url: str, started: subprocess.Popen[str]) -> str:
    """The body once there is one; fails at once when the program has ended."""
    deadline = time.monotonic() + UP_WITHIN
    while time.monotonic() < deadline:
        assert started.poll() is None, "make run ended by itself"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"nothing at {url} after {UP_WITHIN} s")


def when_ended(fresh: machine.Machine, oma: int) -> list[dict[str, str]]:
    """What the command lists, once no run is on its way."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        runs = json.loads(fresh.beside(oma, f"{CLONE} .venv/bin/oma ls runs --json"))["items"]
        if runs and all(re.match("succeeded|failed|cancelled|timed_out", run["status"]) for run in runs):
            return list(runs)
        time.sleep(0.5)
    raise AssertionError("the sample run did not end")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])

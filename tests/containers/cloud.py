"""The platform of tests/gcp with its parts in containers of the three images.

Functions and gateway share a network; a runner's leads to the gateway, the runner API and the bucket, and nowhere else.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

from tests.containers import place
from tests.containers.place import HERE, IMAGE, LANE, LIMITS, PODMAN, THERE, Container
from tests.gcp.cloud import SERVICES, Cloud
from tests.gcp.street import Street

NAME = "platform.example.com"
"""The same name leads each network to what it may reach."""
NEEDED = ("auth", "agents", "executions", "runner", "tick", "launch", "changes", "gateway")
"""What the main job needs; tests/containers/test_platform.py starts the others."""
GIVEN = "/given"
OURS = ("PATH", "PYTHONPATH", "HOST")
"""What the images say themselves."""


class ContainedCloud(Cloud):
    """`functions` and `services` are running containers; `runners` is the network of those that are started."""

    parts = NEEDED

    def __init__(self, *given: Any, functions: Container, services: Container, runners: str) -> None:
        super().__init__(*given)
        self._functions, self._services, self.runners = functions, services, runners
        self._ways = ExitStack()
        self._peers: dict[int, int] = {}
        self.street.host = THERE
        self._lane = Street(THERE, self.street.ports, only=("gateway",))
        self.started: list[str] = []
        """The runners' containers."""

    @property
    def pattern(self) -> str:
        return f"http://{NAME}:{self.street.port}/{{name}}"

    def open(self) -> None:
        super().open()
        self._lane.start()
        self._ways.callback(self._lane.stop)
        street, bucket = self.street.port, int(urlsplit(self.storage.url).port or 0)
        self._peer(street, at=(HERE, street))
        self._peer(self._lane.port, at=(LANE[0], street))
        for end in (HERE, LANE[0]):
            self._peer(bucket, at=(end, bucket))
        self.storage.url = f"http://{NAME}:{bucket}"
        self.tasks.hosts[f"{NAME}:{street}"] = f"127.0.0.1:{street}"

    def boot(self, name: str) -> None:
        if name == "runner":
            port = self.street.ports[name]
            self._peer(port, THERE, (LANE[0], port))
        folder, container = ("services", self._services) if name in SERVICES else ("functions", self._functions)
        told = self._environment(name) | {"PORT": str(self.street.ports[name])}
        words = [word for pair in told.items() for word in ("--env", "=".join(pair))]
        start = ["sh", f"/srv/{folder}/start.sh", *([name] if name in SERVICES else [])]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*PODMAN, "exec", *words, container.name, *start], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def stop(self) -> None:
        """Whoever made the containers of functions and services removes them, and what runs in them."""
        for name in self.started:
            subprocess.run([*PODMAN, "rm", "--force", "--time", "0", name], check=False, capture_output=True)
        super().stop()
        self._ways.close()

    def _peer(self, *words: Any, **more: Any) -> int:
        return self._ways.enter_context(place.peer(*words, **more))

    def _reached(self, address: str) -> str:
        """Where containers find what listens on this machine's loopback."""
        before, host, port = address.rpartition("127.0.0.1:")
        if not host:
            return address
        number, slash, path = port.partition("/")
        if int(number) not in self._peers:
            self._peers[int(number)] = self._peer(int(number))
        return f"{before}{HERE}:{self._peers[int(number)]}{slash}{path}"

    def _environment(self, name: str) -> dict[str, str]:
        told = {key: value for key, value in super()._environment(name).items() if key not in OURS}
        told = {key: ",".join(map(self._reached, value.split(","))) for key, value in told.items()}
        for file in self.given.iterdir():
            file.chmod(0o644)
        return {key: value.replace(str(self.given), GIVEN) for key, value in told.items()} | {"THREADS": "4"}

    def _start_runner(self, env: dict[str, str]) -> subprocess.Popen[bytes]:
        """A container for one run, as Cloud Run makes it: with the image's own entrypoint, and gone afterwards."""
        name = f"{IMAGE}-{os.getpid()}-run-{len(self.started)}"
        self.started.append(name)
        told = {"OMA_RUNNER_URL": f"http://{NAME}:{self.street.ports['runner']}"} | env
        words = [word for pair in told.items() for word in ("--env", "=".join(pair))]
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [*PODMAN, "run", "--rm", "--name", name, "--pull", "never", "--ulimit", "nofile=20000:20000",
                 "--ulimit", "nproc=4096:4096", "--network", f"ns:{self.runners}", "--add-host", f"{NAME}:{LANE[0]}",
                 *LIMITS, *words, IMAGE], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

"""A container of the runner's image with the platform, the model and the egress service as its only peers.

It has one interface, a wire to this machine, without a route to anywhere else.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ohmyagent.runner import relay
from tests.fake_anthropic import FakeAnthropic
from tests.fake_platform import TOKEN, FakePlatform
from tests.isolation.harness import Json, prompt

REPOSITORY = Path(__file__).resolve().parents[2]
KIT = REPOSITORY.parent / "shared" / "kit" / "images"
PROGRAMS = ("buildah", "podman", "runc", "ip")
PODMAN = ("podman", "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--runtime", "/usr/sbin/runc")
IMAGE = "oh-my-agent-runner-under-test"
BASE = "docker.io/library/debian:bookworm-slim"
LIMITS = ("--memory", "1g", "--cpus", "1", "--pids-limit", "128")
OWN = os.getpid() % 2**14
"""Each process of tests has addresses of its own: one that was killed leaves its wire behind."""
HERE, THERE = (f"10.213.{OWN // 64}.{OWN % 64 * 4 + end}" for end in (1, 2))
LANE = tuple(f"10.214.{OWN // 64}.{OWN % 64 * 4 + end}" for end in (1, 2))
"""The ends of a second wire, for runners that must not share the platform's."""
SECONDS = 110


def lacking() -> str | None:
    """Why no container can be had here; None when one can."""
    if os.geteuid() != 0:
        return "containers are tried as root only"
    if not (KIT / "build.sh").is_file():
        return "the kit that builds images without Docker is not here"
    missing = [program for program in PROGRAMS if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    return f"not installed: {', '.join(missing)}" if missing else None


@cache
def build(image: str = IMAGE, folder: str = "jobs/agent-runner", base: str = BASE, *options: str) -> None:
    """The image as it stands in this tree; one that was made from the same files is taken as it is."""
    if subprocess.run([*PODMAN, "image", "exists", base], check=False).returncode:
        subprocess.run([KIT / "make-base.sh", base], check=True)
    dockerfile = REPOSITORY / folder / "Dockerfile"
    digest = _digest(dockerfile, base)
    labels = [*PODMAN, "image", "inspect", "--format", '{{index .Labels "made-from"}}', image]
    if subprocess.run(labels, capture_output=True, text=True, check=False).stdout.strip() == digest:
        return
    given = ("--build-arg", f"BASE={base}", "--label", f"made-from={digest}")
    subprocess.run(
        [KIT / "build.sh", *options, *given, "-t", image, "-f", dockerfile, REPOSITORY], check=True, capture_output=True
    )


def _digest(dockerfile: Path, base: str) -> str:
    """Of all that the file copies, and of the base."""
    lines = dockerfile.read_text().splitlines()
    named = [word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]]
    found = {path for name in named for path in REPOSITORY.glob(name)}
    files = {file for path in found for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()}
    inside = sorted(file for file in files if "__pycache__" not in file.parts)
    known = subprocess.run([*PODMAN, "image", "inspect", "--format", "{{.Id}}", base], capture_output=True, check=True)
    digest = hashlib.sha256(known.stdout + dockerfile.read_bytes())
    for file in inside:
        digest.update(f"{file.relative_to(REPOSITORY)}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


@contextmanager
def wire(here: str = HERE, there: str = THERE, mark: str = "") -> Iterator[str]:
    """A network of its own with one wire to this machine; the path of its namespace."""
    name = f"oma-{os.getpid()}{mark}"
    ends = f"omah{mark}{os.getpid() % 10_000}", f"omac{mark}{os.getpid() % 10_000}"
    ip("netns", "add", name)
    try:
        ip("link", "add", ends[0], "type", "veth", "peer", "name", ends[1], "netns", name)
        ip("address", "add", f"{here}/30", "dev", ends[0])
        ip("link", "set", ends[0], "up")
        ip("-n", name, "link", "set", "lo", "up")
        ip("-n", name, "address", "add", f"{there}/30", "dev", ends[1])
        ip("-n", name, "link", "set", ends[1], "up")
        yield f"/var/run/netns/{name}"
    finally:
        ip("netns", "delete", name)


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, env={"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"})


@dataclass(frozen=True)
class Container:
    """One that sleeps until runners are started in it: starting anew would copy the image each time."""

    name: str

    def run(self, *command: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        words = [word for pair in (environment or {}).items() for word in ("--env", "=".join(pair))]
        return subprocess.run(
            [*PODMAN, "exec", *words, self.name, *command], capture_output=True, text=True, timeout=SECONDS, check=False
        )

    def agent(
        self, *steps: Json, files: Sequence[tuple[str, bytes]] = (), token: str = TOKEN,
        environment: dict[str, str] | None = None, **spec: Any,
    ) -> Run:  # fmt: skip
        """A run of these steps, from the claim to the report."""
        with ExitStack() as stack:
            fake = stack.enter_context(FakeAnthropic())
            gateway = stack.enter_context(peer(int(fake.url.rpartition(":")[2].split("/")[0])))
            spec = {"prompt": prompt(*steps), "maxTurns": len(steps) + 5} | spec
            platform = stack.enter_context(FakePlatform(f"http://{HERE}:{gateway}", **spec))
            platform.workspace, platform.token = list(files), token
            port = stack.enter_context(peer(platform.port))
            told = platform.environment | {"OMA_RUNNER_URL": f"http://{HERE}:{port}"} | (environment or {})
            done = self.run("/usr/bin/python3", "/srv/jobs/agent-runner/main.py", environment=told)
            return Run(done, platform)


@dataclass(frozen=True)
class Run:
    """What came of it."""

    runner: subprocess.CompletedProcess[str]
    platform: FakePlatform

    @property
    def report(self) -> Json:
        assert self.runner.returncode == 0, self.runner.stdout + self.runner.stderr
        return self.platform.report

    def outputs(self) -> list[str]:
        """What each tool answered, in order."""
        return [event["output"] for event in self.platform.of_type("tool_result")]


@contextmanager
def peer(port: int, host: str = "127.0.0.1", at: tuple[str, int] = (HERE, 0)) -> Iterator[int]:
    """A port of the wire's end that leads to a port of loopback, or of another host, while it lasts."""
    with closing(socket.create_server(at)) as listener:
        relay.serve(listener, lambda near: relay.join(near, socket.create_connection((host, port))), f"peer of {port}")
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def container(network: str, *options: str, image: str = IMAGE) -> Iterator[Container]:
    """One of the image that sleeps; `podman exec` does the rest."""
    name = f"{image}-{os.getpid()}-{len(options)}"
    subprocess.run(
        [*PODMAN, "run", "--detach", "--name", name, "--pull", "never", "--ulimit", "nofile=20000:20000",
         "--ulimit", "nproc=4096:4096", "--network", f"ns:{network}", *LIMITS, *options,
         "--entrypoint", "/bin/sleep", image, "infinity"], check=True, capture_output=True,
    )  # fmt: skip
    try:
        yield Container(name)
    finally:
        subprocess.run([*PODMAN, "rm", "--force", "--time", "0", name], check=True, capture_output=True)

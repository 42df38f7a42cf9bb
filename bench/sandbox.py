"""What isolation costs at launch: from starting the process to the CLI's first byte at the model, four ways in turn.

Usage: python -m bench.sandbox [runs]
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.machine import quantile, table
from ohmyagent.runner import cli, relay
from ohmyagent.runner.bubblewrap import FIRST_UID, program
from ohmyagent.runner.installation import Installation, default_home
from ohmyagent.runner.protocol import Claim, Spec
from tests.fake_anthropic import FakeAnthropic
from tests.fake_platform import FakePlatform

RUNS = 15
REPOSITORY = Path(__file__).resolve().parents[1]
BARE_SANDBOX = """--unshare-all --die-with-parent --new-session
--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64
--proc /proc --dev /dev --tmpfs /tmp --tmpfs /run --tmpfs /home/agent --tmpfs /workspace
--chdir /workspace --ro-bind {claude} /opt/claude --ro-bind {prompt} /opt/system-prompt.txt
--ro-bind {socket} /run/gateway.sock"""

Start = Callable[[], subprocess.Popen[bytes]]


class Launches:
    """Starts the CLI in each of the ways; `uid` is who it runs as when root measures."""

    def __init__(self, folder: Path, platform: FakePlatform) -> None:
        self._platform, self._folder = platform, folder
        self._spec: Spec = Claim.of(platform.claim()).spec
        self._home = default_home()
        self._uid = FIRST_UID if os.geteuid() == 0 else None
        self._claude = Installation.at(self._home).claude
        self._prompt, self._socket = folder / "prompt.txt", folder / "gateway.sock"
        self._prompt.write_text(self._spec.system_prompt)

    def bare(self) -> subprocess.Popen[bytes]:
        """The CLI alone, with the same flags, in an empty folder."""
        words = [str(self._prompt) if word == cli.SYSTEM_PROMPT else word for word in cli.command(self._spec)[1:]]
        command = [self._claude, *words]
        environment = cli.environment(self._spec) | {"HOME": str(self._folder), "TMPDIR": str(self._folder)}
        for name in (name for name in list(environment) if "PROXY" in name.upper() or name == "ANTHROPIC_UNIX_SOCKET"):
            del environment[name]
        return self._speak(command, environment | {"ANTHROPIC_BASE_URL": self._platform.model_url})

    def bare_sandbox(self) -> subprocess.Popen[bytes]:
        """The CLI in plain bubblewrap with a light relay: no limits, no seccomp, no proxy, no init."""
        words = BARE_SANDBOX.format(claude=self._claude, prompt=self._prompt, socket=self._socket).split()
        return self._speak([program(), *words, *cli.command(self._spec)], cli.environment(self._spec))

    def runner(self) -> subprocess.Popen[bytes]:
        """The whole runner: Python, claim, sandbox with everything."""
        self._platform.claims = 0
        self._platform.events.clear()
        environment = self._platform.environment | {"OMA_SANDBOX_HOME": self._home}
        runner = str(REPOSITORY / "jobs/agent-runner/main.py")
        return subprocess.Popen([sys.executable, "-I", runner], env=environment, stdout=subprocess.DEVNULL)

    def serve(self) -> None:
        """The light relay of the bare sandbox."""
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self._socket))
        self._socket.chmod(0o666)
        listener.listen()
        relay.serve(listener, relay.GatewayRelay(self._spec.gateway_url, 5).handle, "relay")

    def _speak(self, command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command, env=environment, cwd=self._folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, user=self._uid, group=self._uid, extra_groups=None if self._uid is None else [],
        )  # fmt: skip
        assert process.stdin
        process.stdin.write(cli.first_message(self._spec.prompt))
        process.stdin.close()
        return process


@contextmanager
def launches(model: FakeAnthropic) -> Iterator[tuple[Launches, FakePlatform]]:
    with tempfile.TemporaryDirectory() as name, FakePlatform(model.url, prompt="Say hello.") as platform:
        folder = Path(name)
        folder.chmod(0o777)
        found = Launches(folder, platform)
        found.serve()
        yield found, platform


def seconds_to_first_request(start: Start, model: FakeAnthropic) -> float:
    """From the start of the process to the first byte of its first request."""
    seen, began = len(model.requests), time.time()
    process = start()
    while not (new := model.requests[seen:]):
        if process.poll() is not None:
            raise SystemExit(f"{start.__name__} ended before it asked the model")
        time.sleep(0.0005)
    process.wait()
    return float(new[0]["t"]) - began


def seconds_to_claim(launches: Launches, platform: FakePlatform) -> float:
    """From the start of the runner's process to its claim."""
    began, claimed = time.time(), threading.Event()
    taken: list[float] = []
    take = platform.take_claim

    def timed(body: dict[str, object]) -> tuple[int, dict[str, object]]:
        taken.append(time.time() - began)
        claimed.set()
        return 410, {}

    platform.take_claim = timed  # type: ignore[method-assign]
    process = launches.runner()
    claimed.wait(10)
    process.wait()
    platform.take_claim = take  # type: ignore[method-assign]
    return taken[0]


def main(runs: int = RUNS) -> None:
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    with FakeAnthropic() as model, launches(model) as (found, platform):
        ways: dict[str, Start] = {
            "the CLI alone": found.bare,
            "the CLI in bare bubblewrap": found.bare_sandbox,
            "the runner, everything on": found.runner,
        }
        times: dict[str, list[float]] = {way: [] for way in ways}
        claims = []
        for _ in range(runs):
            for way, start in ways.items():
                times[way].append(seconds_to_first_request(start, model))
            claims.append(seconds_to_claim(found, platform))
    medians = {way: quantile(measured, 0.5) for way, measured in times.items()}
    bare = medians["the CLI in bare bubblewrap"]
    rows = [
        (way, f"{median * 1000:.0f}", f"{quantile(times[way], 0.9) * 1000:.0f}", f"{(median - bare) * 1000:+.0f}",
         f"{median / bare:.2f}")
        for way, median in medians.items()
    ]  # fmt: skip
    claim = quantile(claims, 0.5)
    isolation = medians["the runner, everything on"] - claim - bare
    rows.append(
        (
            "of this: Python's start until the claim",
            f"{claim * 1000:.0f}",
            f"{quantile(claims, 0.9) * 1000:.0f}",
            "",
            "",
        )
    )
    rows.append(("of this: isolation beyond bare bubblewrap", f"{isolation * 1000:.0f}", "", "", ""))
    table("From start to the first model request", ("way", "p50 ms", "p90 ms", "against bare", "ratio"), rows)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

"""The sandbox for containers that may not make namespaces: another uid, seccomp and Landlock, alone in its container.

The supervisor is the container's root, the agent a uid that can neither read its memory nor signal it.  This is weaker
than namespaces (what the container has in it can be seen), so it is used where the image says that the container is
the agent's own, and nowhere else.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from ohmyagent.runner import cli, handover, kernel, landlock, lodging, toolbox
from ohmyagent.runner.bubblewrap import FIRST_UID, SPACE
from ohmyagent.runner.container import Container
from ohmyagent.runner.handover import HandoverFailed, Listeners, Plan
from ohmyagent.runner.installation import Installation, InstallationBroken, inside_python
from ohmyagent.runner.landlock import Rules
from ohmyagent.runner.limits import cores
from ohmyagent.runner.sandbox import LOOPBACK, OFFLINE, PORT, Held, SandboxRefused
from ohmyagent.runner.sweep import processes
from ohmyagent.runner.warden import Orders

ROOT = Path(__file__).resolve().parents[2]
NETWORKS = (LOOPBACK, PORT, OFFLINE)
"""How an agent is kept from the container's network, the strongest that still has a proxy first."""
END_SECONDS = 8.0
STDERR_LIMIT = 4096
READABLE = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/opt", "/proc")
APPLIANCES = ("/dev", "/proc")


class RestrictedBox:
    """One agent of another uid, its warden, and the container's folders."""

    def __init__(
        self, process: subprocess.Popen[bytes], control: socket.socket, leash: socket.socket, listeners: Listeners,
        uid: int, held: Held,
    ) -> None:  # fmt: skip
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise SandboxRefused("the warden was started without its pipes")
        self._process, self._control, self._leash, self._uid = process, control, leash, uid
        self._told = leash.makefile("rb")
        self._status: int | None = None
        self.stdin, self.stdout, self.stderr = (
            pipe.fileno() for pipe in (process.stdin, process.stdout, process.stderr)
        )
        self.listeners, self.held = listeners, held
        self.pids = [listeners.pid]
        self.alive = os.pidfd_open(process.pid)
        self.workspace, self.home = _folder(lodging.WORKSPACE), _folder(lodging.HOME)
        self.processes = _folder("/proc")

    def members(self) -> list[str]:
        return [str(pid) for pid in processes(self._uid)]

    def space(self) -> tuple[int, int]:
        return lodging.space()

    def put(self, path: str, size: int, parts: Iterable[bytes]) -> None:
        try:
            handover.send_file(self._control, path, size, parts)
        except OSError as error:
            raise SandboxRefused(f"{path} could not be put into the sandbox: {error}") from error

    def go(self) -> None:
        handover.send_go(self._control)
        self._control.close()

    def close_stdin(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            self._leash.sendall(b"K")

    def wait(self) -> int:
        select.select([self.alive], [], [])
        self._process.wait()
        if any(processes(self._uid)):
            _sweep(self._uid)
        if self._status is None:
            self._status = self._last_line()
        return self._status

    def _last_line(self) -> int:
        """What the warden said of the agent's end; a warden that died said nothing."""
        try:
            return int(self._told.readline())
        except (OSError, ValueError):
            return -signal.SIGKILL

    def close(self) -> None:
        """Also the agent's files cease to exist."""
        lodging.clear()
        for fd in (self.workspace, self.home, self.processes, self.alive):
            os.close(fd)
        self.listeners.close()
        self._control.close()
        self._told.close()
        self._leash.close()
        _close_pipes(self._process)


class Restricted:
    """Boxes of another uid in the supervisor's own container."""

    name = "restricted"

    def __init__(self, home: str, slot: int, network: str, container: Container) -> None:
        self._home, self._slot, self._container = home, slot, container
        self._network = network

    def start(self, plan: Plan) -> RestrictedBox:
        uid = FIRST_UID + self._slot
        try:
            if any(processes(uid)):  # left by a strategy that was tried before; nobody else has this uid here
                _sweep(uid)
            installation = Installation.at(self._home)
            installation.check()
            python = inside_python().program
            lodging.furnish(installation, uid, plan.system_prompt)
            listeners = _listeners(uid)
        except (InstallationBroken, OSError, subprocess.SubprocessError) as error:
            raise SandboxRefused(str(error)) from error
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        return self._spawn(installation, python, listeners, uid, plan)

    def _spawn(
        self, installation: Installation, python: str, listeners: tuple[socket.socket, socket.socket], uid: int,
        plan: Plan,
    ) -> RestrictedBox:  # fmt: skip
        ours, theirs = socket.socketpair()
        leash, wardens = socket.socketpair()
        process = subprocess.Popen(
            [sys.executable, "-s", "-B", "-m", "ohmyagent.runner.warden", str(wardens.fileno()), str(theirs.fileno())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, cwd="/",
            env={"PYTHONPATH": str(ROOT)}, pass_fds=[wardens.fileno(), theirs.fileno()],
        )  # fmt: skip
        theirs.close()
        wardens.close()
        try:
            leash.sendall(self._orders(installation, python, uid, plan).line())
            leash.settimeout(handover.START_SECONDS)
            pid = _number(leash)
            _hear_of_doors(ours)
            leash.settimeout(None)
            box = RestrictedBox(process, ours, leash, Listeners(*listeners, pid), uid, self._held(plan))
            handover.send_plan(ours, plan)
        except (HandoverFailed, OSError) as error:
            leash.close()
            ours.close()
            words = _last_words(process) or error
            process.wait()
            _close_pipes(process)
            for listener in listeners:
                listener.close()
            raise SandboxRefused(f"the restricted sandbox could not start: {words}") from error
        return box

    def _orders(self, installation: Installation, python: str, uid: int, plan: Plan) -> Orders:
        if len(installation.restricted) != len(NETWORKS):
            raise HandoverFailed("the sandbox's files are older than the runner; run the set-up again: make setup")
        offline, tcp, loopback = installation.restricted
        return Orders(
            command=(python, "-I", "-S", "-B", "/opt/inside.py", "3"),
            uid=uid,
            folder=lodging.WORKSPACE,
            cores=tuple(sorted(cores(plan.limits.cpus, self._slot))),
            programs=(*installation.seccomp, offline if self._network == OFFLINE else tcp),
            loopback=loopback if self._network == LOOPBACK else None,
            rules=self._rules(),
        )

    def _rules(self) -> Rules | None:
        if not landlock.version():
            return None
        readable = (*READABLE, self._home, toolbox.FOLDER)
        port = None if self._network == OFFLINE else cli.PROXY_PORT
        return Rules(readable, lodging.FOLDERS, APPLIANCES, port)

    def _held(self, plan: Plan) -> Held:
        most = plan.limits.disk + sum(SPACE.values())
        return Held(self._network, "watchdog", most, self._container.memory_kills(plan.limits.memory))


def _listeners(uid: int) -> tuple[socket.socket, socket.socket]:
    """The supervisor's own: the agent could not open them, and has no other way out."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(cli.GATEWAY_SOCKET)
    model = socket.socket(socket.AF_UNIX)
    model.bind(cli.GATEWAY_SOCKET)
    os.chown(cli.GATEWAY_SOCKET, uid, uid)
    os.chmod(cli.GATEWAY_SOCKET, 0o600)
    proxy = socket.socket(socket.AF_INET)
    proxy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    proxy.bind(("127.0.0.1", cli.PROXY_PORT))
    for listener in (model, proxy):
        listener.listen(128)
    return model, proxy


def _number(leash: socket.socket) -> int:
    """One line of the warden, read byte by byte: what follows belongs to somebody else."""
    line = b""
    while not line.endswith(b"\n"):
        part = leash.recv(1)
        if not part:
            raise HandoverFailed("the warden ended before the agent was there")
        line += part
    return int(line)


def _hear_of_doors(control: socket.socket) -> None:
    """Raises HandoverFailed where a metadata server answers the agent's side, or nobody says that none does."""
    control.settimeout(handover.START_SECONDS)
    said = b""
    while not said.endswith(b"\n"):
        part = control.recv(64)
        if not part:
            raise HandoverFailed("the agent's side ended before it was ready")
        said += part
    if said != b"none\n":
        raise HandoverFailed(f"a cloud metadata server answers the agent at {said.decode('ascii', 'replace').strip()}")


def _sweep(uid: int) -> None:
    """The warden died before its work was done."""
    command = [sys.executable, "-s", "-B", "-m", "ohmyagent.runner.sweep", str(uid)]
    subprocess.run(command, env={"PYTHONPATH": str(ROOT)}, cwd="/", check=True, timeout=END_SECONDS)


def _folder(path: str) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _close_pipes(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _last_words(process: subprocess.Popen[bytes]) -> str:
    if process.stderr is None:
        return ""
    ready, _, _ = select.select([process.stderr], [], [], 2)
    return os.read(process.stderr.fileno(), STDERR_LIMIT).decode("utf-8", "replace").strip() if ready else ""

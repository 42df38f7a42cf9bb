"""The sandbox made of bubblewrap: namespaces without a network, an empty environment, sized file systems, seccomp.

The agent is never root outside: started by root, bubblewrap itself runs as an unprivileged uid, one per slot.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ohmyagent.runner import cli, handover, toolbox
from ohmyagent.runner.handover import HandoverFailed, Listeners, Plan
from ohmyagent.runner.installation import Installation, InstallationBroken, inside_python
from ohmyagent.runner.sandbox import Held, SandboxRefused
from ohmyagent.runner.toolbox import Toolbox

FIRST_UID = 70_000
SPACE = {"/tmp": 128 << 20, "/home/agent": 64 << 20, "/dev/shm": 64 << 20, "/run": 1 << 20}  # noqa: S108
# What these say about the host is no business of an agent; /sys does not exist inside.
HIDDEN = ("cmdline", "diskstats", "kallsyms", "key-users", "keys", "modules", "partitions", "swaps", "timer_list")
ACCOUNTS = "agent:x:1000:1000:agent:/home/agent:/bin/bash\n"
GROUP = "agent:x:1000:\n"
HOSTS = "127.0.0.1 localhost\n"
STDERR_LIMIT = 4096


def program() -> str:
    """The path of bubblewrap.  Raises SandboxRefused when it is not installed."""
    for folder in ("/usr/bin", "/usr/local/bin", "/bin"):
        path = f"{folder}/bwrap"
        if os.access(path, os.X_OK):
            return path
    raise SandboxRefused("bubblewrap is not installed (on Debian and Ubuntu: apt-get install bubblewrap)")


def memory_file(content: bytes) -> int:
    """A descriptor to read `content` from; it exists nowhere on disk."""
    fd = os.memfd_create("data")
    with open(fd, "wb", closefd=False) as file:
        file.write(content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


@dataclass
class Arguments:
    """bubblewrap's arguments and the descriptors that they name."""

    words: list[str] = field(default_factory=list)
    fds: list[int] = field(default_factory=list)

    def add(self, *words: str) -> None:
        self.words += words

    def data(self, content: str, path: str) -> None:
        """A read-only file of the sandbox with this content."""
        fd = self.held(memory_file(content.encode()))
        self.add("--perms", "0444", "--ro-bind-data", str(fd), path)

    def tmpfs(self, path: str, size: int, mode: str = "0755") -> None:
        self.add("--perms", mode, "--size", str(size), "--tmpfs", path)

    def held(self, fd: int) -> int:
        """Passed to bubblewrap, closed here by `close`."""
        self.fds.append(fd)
        return fd

    def close(self) -> None:
        for fd in self.fds:
            os.close(fd)
        self.fds.clear()


def add_namespaces(to: Arguments) -> None:
    to.add("--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session")
    to.add("--hostname", "sandbox", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL", "--clearenv")


def add_system(to: Arguments) -> None:
    """A read-only system without anything that is this host's own."""
    to.add("--dir", "/etc", "--dir", "/opt", "--ro-bind", "/usr", "/usr")
    for name in ("bin", "sbin", "lib", "lib64"):
        to.add("--symlink", f"usr/{name}", f"/{name}")
    for path in ("/etc/ssl", "/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache"):
        to.add("--ro-bind-try", path, path)
    to.data(ACCOUNTS, "/etc/passwd")
    to.data(GROUP, "/etc/group")
    to.data(HOSTS, "/etc/hosts")
    to.data("", "/etc/resolv.conf")
    to.add("--proc", "/proc", "--dev", "/dev")
    for name in HIDDEN:
        if os.path.exists(f"/proc/{name}"):
            to.data("", f"/proc/{name}")


def add_space(to: Arguments, disk: int) -> None:
    """Everything that the agent may write is a sized tmpfs of this run alone."""
    for path, size in SPACE.items():
        to.tmpfs(path, size, "1777" if path in ("/tmp", "/dev/shm") else "0755")  # noqa: S108
    to.tmpfs("/workspace", disk)


def add_toolbox(to: Arguments, home: str) -> None:
    """An agent can work without it, so its absence stops no run; the probe tells of it."""
    try:
        found = Toolbox.at(home)
    except InstallationBroken:
        return
    to.add("--ro-bind", found.folder, toolbox.FOLDER)
    for path, target in found.links.items():
        to.add("--symlink", target, path)


def add_programs(to: Arguments, installation: Installation, python: Sequence[str], system_prompt: str) -> None:
    to.add(*python)
    to.add("--ro-bind", installation.claude, cli.PROGRAM, "--ro-bind", installation.inside, "/opt/inside.py")
    to.data(system_prompt, cli.SYSTEM_PROMPT)
    to.add("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/workspace")
    for path in installation.seccomp:
        to.add("--add-seccomp-fd", str(to.held(os.open(path, os.O_RDONLY))))


class BubblewrapBox:
    """One running bubblewrap."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket, info: int) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise SandboxRefused("bubblewrap was started without its pipes")
        self._process, self._control = process, control
        self.stdin, self.stdout, self.stderr = (
            pipe.fileno() for pipe in (process.stdin, process.stdout, process.stderr)
        )
        self.listeners: Listeners = handover.receive_listeners(control)
        init = _child_pid(info)
        self.pids = [init, self.listeners.pid]
        self.alive = os.pidfd_open(init)
        self.workspace = _folder(init, "/workspace")
        self.held = Held()
        spaces = {path: _folder(init, path) for path in SPACE}
        self.home = spaces["/home/agent"]
        self._spaces = [self.workspace, *spaces.values()]
        self.processes = _folder(init, "/proc")

    def members(self) -> list[str]:
        return [name for name in os.listdir(self.processes) if name.isdigit()]

    def space(self) -> tuple[int, int]:
        used = inodes = 0
        for space in self._spaces:
            status = os.fstatvfs(space)
            used += (status.f_blocks - status.f_bfree) * status.f_frsize
            inodes += status.f_files - status.f_ffree
        return used, inodes

    def put(self, path: str, size: int, parts: Iterable[bytes]) -> None:
        try:
            handover.send_file(self._control, path, size, parts)
        except OSError as error:
            raise SandboxRefused(f"{path} could not be put into the sandbox: {_last_words(self._process)}") from error

    def go(self) -> None:
        handover.send_go(self._control)
        self._control.close()

    def close_stdin(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()

    def kill(self) -> None:
        try:
            signal.pidfd_send_signal(self.alive, signal.SIGKILL)
        except ProcessLookupError:
            return

    def wait(self) -> int:
        select.select([self.alive], [], [])
        status = self._process.wait()
        return status if status <= 128 else 128 - status

    def close(self) -> None:
        for fd in (*self._spaces, self.processes, self.alive):
            os.close(fd)
        self.listeners.close()
        _close_pipes(self._process)


class Bubblewrap:
    """Boxes of bubblewrap."""

    name = "bubblewrap"

    def __init__(self, home: str, slot: int) -> None:
        self._home, self._slot = home, slot

    def start(self, plan: Plan) -> BubblewrapBox:
        bwrap = program()
        try:
            installation = Installation.at(self._home)
            installation.check()
            python = inside_python()
            arguments = Arguments()
            add_namespaces(arguments)
            add_system(arguments)
            add_space(arguments, plan.limits.disk)
            add_toolbox(arguments, installation.home)
            add_programs(arguments, installation, python.mounts, plan.system_prompt)
            return self._spawn(bwrap, python.program, arguments, plan)
        except (InstallationBroken, OSError) as error:
            raise SandboxRefused(str(error)) from error

    def _spawn(self, bwrap: str, python: str, arguments: Arguments, plan: Plan) -> BubblewrapBox:
        ours, theirs = handover.control_pair()
        info, info_write = os.pipe()
        arguments.add("--info-fd", str(arguments.held(info_write)))
        arguments.held(memory_file("".join(f"{word}\0" for word in arguments.words).encode()))
        inside = [python, "-I", "-S", "-B", "/opt/inside.py", str(theirs.fileno())]
        inside += [cli.GATEWAY_SOCKET, str(cli.PROXY_PORT)]
        uid = self._uid()
        process = subprocess.Popen(
            [bwrap, "--args", str(arguments.fds[-1]), "--", *inside],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, env={}, cwd="/",
            pass_fds=[*arguments.fds, theirs.fileno()], user=uid, group=uid, extra_groups=None if uid is None else [],
        )  # fmt: skip
        theirs.close()
        arguments.close()
        try:
            box = BubblewrapBox(process, ours, info)
            handover.send_plan(ours, plan)
        except (HandoverFailed, OSError) as error:
            words = _last_words(process) or error
            process.kill()
            process.wait()
            _close_pipes(process)
            ours.close()
            raise SandboxRefused(f"bubblewrap could not start: {words}") from error
        finally:
            os.close(info)
        return box

    def _uid(self) -> int | None:
        """Root gives itself up before bubblewrap is loaded; an ordinary user stays who they are."""
        return FIRST_UID + self._slot if os.geteuid() == 0 else None


def _folder(init: int, path: str) -> int:
    return os.open(f"/proc/{init}/root{path}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _child_pid(info: int) -> int:
    parts = b""
    while not parts.rstrip().endswith(b"}"):
        part = os.read(info, 4096)
        if not part:
            raise HandoverFailed("bubblewrap ended before it made a sandbox")
        parts += part
    return int(json.loads(parts)["child-pid"])


def _close_pipes(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _last_words(process: subprocess.Popen[bytes]) -> str:
    """What a process that is about to end wrote to its standard error."""
    if process.stderr is None:
        return ""
    ready, _, _ = select.select([process.stderr], [], [], 2)
    return os.read(process.stderr.fileno(), STDERR_LIMIT).decode("utf-8", "replace").strip() if ready else ""

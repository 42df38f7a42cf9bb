"""The supervisor's side of the control socket to inside.py."""

from __future__ import annotations

import array
import contextlib
import json
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from ohmyagent.runner.protocol import Limits

LENGTH = struct.Struct(">I")
FILE = struct.Struct(">IQ")
# Bun aborts below about 2.3 GB of address space; 8 GiB only keeps page tables small.
ADDRESS_SPACE = 8 << 30
START_SECONDS = 20.0


class HandoverFailed(Exception):
    """The sandbox ended before it was ready."""


@dataclass(frozen=True)
class Plan:
    """What shall run inside, and within which limits."""

    command: list[str]
    environment: dict[str, str]
    system_prompt: str
    limits: Limits


@dataclass(frozen=True)
class Listeners:
    """What the sandbox listens on; whoever holds these is its only way out."""

    gateway: socket.socket
    proxy: socket.socket
    pid: int
    """The host's number of the process that opened them, which becomes the agent."""

    def close(self) -> None:
        """Also wakes whoever waits in `accept`, which a mere close does not."""
        for listener in (self.gateway, self.proxy):
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()


def rlimits(limits: Limits) -> dict[str, int]:
    """Limits of every process, by the names of resource.RLIMIT_*."""
    return {
        "AS": ADDRESS_SPACE,
        "CORE": 0,
        "FSIZE": limits.disk,
        "MEMLOCK": 64 << 10,
        "MSGQUEUE": 0,
        "NOFILE": limits.open_files,
        "NPROC": limits.processes,
    }


def control_pair() -> tuple[socket.socket, socket.socket]:
    """The supervisor's end and the sandbox's end; the first also learns who writes to it."""
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    return ours, theirs


def receive_listeners(control: socket.socket) -> Listeners:
    """Wait for the sandbox's listeners, and learn the host's pid of the process that sent them.

    Raises HandoverFailed when the sandbox ends or stays silent.
    """
    control.settimeout(START_SECONDS)
    try:
        greeting, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(8) + socket.CMSG_SPACE(12))
    except OSError as error:
        raise HandoverFailed(f"it did not answer: {error}") from error
    parts = {kind: data for _, kind, data in ancillary}
    if greeting != b"L" or socket.SCM_RIGHTS not in parts:
        raise HandoverFailed("it ended before it opened its listeners")
    fds = array.array("i", parts[socket.SCM_RIGHTS])
    pid = struct.unpack("3i", parts[socket.SCM_CREDENTIALS])[0]
    return Listeners(socket.socket(fileno=fds[0]), socket.socket(fileno=fds[1]), pid)


def send_plan(control: socket.socket, plan: Plan) -> None:
    body = json.dumps(
        {"command": plan.command, "environment": plan.environment, "limits": rlimits(plan.limits)}
    ).encode()
    control.sendall(LENGTH.pack(len(body)) + body)


def send_file(control: socket.socket, path: str, size: int, parts: Iterable[bytes]) -> None:
    """One file, owned by the sandbox's user; `parts` must add up to `size` bytes."""
    name = path.encode("utf-8", "surrogateescape")
    control.sendall(FILE.pack(len(name), size) + name)
    for part in parts:
        control.sendall(part)


def send_go(control: socket.socket) -> None:
    """Returns when all files are written and the agent's program is about to start, or when the sandbox is dead."""
    with contextlib.suppress(OSError):
        control.sendall(FILE.pack(0, 0))
        control.recv(1)

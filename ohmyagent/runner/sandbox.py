"""What a sandbox must be able to do, whatever it is made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from ohmyagent.runner.handover import Listeners, Plan

NAMESPACE, LOOPBACK, PORT, OFFLINE = "namespace", "loopback", "port", "offline"


class SandboxRefused(Exception):
    """No sandbox can be had on this host, or it did not start; the text says why, for whoever runs the platform."""


@dataclass(frozen=True)
class Held:
    """How a box is kept apart from networks, and the limits that hold before anyone sets one."""

    network: str = NAMESPACE
    """namespace: it has one of its own, without a route.  loopback: sockets are tied to it, and to the proxy's port.
    port: to that port only, of whatever host.  offline: no internet sockets."""
    disk: str = "tmpfs"
    space: float = math.inf
    """Bytes in the box's places at which it must be ended, where the kernel does not refuse them."""
    memory: Callable[[], int] | None = None
    """Where its container's own memory limit is tight enough: how many processes the kernel ended for it."""


class Box(Protocol):
    """One sandbox with one agent in it.  Everything in it is untrusted, also what it writes to stdout."""

    stdin: int
    stdout: int
    stderr: int
    listeners: Listeners
    workspace: int
    """Descriptor of the directory /workspace; it stays readable after the sandbox is dead, until `close`."""
    home: int
    """Descriptor of the agent's home directory, as readable and as long as `workspace`."""
    held: Held
    """What its surroundings hold."""
    processes: int
    """Descriptor of a /proc that shows what runs in it."""
    pids: list[int]
    """The host's pids of what runs in it before `go`: whatever comes later descends from these."""
    alive: int
    """A descriptor that becomes readable when no process of the sandbox is left."""

    def members(self) -> list[str]:
        """The names in `processes` of what runs in it, and of nothing else."""

    def space(self) -> tuple[int, int]:
        """Bytes and files in all places that the agent may write to."""

    def put(self, path: str, size: int, parts: Iterable[bytes]) -> None:
        """Write one file as the sandbox's user.  Raises SandboxRefused when it does not fit."""

    def go(self) -> None:
        """Start the agent.  Nothing of it runs before this call, and all that was put is there when it returns."""

    def close_stdin(self) -> None:
        """End the agent's input."""

    def kill(self) -> None:
        """End every process at once; harmless when they are gone."""

    def wait(self) -> int:
        """Exit status of the agent's program (negative: the signal), once no process is left."""

    def close(self) -> None:
        """Let go of all descriptors; the workspace ceases to exist."""


class Sandbox(Protocol):
    """A way to make boxes."""

    name: str

    def start(self, plan: Plan) -> Box:
        """A new box, waiting for its files and for `go`.

        The box dies with the thread that calls this: call it from the main thread.  Raises SandboxRefused.
        """

"""What a sandbox must be able to do, whatever it is made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ohmyagent.runner.handover import Listeners, Plan


class SandboxRefused(Exception):
    """No sandbox can be had on this host, or it did not start; the text says why, for whoever runs the platform."""


class Box(Protocol):
    """One sandbox with one agent in it.  Everything in it is untrusted, also what it writes to stdout."""

    stdin: int
    stdout: int
    stderr: int
    listeners: Listeners
    workspace: int
    """Descriptor of the directory /workspace; it stays readable after the sandbox is dead, until `close`."""
    spaces: list[int]
    """A descriptor in every file system that the agent may write to."""
    processes: int
    """Descriptor of the sandbox's own /proc: what runs in it, and nothing else."""
    pids: list[int]
    """The host's pids of what runs in it before `go`: whatever comes later descends from these."""
    alive: int
    """A descriptor that becomes readable when no process of the sandbox is left."""

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

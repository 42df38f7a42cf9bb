"""Keeps a sandbox within its limits, by the strongest mechanism that the host allows, and can name it.

Memory, CPU and processes: control groups, else the box's own container, a watchdog, one core and RLIMIT_NPROC.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

from ohmyagent.runner import cgroups
from ohmyagent.runner.protocol import Limits
from ohmyagent.runner.sandbox import Box, SandboxRefused

WATCH_SECONDS = 0.05
CALM_SECONDS = 0.5
INODES = 200_000
INODE_BYTES = 1024
PAGE_STATUS = (b"RssAnon:", b"RssShmem:", b"VmPTE:")
PROPORTIONAL = (b"Pss_Anon:", b"Pss_Shmem:")


class Watch:
    """The limits of one running box.  `breach` is asked every `interval` seconds."""

    def __init__(self, box: Box, limits: Limits, slot: int) -> None:
        """Puts the box under its limits; call before `go`."""
        self._box, self._limits = box, limits
        self._groups = _admitted(cgroups.make(limits), box.pids)
        folders = self._groups.folders if self._groups else {}
        named = f"cgroup-v{self._groups.version}" if self._groups else ""
        self.mechanisms = {
            "memory": named if "memory" in folders else "container" if box.held.memory else "watchdog",
            "cpu": named if "cpu" in folders else "affinity",
            "processes": named if "pids" in folders else "rlimit",
            "disk": box.held.disk,
        }
        self.interval = WATCH_SECONDS if self.mechanisms["memory"] == "watchdog" else CALM_SECONDS
        if "cpu" not in folders:
            _pin(box.pids, cores(limits.cpus, slot))

    def breach(self) -> str | None:
        """`memory` or `disk` when the box must be killed for it, else None."""
        used, inodes = self._box.space()
        if inodes > INODES or used > self._box.held.space:
            return "disk"
        if self.mechanisms["memory"] != "watchdog":
            return None
        used += inodes * INODE_BYTES
        over = used + _memory(self._box, "status", PAGE_STATUS) > self._limits.memory
        # shared pages count once per process in the cheap figure, so the dear one decides
        if over and used + _memory(self._box, "smaps_rollup", PROPORTIONAL) > self._limits.memory:
            return "memory"
        return None

    def memory_kills(self) -> int:
        """How many processes of the box the kernel ended for want of memory."""
        if self.mechanisms["memory"] == "container" and self._box.held.memory:
            return self._box.held.memory()
        return self._groups.memory_kills() if self._groups else 0

    def close(self) -> None:
        if self._groups:
            self._groups.remove()


def _admitted(groups: cgroups.Groups | None, pids: list[int]) -> cgroups.Groups | None:
    """The groups with the box in them; None where one may make a group but not move processes into it."""
    if groups is None:
        return None
    try:
        groups.admit(pids)
    except OSError:
        groups.remove()
        return None
    return groups


def _memory(box: Box, file: str, keys: tuple[bytes, ...]) -> int:
    """Bytes by the lines `keys` of /proc/<pid>/<file> of every process in the box; the cheap file where we may not."""
    total = 0
    for pid in box.members():
        with contextlib.suppress(OSError):
            try:
                total += _sum(_content(box.processes, f"{pid}/{file}"), keys.__contains__)
            except PermissionError:
                total += _sum(_content(box.processes, f"{pid}/status"), PAGE_STATUS.__contains__)
    return total


def _content(folder: int, path: str) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    try:
        return os.read(fd, 8192)
    finally:
        os.close(fd)


def _sum(content: bytes, wanted: Callable[[bytes], bool]) -> int:
    lines = (line.split() for line in content.splitlines())
    return sum(int(words[1]) << 10 for words in lines if words and wanted(words[0]))


def cores(cpus: float, slot: int) -> set[int]:
    """As many of this process's cores as a box may use; different slots get different ones."""
    own = sorted(os.sched_getaffinity(0))
    count = min(len(own), max(1, round(cpus)))
    return {own[(slot * count + number) % len(own)] for number in range(count)}


def _pin(pids: list[int], chosen: set[int]) -> None:
    """Keep the box on these cores; inside, seccomp keeps it so.  One that pinned itself may be beyond our reach."""
    for pid in pids:
        try:
            if os.sched_getaffinity(pid) != chosen:
                os.sched_setaffinity(pid, chosen)
        except PermissionError as error:
            raise SandboxRefused("the agent's cores cannot be chosen: CAP_SYS_NICE is missing") from error

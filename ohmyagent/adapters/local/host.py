"""The floor of memory and disk that runs must leave to the machine they share."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True)
class Floor:
    """In bytes: below `wait_*` no run is started, below `stop_*` the youngest one is ended."""

    wait_memory: int = 512 * 2**20
    stop_memory: int = 256 * 2**20
    wait_disk: int = 1024 * 2**20
    stop_disk: int = 512 * 2**20


class Host:
    """`folder` is on the disk that counts."""

    def __init__(
        self,
        folder: Path,
        floor: Floor,
        memory: Callable[[], int] | None = None,
        disk: Callable[[], int] | None = None,
    ) -> None:
        self._floor = floor
        self._memory = memory or available_memory
        self._disk = disk or (lambda: available_disk(folder))

    def waits_for(self) -> str | None:
        """`memory` or `disk`, whichever is too short to start another run; None if there is enough."""
        return self._short(self._floor.wait_memory, self._floor.wait_disk)

    def must_free(self) -> str | None:
        """`memory` or `disk`, whichever is so short that a run has to end."""
        return self._short(self._floor.stop_memory, self._floor.stop_disk)

    def _short(self, memory: int, disk: int) -> str | None:
        if self._memory() < memory:
            return "memory"
        return "disk" if self._disk() < disk else None


def available_memory() -> int:
    """What programs may still take without swapping (MemAvailable, proc(5)), in bytes."""
    lines = MEMINFO.read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("MemAvailable:"))) * 1024


def available_disk(folder: Path) -> int:
    """What an ordinary user may still write there, in bytes."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize

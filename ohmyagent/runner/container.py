"""The container around a runner, where it is one that our image made for a single agent."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from ohmyagent.runner import cgroups

MARK = "/opt/oh-my-agent/container"
"""The image has this file.  Without it this is a host, where nothing weaker than namespaces is ever used."""
ALLOWANCE = 256 << 20
"""What the runner itself may need beside its agent."""


@dataclass(frozen=True)
class Container:
    """What holds for everything in it."""

    memory: str | None
    """The memory group's folder, where it can be seen."""

    @classmethod
    def around(cls, mark: str = MARK) -> Container | None:
        """None on a host, and for anyone but root: only root can be kept apart from another uid."""
        if os.geteuid() != 0 or not _of_root(mark):
            return None
        return cls(cgroups.own("memory"))

    def memory_kills(self, limit: int) -> Callable[[], int] | None:
        """A count of processes that the kernel ended for want of memory, where it holds about `limit` bytes."""
        if self.memory is None or not 0 < cgroups.memory_limit(self.memory) <= limit + ALLOWANCE:
            return None
        folder, before = self.memory, cgroups.memory_kills(self.memory)
        return lambda: cgroups.memory_kills(folder) - before


def _of_root(path: str) -> bool:
    try:
        status = os.stat(path)
    except OSError:
        return False
    return status.st_uid == 0 and not status.st_mode & 0o022

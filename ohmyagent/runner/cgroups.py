"""Control groups for one sandbox: version 2 where a part of the tree is ours, version 1 as root.

Sources: the kernel's admin-guide/cgroup-v2.rst and admin-guide/cgroup-v1/.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ohmyagent.runner.protocol import Limits

PREFIX = "oma-"
CONTROLLERS = ("memory", "cpu", "pids")
CPU_PERIOD_US = 100_000
SYSTEM_GROUP = "oh-my-agent"


@dataclass(frozen=True)
class Mount:
    """One mounted hierarchy: the folder of this process's own group in it, and the controllers that it has."""

    version: int
    own: str
    top: str
    controllers: frozenset[str]


@dataclass
class Groups:
    """The groups that one sandbox lives in: one per controller, of one version or both."""

    folders: dict[str, str]
    version: int

    def admit(self, pids: Iterable[int]) -> None:
        """Move processes in; their later children are born inside."""
        for folder in set(self.folders.values()):
            for pid in pids:
                _write(folder, "cgroup.procs", str(pid))

    def memory_kills(self) -> int:
        """How many processes the kernel has killed because the group was out of memory."""
        return memory_kills(self.folders["memory"]) if "memory" in self.folders else 0

    def remove(self) -> None:
        """Harmless when a process is left: the next runner sweeps."""
        for folder in set(self.folders.values()):
            with contextlib.suppress(OSError):
                os.rmdir(folder)


def own(controller: str) -> str | None:
    """The folder of this process's own group; None where it cannot be seen."""
    found = (mount.own for mount in _mounts() if controller in mount.controllers and os.path.isdir(mount.own))
    return next(found, None)


def memory_limit(folder: str) -> int:
    """Bytes; 0 where the group has no limit of its own, as at the top of the tree."""
    for name in ("memory.max", "memory.limit_in_bytes"):
        with contextlib.suppress(OSError), open(os.path.join(folder, name), encoding="ascii") as file:
            text = file.read().strip()
            return int(text) if text.isdigit() else 0
    return 0


def memory_kills(folder: str) -> int:
    """How many processes the kernel has killed because a memory group was out of memory."""
    for name in ("memory.events", "memory.oom_control"):
        with contextlib.suppress(OSError), open(os.path.join(folder, name), encoding="ascii") as file:
            return int(dict(line.split() for line in file).get("oom_kill", 0))
    return 0


def make(limits: Limits, mounts: list[Mount] | None = None) -> Groups | None:
    """New groups with these limits by the strongest version that this process may use, or None."""
    found = list(_mounts()) if mounts is None else mounts
    name = f"{PREFIX}{os.getpid()}"
    for version, of_version in ((2, _version2), (1, _version1)):
        folders = of_version([mount for mount in found if mount.version == version], name, limits)
        if folders:
            return Groups(folders, version)
    return None


def _version2(mounts: list[Mount], name: str, limits: Limits) -> dict[str, str]:
    """One folder for all controllers, below a part of the tree that was delegated, or that root makes for us."""
    for mount in mounts:
        if not set(CONTROLLERS) <= mount.controllers:
            continue
        bases = [os.path.dirname(mount.own), mount.own]
        bases += [os.path.join(mount.top, SYSTEM_GROUP)] if os.geteuid() == 0 else []
        for base in bases:
            folder = _child(base, name)
            if folder and _write_all(folder, _settings2(limits)):
                return dict.fromkeys(CONTROLLERS, folder)
    return {}


def _version1(mounts: list[Mount], name: str, limits: Limits) -> dict[str, str]:
    """A folder per controller below our own group, so that limits above ours keep counting."""
    folders = {}
    for controller in CONTROLLERS:
        for mount in mounts:
            folder = _child(mount.own, name) if controller in mount.controllers else None
            if folder and _write_all(folder, _settings1(limits)[controller]):
                folders[controller] = folder
    return folders


def _settings2(limits: Limits) -> dict[str, str]:
    return {
        "memory.max": str(limits.memory),
        "memory.swap.max": "0",
        "cpu.max": f"{int(limits.cpus * CPU_PERIOD_US)} {CPU_PERIOD_US}",
        "pids.max": str(limits.processes),
    }


def _settings1(limits: Limits) -> dict[str, dict[str, str]]:
    quota = {"cpu.cfs_period_us": str(CPU_PERIOD_US), "cpu.cfs_quota_us": str(int(limits.cpus * CPU_PERIOD_US))}
    return {
        "memory": {"memory.limit_in_bytes": str(limits.memory)},
        "cpu": quota,
        "pids": {"pids.max": str(limits.processes)},
    }


def _child(base: str, name: str) -> str | None:
    """A new group below `base`, after the empty ones of runners that died were swept; None where we may not."""
    try:
        if os.path.basename(base) == SYSTEM_GROUP:
            os.makedirs(base, exist_ok=True)
            _write(base, "cgroup.subtree_control", " ".join(f"+{controller}" for controller in CONTROLLERS))
        _sweep(base)
        os.makedirs(os.path.join(base, name), exist_ok=True)
    except OSError:
        return None
    return os.path.join(base, name)


def _sweep(base: str) -> None:
    with os.scandir(base) as entries:
        stale = [entry for entry in entries if entry.name.startswith(PREFIX)]
    for entry in stale:
        if not os.path.exists(f"/proc/{entry.name.removeprefix(PREFIX)}"):
            with contextlib.suppress(OSError):
                os.rmdir(entry.path)


def _write_all(folder: str, settings: dict[str, str]) -> bool:
    """Whether every setting took; the group is removed when one did not.  Swap limits exist only where swap does."""
    try:
        for name, value in settings.items():
            if "swap" not in name or os.path.exists(os.path.join(folder, name)):
                _write(folder, name, value)
    except OSError:
        with contextlib.suppress(OSError):
            os.rmdir(folder)
        return False
    return True


def _write(folder: str, name: str, value: str) -> None:
    fd = os.open(os.path.join(folder, name), os.O_WRONLY)
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)


def _mounts() -> Iterator[Mount]:
    """The hierarchies that this process can see, by /proc/self/mountinfo and /proc/self/cgroup (proc(5))."""
    own = _own_groups()
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        lines = [line.split() for line in file]
    for fields in lines:
        kind, options = fields[fields.index("-") + 1], fields[-1].split(",")
        root, top = fields[3], fields[4]
        if kind == "cgroup2" and "" in own:
            folder = _below(top, root, own[""])
            yield Mount(2, folder, top, frozenset(_available(top)))
        elif kind == "cgroup":
            for controller in set(options) & own.keys():
                yield Mount(1, _below(top, root, own[controller]), top, frozenset({controller}))


def _own_groups() -> dict[str, str]:
    """Controller → path of our own group; the empty name is version 2."""
    groups: dict[str, str] = {}
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        for line in file:
            _, names, path = line.rstrip("\n").split(":", 2)
            groups |= dict.fromkeys(names.split(","), path)
    return groups


def _below(top: str, root: str, path: str) -> str:
    inner = path.removeprefix(root) if root != "/" else path
    return os.path.join(top, inner.lstrip("/")).rstrip("/")


def _available(top: str) -> list[str]:
    try:
        with open(os.path.join(top, "cgroup.controllers"), encoding="ascii") as file:
            return file.read().split()
    except OSError:
        return []

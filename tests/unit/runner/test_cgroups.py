"""Control groups as files: what is written where, on folders that look like the kernel's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ohmyagent.runner import cgroups
from ohmyagent.runner.cgroups import CONTROLLERS, Groups, Mount
from ohmyagent.runner.protocol import Limits

LIMITS = Limits(memory=1 << 30, cpus=0.5, processes=64)
FILES = {
    2: ("memory.max", "cpu.max", "pids.max", "cgroup.procs"),
    1: ("memory.limit_in_bytes", "cpu.cfs_period_us", "cpu.cfs_quota_us", "pids.max", "cgroup.procs"),
}


def kernel(folder: Path, version: int) -> None:
    """The files that the kernel makes in a new group."""
    group = folder / f"{cgroups.PREFIX}{os.getpid()}"
    group.mkdir(parents=True)
    for name in FILES[version]:
        (group / name).touch()


def written(folder: Path) -> dict[str, str]:
    group = folder / f"{cgroups.PREFIX}{os.getpid()}"
    return {path.name: path.read_text() for path in group.iterdir() if path.read_text()}


def test_version_2_sets_all_limits_in_one_group(tmp_path: Path) -> None:
    own = tmp_path / "app.slice" / "own.scope"
    own.mkdir(parents=True)
    kernel(own.parent, 2)
    groups = cgroups.make(LIMITS, [Mount(2, str(own), str(tmp_path), frozenset(CONTROLLERS))])
    assert groups
    assert groups.version == 2
    assert written(own.parent) == {"memory.max": str(1 << 30), "cpu.max": "50000 100000", "pids.max": "64"}


def test_version_1_sets_each_limit_in_its_hierarchy(tmp_path: Path) -> None:
    mounts = []
    for controller in CONTROLLERS:
        kernel(tmp_path / controller, 1)
        mounts.append(Mount(1, str(tmp_path / controller), str(tmp_path), frozenset({controller})))
    groups = cgroups.make(LIMITS, mounts)
    assert groups
    assert set(groups.folders) == set(CONTROLLERS)
    assert written(tmp_path / "memory") == {"memory.limit_in_bytes": str(1 << 30)}
    assert written(tmp_path / "cpu") == {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "50000"}


def test_version_2_without_the_controllers_is_not_taken(tmp_path: Path) -> None:
    assert cgroups.make(LIMITS, [Mount(2, str(tmp_path), str(tmp_path), frozenset({"hugetlb"}))]) is None


def test_where_nothing_may_be_written_there_is_none(tmp_path: Path) -> None:
    assert cgroups.make(LIMITS, [Mount(1, str(tmp_path / "no"), str(tmp_path), frozenset({"memory"}))]) is None


def test_groups_of_dead_runners_are_swept_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    kernel(tmp_path, 1)
    dead, living = tmp_path / "oma-999999999", tmp_path / f"oma-{os.getppid()}"
    dead.mkdir()
    living.mkdir()
    cgroups.make(LIMITS, [Mount(1, str(tmp_path), str(tmp_path), frozenset({"memory"}))])
    assert (dead.exists(), living.exists()) == (False, True)


@pytest.mark.parametrize(
    ("version", "name", "content"),
    [(2, "memory.events", "low 0\nmax 3\noom 1\noom_kill 2\n"), (1, "memory.oom_control", "under_oom 0\noom_kill 2\n")],
)
def test_the_kernels_kills_are_counted(version: int, name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    assert Groups({"memory": str(tmp_path)}, version).memory_kills() == 2

"""Many executions at once: all end, and none leaves anything behind."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ohmyagent.runner.bubblewrap import FIRST_UID
from ohmyagent.runner.cgroups import PREFIX
from tests.fake_platform import limits
from tests.isolation.harness import Identity, Run, bash, finished, prompt, running

EXECUTIONS, AT_ONCE = 50, 10
BOMB = bash(
    "cat > b.py <<'END'\nimport os\nfor _ in range(6): os.fork()\nx = b'1' * (1 << 30)\nEND\npython3 b.py; echo $?"
)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_fifty_executions_end_and_leave_no_process_mount_group_or_descriptor(anyone: Identity, home: str) -> None:
    slots = range(500, 500 + EXECUTIONS)  # nobody else's on this machine
    before = leftovers(slots)

    def execute(number: int) -> Run:
        step = bash(f"mkdir -p output; echo {number} > output/n; id -u")
        return finished(anyone, home, step, slot=slots[number], timeoutSeconds=300, orphanSeconds=60)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = list(pool.map(execute, range(EXECUTIONS)))
    assert {run.platform.report["outcome"] for run in runs} == {"succeeded"}
    for number, run in enumerate(runs):
        assert run.platform.files.keys() == {file["sha256"] for file in run.platform.report["artifacts"]}
        assert list(run.platform.files.values()) == [f"{number}\n".encode()]
        assert groups(run.process.pid) == []
    assert leftovers(slots) == before


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_second_agent_finishes_beside_a_bomb(identity: Identity, home: str) -> None:
    with running(identity, home, prompt=prompt(BOMB, BOMB), slot=1, timeoutSeconds=30) as bomb:
        bomb.until(lambda: bomb.platform.of_type("tool_call"))
        quiet = finished(identity, home, bash("echo done"), slot=2, limits=limits(), timeoutSeconds=60)
        assert quiet.platform.report["outcome"] == "succeeded"
        bomb.wait()
        assert bomb.platform.report["outcome"] in ("succeeded", "failed", "timed_out")


def leftovers(slots: range) -> dict[str, object]:
    """What a leak would add to: processes of these slots' users, mounts, and this process's own descriptors."""
    users = {FIRST_UID + slot for slot in slots} if os.geteuid() == 0 else {os.geteuid()}
    return {
        "sandboxes": sorted(
            pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _is_sandbox(pid, users)
        ),
        "mounts": len(Path("/proc/self/mounts").read_text().splitlines()),
        "descriptors": len(os.listdir("/proc/self/fd")),
    }


def groups(pid: int) -> list[Path]:
    """The control groups of the runner with this number."""
    return list(Path("/sys/fs/cgroup").glob(f"**/{PREFIX}{pid}"))


def _is_sandbox(pid: int, users: set[int]) -> bool:
    try:
        return (
            os.stat(f"/proc/{pid}").st_uid in users and b"/opt/inside.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
        )
    except OSError:
        return False

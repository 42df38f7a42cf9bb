"""Many runs at once on one machine: they queue as configured, all end, and nothing of them is left."""

import os
import sqlite3
import time
from pathlib import Path

import pytest

from tests.scripted import bash, script

pytestmark = [pytest.mark.sandbox, pytest.mark.long, pytest.mark.timeout(600)]

RUNS = 50


def descriptors(platform) -> int:
    assert platform.process is not None
    return len(os.listdir(f"/proc/{platform.process.pid}/fd"))


def mounts() -> list[str]:
    """What is mounted on this machine, outside of sandboxes, of what sandboxes are made of."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if "oh-my-agent" in line or " /newroot" in line or " /oldroot" in line]


def test_fifty_runs_at_once_all_end_and_leave_nothing(scripted):
    agents = [
        scripted.agent(name=f"에이전트 {n}", finalPrompt=script(bash("echo da"), {"text": "ok"})) for n in range(RUNS)
    ]
    scripted.until(scripted.run(agents[0])["id"])
    before = descriptors(scripted)
    runs = [scripted.run(agent)["id"] for agent in agents]
    assert [scripted.until(run, seconds=400)["status"] for run in runs] == ["succeeded"] * RUNS
    deadline = time.monotonic() + 60
    while scripted.runners() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert scripted.runners() == []
    assert mounts() == []
    assert descriptors(scripted) <= before + 20
    with sqlite3.connect(scripted.data / "oma.db") as database:
        rows = database.execute("SELECT json_extract(data, '$.closed') FROM docs WHERE collection = 'ledgers'")
        assert {closed for (closed,) in rows} == {1}

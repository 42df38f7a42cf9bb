"""Ends every process of a uid, and makes sure that none is left: `python -m ohmyagent.runner.sweep UID`."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator

SWEEP_SECONDS = 5.0
PAUSE_SECONDS = 0.005
NOBODY_ELSE = 69_999
"""A uid that nothing runs as, so that what we are about to end cannot end us first (kill(2) on who may signal whom)."""


class SweepFailed(Exception):
    """Some process of the uid is still there."""


def sweep(uid: int) -> None:
    """Returns when no process of `uid` runs.  Needs root and the capabilities SETUID.  Raises SweepFailed.

    kill(-1) goes over all processes at once, and a process that has a signal waiting cannot fork: a fork bomb has no
    gap to slip through.
    """
    deadline = time.monotonic() + SWEEP_SECONDS
    while True:
        _end_all(uid)
        _reap()
        if not any(processes(uid)):
            return
        if time.monotonic() > deadline:
            raise SweepFailed(f"processes of uid {uid} could not be ended: {list(processes(uid))}")
        time.sleep(PAUSE_SECONDS)


def processes(uid: int) -> Iterator[int]:
    """Who runs with `uid` as any of its ids; the dead that only wait for their parent do not."""
    for entry in os.listdir("/proc"):
        if entry.isdigit() and _runs_as(entry, uid):
            yield int(entry)


def _runs_as(pid: str, uid: int) -> bool:
    """By the status, as the owner of /proc/<pid> is root where a process chose not to be dumpable."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            lines = dict(line.split(b":", 1) for line in file.read(2048).splitlines() if b":" in line)
    except OSError:
        return False
    return lines[b"State"].split()[0] not in (b"Z", b"X") and str(uid).encode() in lines[b"Uid"].split()


def _end_all(uid: int) -> None:
    child = os.fork()
    if not child:
        try:
            os.setresuid(NOBODY_ELSE, uid, NOBODY_ELSE)
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            os._exit(0)
        finally:
            os._exit(1)
    os.waitpid(child, 0)


def _reap() -> None:
    """The dead that were left to us, where we are their reaper."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return


if __name__ == "__main__":
    sweep(int(sys.argv[1]))

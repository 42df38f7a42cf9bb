"""Runners as processes of this machine: each in its own session, so that it outlives the platform.

A slot is a locked file whose lock the runner inherits: it is free again exactly when the runner is gone, whoever
started it.
"""

import fcntl
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ohmyagent.adapters.local.host import Host
from ohmyagent.domain.errors import NoRoom, Unavailable
from ohmyagent.ports import Liveness

PROCESS = re.compile(r"([1-9][0-9]{0,8}):([0-9]{0,20})")


@dataclass(frozen=True)
class RunnerCommand:
    """How a runner is started.  `url` is the platform's own address, `sandbox_home` what install.py filled."""

    program: Path
    url: str
    sandbox_home: Path

    def environment(self, launch_id: str, nonce: str, index: int, slot: int) -> dict[str, str]:
        """All that a runner gets; nothing is inherited."""
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "OMA_RUNNER_URL": self.url,
            "OMA_LAUNCH_ID": launch_id,
            "OMA_LAUNCH_NONCE": nonce,
            "CLOUD_RUN_TASK_INDEX": str(index),
            "OMA_RUNNER_SLOT": str(slot),
            "OMA_SANDBOX_HOME": str(self.sandbox_home),
        }


class ProcessJobs:
    """The handle is `pid:start` for each index; the start time tells a process from a later one with its number."""

    def __init__(self, command: RunnerCommand, folder: Path, slots: int, host: Host) -> None:
        self._command = command
        self._host = host
        self._folder = folder
        self._slots = slots
        folder.mkdir(parents=True, exist_ok=True)

    def launch(self, launch_id: str, nonce: str, tasks: int) -> str:
        if self._host.waits_for():
            raise NoRoom()
        slots = self._take(tasks)
        try:
            started = [self._start(launch_id, nonce, index, *slot) for index, slot in enumerate(slots)]
        except OSError as error:
            raise Unavailable(f"No runner could be started: {error}") from error
        finally:
            for _, lock in slots:
                os.close(lock)
        return ",".join(started)

    def probe(self, handle: str, index: int) -> Liveness:
        found = _process(handle, index)
        if found is None:
            return Liveness.UNKNOWN
        pid, start = found
        return Liveness.ALIVE if start and _start_time(pid) == start else Liveness.GONE

    def stop(self, handle: str, index: int) -> None:
        found = _process(handle, index)
        if found is None:
            return
        pid, start = found
        with suppress(ProcessLookupError):
            pidfd = os.pidfd_open(pid)
            try:
                if start and _start_time(pid) == start:
                    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            finally:
                os.close(pidfd)

    def _take(self, tasks: int) -> list[tuple[int, int]]:
        """Free slots with their locks held; raises NoRoom, with none held, if there are too few."""
        taken: list[tuple[int, int]] = []
        for number in range(self._slots):
            if len(taken) == tasks:
                break
            lock = os.open(self._folder / f"{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
            else:
                taken.append((number, lock))
        if len(taken) < tasks:
            for _, lock in taken:
                os.close(lock)
            raise NoRoom()
        return taken

    def _start(self, launch_id: str, nonce: str, index: int, slot: int, lock: int) -> str:
        with (self._folder / f"{slot}.log").open("wb") as log:
            runner = subprocess.Popen(
                [sys.executable, "-I", "-S", str(self._command.program)],
                env=self._command.environment(launch_id, nonce, index, slot),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                pass_fds=(lock,),
            )
        start = _start_time(runner.pid)
        threading.Thread(target=runner.wait, name=f"reap-{runner.pid}", daemon=True).start()
        return f"{runner.pid}:{start}"


def _process(handle: str, index: int) -> tuple[int, str] | None:
    """None for what a runner said of itself that names no process: it must not keep others from being looked after."""
    processes = handle.split(",")  # of a launch, or a single runner's own
    found = PROCESS.fullmatch(dict(enumerate(processes)).get(index if len(processes) > 1 else 0, ""))
    return (int(found[1]), found[2]) if found else None


def _start_time(pid: int) -> str:
    """When the process started, in clock ticks since boot (proc(5), field 22); empty when it is gone or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]

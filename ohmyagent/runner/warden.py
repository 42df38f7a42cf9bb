"""The root process that stands between the supervisor and a restricted agent: `python -m ohmyagent.runner.warden FD`.

It gives the agent's first program away to another uid, answers its calls for TCP sockets, and when the agent or the
supervisor ends, ends every process of that uid.  It outlives a supervisor that is killed: the socket FD tells it.
"""

from __future__ import annotations

import array
import json
import os
import select
import signal
import socket
import sys
from dataclasses import asdict, dataclass

from ohmyagent.runner import kernel, landlock
from ohmyagent.runner.landlock import Rules
from ohmyagent.runner.sweep import SweepFailed, sweep

CONTROL_FD = 3
CANNOT_RESTRICT = 71
LOOK_SECONDS = 0.25


@dataclass(frozen=True)
class Orders:
    """What the warden shall start, and as whom; its words are on the socket as one line of JSON."""

    command: tuple[str, ...]
    uid: int
    folder: str
    cores: tuple[int, ...]
    programs: tuple[str, ...]
    """Files of seccomp programs that only refuse."""
    loopback: str | None
    """File of the seccomp program that leaves TCP sockets to the warden."""
    rules: Rules | None
    """None where there is no Landlock."""

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def of(cls, line: bytes) -> Orders:
        told = json.loads(line)
        rules = told["rules"] and Rules(**told["rules"])
        return cls(**{**told, "rules": rules})


def main(leash: socket.socket, control: int) -> int:
    """Serve one agent.  Tells its pid, then its exit status, each as a line on the leash."""
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    orders = Orders.of(leash.makefile("rb").readline())
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if not pid:
        _become_agent(orders, theirs, control)
    theirs.close()
    os.close(control)
    for standard in (0, 1, 2):
        os.close(standard)
    calls = _calls(ours)
    _tell(leash, pid)
    status = _watch(pid, leash, calls)
    try:
        sweep(orders.uid)
    except SweepFailed:
        return CANNOT_RESTRICT
    _tell(leash, status)
    return 0


def _tell(leash: socket.socket, number: int) -> None:
    try:
        leash.sendall(b"%d\n" % number)
    except OSError:
        return  # the supervisor is gone; its agent goes too


def _calls(ours: socket.socket) -> int | None:
    """The descriptor on which the agent's calls are heard; None when it has none, or did not come so far."""
    _, ancillary, _, _ = ours.recvmsg(1, socket.CMSG_SPACE(4))
    ours.close()
    return array.array("i", ancillary[0][2])[0] if ancillary else None


def _watch(pid: int, leash: socket.socket, calls: int | None) -> int:
    """Until the agent's program ended, or the supervisor wants it or is gone; the exit status, negative: a signal."""
    agent = os.pidfd_open(pid)
    poll = select.poll()
    for fd in (agent, leash.fileno(), *([] if calls is None else [calls])):
        poll.register(fd, select.POLLIN)
    while True:
        ready = dict(poll.poll(LOOK_SECONDS * 1000))
        if agent in ready:
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if leash.fileno() in ready:
            return -signal.SIGKILL
        if calls is not None and ready.get(calls, 0) & select.POLLIN:
            kernel.answer_socket(calls)
        elif calls in ready:
            poll.unregister(calls)
        _reap_strays(pid)


def _reap_strays(pid: int) -> None:
    """Processes whose parents ended are ours; the agent itself is left for `_watch`."""
    try:
        while (dead := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and dead.si_pid != pid:
            os.waitpid(dead.si_pid, 0)
    except ChildProcessError:
        return


def _become_agent(orders: Orders, told: socket.socket, control: int) -> None:
    """Give everything up and become the first program; never returns, and no other program is run when a step fails."""
    try:
        warden = os.getppid()
        os.setsid()
        os.chdir(orders.folder)
        if orders.cores:
            os.sched_setaffinity(0, orders.cores)
        programs = [_content(path) for path in orders.programs]
        loopback = _content(orders.loopback) if orders.loopback else None
        kernel.drop_bounding_set()
        os.setgroups([])
        os.setresgid(orders.uid, orders.uid, orders.uid)
        os.setresuid(orders.uid, orders.uid, orders.uid)
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        if os.getppid() != warden or any(kernel.capabilities()[name] for name in ("CapEff", "CapPrm", "CapInh")):
            os._exit(CANNOT_RESTRICT)
        if orders.rules:
            landlock.restrict(orders.rules)
        for program in programs:
            kernel.load_seccomp(program)
        calls = kernel.load_seccomp(loopback, listening=True) if loopback else None
        rights = [] if calls is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [calls]))]
        told.sendmsg([b"r"], rights)
        os.dup2(control, CONTROL_FD)
        os.closerange(CONTROL_FD + 1, 4096)
        os.execve(orders.command[0], list(orders.command), {})  # noqa: S606
    except OSError as error:
        os.write(2, f"the restrictions could not be put on: {error}".encode())
    finally:
        os._exit(CANNOT_RESTRICT)


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


if __name__ == "__main__":
    sys.exit(main(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])))

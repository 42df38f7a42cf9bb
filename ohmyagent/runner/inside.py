"""The first program inside a sandbox: opens the two listeners, hands them out, takes the files in, becomes the CLI.

It runs under whatever Python the sandbox has and imports nothing of this package.  What it speaks on the control
socket is in handover.py: listeners out; one JSON plan in; files in; the end mark in; then it is gone.

In a network that is not its own it opens nothing: it knocks at the cloud's doors, and says whether one was opened.
"""

import array
import errno
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import time

LENGTH = struct.Struct(">I")
FILE = struct.Struct(">IQ")
CHUNK = 1 << 16
METADATA = ("169.254.169.254", "fd00:ec2::254", "168.63.129.16")
METADATA_NAME = "metadata.google.internal"
KNOCK_SECONDS = 0.5


class Gone(Exception):
    """The supervisor went away before it said everything."""


def listeners(unix_path: str, port: int) -> "tuple[socket.socket, socket.socket]":
    """The two ways out: the model on a unix socket, the web by a proxy's port on loopback."""
    model = socket.socket(socket.AF_UNIX)
    model.bind(unix_path)
    proxy = socket.socket(socket.AF_INET)
    proxy.bind(("127.0.0.1", port))
    for listener in (model, proxy):
        listener.listen(128)
    return model, proxy


def opened_door() -> "str | None":
    """The address of a cloud's metadata server that takes a connection from here; no agent may start then."""
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(METADATA_NAME, 80, type=socket.SOCK_STREAM)]
    except OSError:
        found = []
    doors = {}
    for address in {*METADATA, *found}:
        try:
            door = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            door.setblocking(False)
            if door.connect_ex((address, 80)) in (0, errno.EINPROGRESS):
                doors[door] = address
        except OSError:
            continue
    deadline = time.monotonic() + KNOCK_SECONDS
    while doors and time.monotonic() < deadline:
        for door in select.select([], doors, [], max(0, deadline - time.monotonic()))[1]:
            address = doors.pop(door)
            if not door.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                return address
    return None


def exactly(control: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = control.recv(min(size, CHUNK))
        if not part:
            raise Gone
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def take_file(control: socket.socket, path: bytes, size: int) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "xb") as file:
        while size:
            part = control.recv(min(size, CHUNK))
            if not part:
                raise Gone
            file.write(part)
            size -= len(part)


def take_files(control: socket.socket) -> None:
    while True:
        path_length, size = FILE.unpack(exactly(control, FILE.size))
        if not path_length:
            return
        take_file(control, exactly(control, path_length), size)


def restrict(limits: "dict[str, int]") -> None:
    """Set here and not outside: RLIMIT_NPROC counts per user namespace only for who sets it within."""
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, "RLIMIT_" + name), (value, value))
    with open("/proc/self/oom_score_adj", "w") as score:
        score.write("800")
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    os.umask(0o022)


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    if len(sys.argv) > 2:
        opened = listeners(sys.argv[2], int(sys.argv[3]))
        fds = array.array("i", [listener.fileno() for listener in opened])
        control.sendmsg([b"L"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
    else:
        control.sendall((opened_door() or "none").encode() + b"\n")
    plan = json.loads(exactly(control, LENGTH.unpack(exactly(control, LENGTH.size))[0]))
    take_files(control)
    restrict(plan["limits"])
    os.closerange(3, 1024)
    os.execve(plan["command"][0], plan["command"], plan["environment"])  # noqa: S606


if __name__ == "__main__":
    try:
        main()
    except Gone:
        sys.exit(70)

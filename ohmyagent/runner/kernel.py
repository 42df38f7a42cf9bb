"""What Linux offers for giving up rights and Python has no call for: prctl, seccomp programs, capabilities.

Sources: prctl(2), seccomp(2), seccomp_unotify(2), capabilities(7).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_READ = 23
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38

_SYS_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SET_MODE_FILTER = 1
_NEW_LISTENER = 1 << 3
_INSTRUCTION_BYTES = 8
_NOTIF_RECV = 0xC050_2100
_NOTIF_ADDFD = 0x4018_2103
_NOTIFICATION = struct.Struct("=QII iIQ6Q")
_ADDFD = struct.Struct("=QIIII")
_ADDFD_AND_ANSWER = 2

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class _Program(ctypes.Structure):
    """struct sock_fprog of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def syscall(number: int, *arguments: object) -> int:
    """Raises OSError."""
    result: int = _libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def prctl(option: int, argument: int = 0) -> int:
    """Raises OSError."""
    zero = ctypes.c_ulong(0)
    result: int = _libc.prctl(option, ctypes.c_ulong(argument), zero, zero, zero)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def load_seccomp(program: bytes, listening: bool = False) -> int | None:
    """Bind this thread and its later children to a program; with `listening`, the descriptor to hear of its calls.

    Needs no_new_privs.  Raises OSError.
    """
    instructions = ctypes.create_string_buffer(program, len(program))
    described = _Program(len(program) // _INSTRUCTION_BYTES, ctypes.addressof(instructions))
    number = _SYS_SECCOMP[os.uname().machine]
    flags = ctypes.c_ulong(_NEW_LISTENER if listening else 0)
    result = syscall(number, ctypes.c_ulong(_SET_MODE_FILTER), flags, ctypes.byref(described))
    return result if listening else None


def answer_socket(listener: int) -> None:
    """Answer one call of socket(2) that a program reported: with a stream socket that is tied to loopback.

    Only who has CAP_NET_RAW may untie it (socket(7), SO_BINDTODEVICE), and nothing of the caller's memory is read, so
    there is nothing to change behind our back.  A caller that has gone meanwhile is no error.
    """
    request = bytearray(_NOTIFICATION.size)
    try:
        fcntl.ioctl(listener, _NOTIF_RECV, request)
    except OSError:
        return
    identity, _, _, _, _, _, _, kind, *_ = _NOTIFICATION.unpack(request)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
        made.setblocking(not kind & socket.SOCK_NONBLOCK)
        flags = os.O_CLOEXEC if kind & socket.SOCK_CLOEXEC else 0
        try:
            fcntl.ioctl(listener, _NOTIF_ADDFD, _ADDFD.pack(identity, _ADDFD_AND_ANSWER, made.fileno(), 0, flags))
        except OSError:
            return


def drop_bounding_set() -> None:
    """No program that is started later can gain a capability.  Where we may not, no_new_privs does the same."""
    for capability in range(64):
        try:
            if prctl(PR_CAPBSET_READ, capability):
                prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            return


def capabilities() -> dict[str, int]:
    """This process's sets, by their names in proc(5)."""
    with open("/proc/self/status", encoding="ascii") as file:
        lines = [line.split() for line in file if line.startswith("Cap")]
    return {name.rstrip(":"): int(value, 16) for name, value in lines}

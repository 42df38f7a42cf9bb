"""Landlock: a process and its children may open only what is listed, and connect only to one port.

Source: the kernel's userspace-api/landlock.rst; ABI numbers are its versions.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from ohmyagent.runner import kernel

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION = 1
PATH_BENEATH, NET_PORT = 1, 2
CONNECT_TCP, BIND_AND_CONNECT_TCP = 2, 3
ABSTRACT_SOCKETS_AND_SIGNALS = 3
NETWORK_ABI, SCOPE_ABI = 4, 6

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
TRUNCATE = 1 << 14
ALL_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
ALL_SINCE_5 = (1 << 16) - 1
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | 1 << 15


@dataclass(frozen=True)
class Rules:
    """Paths that do not exist are passed over; whatever is below a path is meant too."""

    readable: tuple[str, ...]
    writable: tuple[str, ...]
    appliances: tuple[str, ...]
    """Files that exist and may be written, such as devices, and folders of such."""
    port: int | None
    """The only TCP port to connect to; nothing can be bound.  None leaves TCP to others."""


def version() -> int:
    """The ABI of this kernel; 0 where there is none, or where a container's own filter hides it."""
    try:
        return kernel.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(ASK_VERSION))
    except OSError:
        return 0


def restrict(rules: Rules) -> None:
    """Bind this process and its children for ever.  Needs no_new_privs; raises OSError."""
    abi = version()
    known = ALL_BY_ABI.get(abi, ALL_SINCE_5)
    network = BIND_AND_CONNECT_TCP if rules.port is not None and abi >= NETWORK_ABI else 0
    scoped = ABSTRACT_SOCKETS_AND_SIGNALS if abi >= SCOPE_ABI else 0
    fields = (known, network, scoped)[: 1 if abi < NETWORK_ABI else 2 if abi < SCOPE_ABI else 3]
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    ruleset = kernel.syscall(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    _admit(ruleset, rules.readable, (EXECUTE | READ_FILE | READ_DIR) & known)
    _admit(ruleset, rules.writable, known)
    _admit(ruleset, rules.appliances, (READ_FILE | READ_DIR | WRITE_FILE | TRUNCATE | 1 << 15) & known)
    if network:
        _add(ruleset, NET_PORT, struct.pack("=QQ", CONNECT_TCP, rules.port))
    kernel.syscall(RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    os.close(ruleset)


def _admit(ruleset: int, paths: Iterable[str], access: int) -> None:
    for path in paths:
        if not os.path.exists(path):
            continue
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        folder = stat.S_ISDIR(os.fstat(fd).st_mode)
        _add(ruleset, PATH_BENEATH, struct.pack("=Qi", access if folder else access & OF_FILES, fd))
        os.close(fd)


def _add(ruleset: int, kind: int, rule: bytes) -> None:
    kernel.syscall(ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(kind), rule, ctypes.c_uint32(0))

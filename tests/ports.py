"""Ports for processes that must be told theirs before they listen."""

import random
import socket
from pathlib import Path

LOWEST = 12_000
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_given: set[int] = set()
_random = random.SystemRandom()


def free_port() -> int:
    """A port that nobody listens on, below those that the kernel gives to whoever asks for any or connects.

    Between this look and the program's bind nobody is likely to take it: one of the kernel's choice, any connection
    of the machine could.  Where the kernel has all ports, it is one of the kernel's choice all the same.
    """
    highest = int(_RANGE.read_text().split()[0]) if _RANGE.exists() else 0
    while True:
        port = _random.randrange(LOWEST, highest) if highest > LOWEST + 1_000 else 0
        found = _bound(port)
        if found and found not in _given:
            _given.add(found)
            return found


def _bound(port: int) -> int | None:
    with socket.socket() as found:
        try:
            found.bind(("127.0.0.1", port))
        except OSError:
            return None
        return int(found.getsockname()[1])

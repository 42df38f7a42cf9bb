"""Ports for processes that must be told theirs before they listen."""

import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_given: set[int] = set()
_random = random.SystemRandom()


def free_port() -> int:
    """A port that nobody listens on, below those that the kernel gives to whoever asks for any or connects.

    Between this look and the program's bind nobody is likely to take it: with a port of the kernel's choice,
    any connection of the machine's could.
    """
    highest = min(int(_RANGE.read_text().split()[0]), 32_768) if _RANGE.exists() else 32_768
    while True:
        port = _random.randrange(min(12_000, highest - 4_000), highest)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as found:
        try:
            found.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True

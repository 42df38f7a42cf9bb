"""What one execution has going out: its connections, their number and bytes, and the hosts that were tried.

The runner has one for its agent, and the egress service one for each run that comes by way of it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ohmyagent.reach import Policy, Refusal
from ohmyagent.runner import relay
from ohmyagent.runner.hello import server_name

CONNECTIONS_AT_ONCE = 32
CONNECTIONS = 2_000
BYTES = 512 << 20
HOSTS = 500
HTTPS = 443

Tell = Callable[[str, int, bool, str | None], None]
"""host, port, allowed, and the reason when it was not."""
Dial = Callable[[str, int], socket.socket]
"""A connection to a host and port that were checked.  Raises Refusal."""


@dataclass
class Tally:
    """How often a host was tried, as one outcome."""

    host: str
    allowed: bool
    requests: int = 0


class Passage:
    """Safe for threads.  `dial` is for those who have no route to the web themselves."""

    def __init__(self, policy: Policy, tell: Tell, dial: Dial | None = None) -> None:
        self._policy, self._tell = policy, tell
        self._dial = dial or policy.dial
        self._lock = threading.Lock()
        self._tallies: dict[tuple[str, bool], Tally] = {}
        self._open = self._made = self._bytes = 0

    @property
    def hosts(self) -> list[Tally]:
        with self._lock:
            return list(self._tallies.values())

    def check(self, host: str, port: int) -> None:
        """What can be said before the name is resolved.  Raises Refusal."""
        self._policy.check(host, port)

    def dial(self, host: str, port: int) -> socket.socket:
        """Raises Refusal."""
        self.check(host, port)
        return self._dial(host, port)

    @contextlib.contextmanager
    def admitted(self) -> Iterator[None]:
        """One connection, while it lasts.  Raises Refusal when there are too many."""
        with self._lock:
            if self._open >= CONNECTIONS_AT_ONCE or self._made >= CONNECTIONS:
                raise Refusal("too many connections")
            self._open += 1
            self._made += 1
        try:
            yield
        finally:
            with self._lock:
                self._open -= 1

    def tunnel(self, near: socket.socket, far: socket.socket, host: str, port: int) -> None:
        """Let the client speak with the host, if it does not name another one; both sockets are closed."""
        with near, far:
            first = self._checked_start(near, host, port)
            if first is None:
                return
            self.record(host, port, None)
            far.sendall(first)
            relay.join(near, far, self.within_cap)

    def within_cap(self, size: int) -> bool:
        """Count bytes; whether the run may have them."""
        with self._lock:
            self._bytes += size
            return self._bytes <= BYTES

    def record(self, host: str, port: int, reason: str | None) -> None:
        """Count a host; from one outcome of one host only the first is told, for a loop must not flood the log."""
        allowed = reason is None
        with self._lock:
            key = (host, allowed)
            if key not in self._tallies and len(self._tallies) >= HOSTS:
                return
            tally = self._tallies.setdefault(key, Tally(host, allowed))
            tally.requests += 1
            first = tally.requests == 1
        if first:
            self._tell(host, port, allowed, reason)

    def _checked_start(self, near: socket.socket, host: str, port: int) -> bytes | None:
        """The first bytes of the client, if they do not name another host; the tunnel is cut when they do."""
        try:
            first, name = server_name(near)
        except (ValueError, OSError) as error:
            self.record(host, port, str(error))
            return None
        if name is None and port == HTTPS:
            self.record(host, port, "no TLS on port 443")
            return None
        if name is not None and name != host:
            self.record(host, port, "TLS names another host")
            return None
        return first

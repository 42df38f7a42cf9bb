"""The only way from a sandbox to the web: a proxy for one execution that knows what that one may reach.

CONNECT: a host must be on the list, the port 80 or 443, every address it dials global, and a TLS client must name the
same host (SNI).  The name is resolved once and that address is dialled, so that a second answer of the DNS changes
nothing.  A plain-HTTP request to a host of the list is carried to the gateway, which adds the agent's secrets.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ohmyagent.reach import Policy, Refusal
from ohmyagent.runner import plain, relay
from ohmyagent.runner.forward import Forward, Turned
from ohmyagent.runner.hello import server_name

CONNECTIONS_AT_ONCE = 32
CONNECTIONS = 2_000
BYTES = 512 << 20
HOSTS = 500
HEAD_BYTES = 16 << 10
HOST_CHARACTERS = 253
PATIENCE_SECONDS = 10.0
BODY_PATIENCE_SECONDS = 60.0
PLAIN_PORT, HTTPS = 80, 443
Tell = Callable[[str, int, bool, str | None], None]
"""host, port, allowed, and the reason when it was not."""


@dataclass
class Tally:
    """How often a host was tried, as one outcome."""

    host: str
    allowed: bool
    requests: int = 0


class Egress:
    """The proxy of one execution.  Every host that was tried is in `hosts`, and told to `tell` as it happens."""

    def __init__(self, policy: Policy, tell: Tell, forward: Forward) -> None:
        self._policy, self._tell, self._forward = policy, tell, forward
        self._lock = threading.Lock()
        self._tallies: dict[tuple[str, bool], Tally] = {}
        self._open = self._made = self._bytes = 0

    @property
    def hosts(self) -> list[Tally]:
        with self._lock:
            return list(self._tallies.values())

    def handle(self, near: socket.socket) -> None:
        """One connection from the sandbox, from its first byte to its end."""
        near.settimeout(PATIENCE_SECONDS)
        with near, contextlib.suppress(OSError):
            host, port = "", 0
            try:
                head, begun = _head(near)
                if head.startswith(b"CONNECT "):
                    host, port = target(head)
                    with self._admitted():
                        self._connect(near, host, port)
                else:
                    request = plain.parsed(head)
                    host, port = request.host, request.port
                    with self._admitted():
                        self._carry(near, request, begun)
            except Refusal as refusal:
                self._record(host, port, str(refusal))
                near.sendall(_refused(host, refusal))

    def _connect(self, near: socket.socket, host: str, port: int) -> None:
        address = self._policy.address(host, port)
        try:
            far = socket.create_connection((address, self._policy.dial_port(port)), PATIENCE_SECONDS)
        except OSError as error:
            raise Refusal("no connection to the host") from error
        with far:
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            first = self._checked_start(near, host, port)
            if first is None:
                return
            self._record(host, port, None)
            far.sendall(first)
            relay.join(near, far, self._within_cap)

    def _carry(self, near: socket.socket, request: plain.Plain, begun: bytes) -> None:
        """Raises Refusal as long as nothing was answered, also for a body that is malformed."""
        self._policy.check(request.host, request.port)
        if request.port != PLAIN_PORT:
            raise Refusal("port not allowed")
        near.settimeout(BODY_PATIENCE_SECONDS)
        if request.expects:
            near.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        pieces = plain.body(request, begun, near)
        self._forward.carry(request, pieces, near, lambda: self._record(request.host, HTTPS, None), self._within_cap)

    def _checked_start(self, near: socket.socket, host: str, port: int) -> bytes | None:
        """The first bytes of the client, if they do not name another host; the tunnel is cut when they do."""
        try:
            first, name = server_name(near)
        except (ValueError, OSError) as error:
            self._record(host, port, str(error))
            return None
        if name is None and port == 443:
            self._record(host, port, "no TLS on port 443")
            return None
        if name is not None and name != host:
            self._record(host, port, "TLS names another host")
            return None
        return first

    @contextlib.contextmanager
    def _admitted(self) -> Iterator[None]:
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

    def _within_cap(self, size: int) -> bool:
        with self._lock:
            self._bytes += size
            return self._bytes <= BYTES

    def _record(self, host: str, port: int, reason: str | None) -> None:
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


def target(head: bytes) -> tuple[str, int]:
    """Host (lower case, no final dot) and port of a CONNECT request.  Raises Refusal."""
    words = head.split(b"\r\n", 1)[0].decode("ascii", "replace").split(" ")
    if len(words) != 3 or words[0] != "CONNECT":
        raise Refusal("a CONNECT that is malformed")
    host, _, port = words[1].rpartition(":")
    if not (port.isascii() and port.isdigit() and len(port) <= 5) or not 0 < len(host) <= HOST_CHARACTERS:
        raise Refusal("no host and port")
    return host.lower().rstrip("."), int(port)


def _head(near: socket.socket) -> tuple[bytes, bytes]:
    """The request up to its empty line, and what came after it.  Raises Refusal."""
    head = b""
    while b"\r\n\r\n" not in head:
        part = near.recv(4096)
        head += part
        if not part or len(head) > HEAD_BYTES or b"\n\n" in head:
            raise Refusal("no request")
    head, _, begun = head.partition(b"\r\n\r\n")
    return head, begun


def _refused(host: str, refusal: Refusal) -> bytes:
    """The reason stands in the status line too: it is all that most HTTP clients show of a proxy's answer."""
    status, reason = refusal.status if isinstance(refusal, Turned) else 403, str(refusal)
    said = f"{host}: {reason}" if host and host.isascii() and host.isprintable() else reason
    body = f"{said}\n".encode()
    head = f"HTTP/1.1 {status} {said}\r\nContent-Type: text/plain\r\nConnection: close\r\n".encode()
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body

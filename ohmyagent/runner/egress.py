"""The only way from a sandbox to the web: a CONNECT proxy for one execution that knows what that one may reach.

A host must be on the list, the port 80 or 443, every address it dials global, and a TLS client must name the same host
(SNI).  The name is resolved once and that address is dialled, so that a second answer of the DNS changes nothing.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ohmyagent.runner import relay
from ohmyagent.runner.hello import server_name

PORTS = (80, 443)
CONNECTIONS_AT_ONCE = 32
CONNECTIONS = 2_000
BYTES = 512 << 20
HOSTS = 500
HEAD_BYTES = 8 << 10
HOST_CHARACTERS = 253
PATIENCE_SECONDS = 10.0
# public by number, yet answered by the machine's own cloud: Azure's host service
METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})
NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]
Permit = Callable[[Address], bool]
Tell = Callable[[str, int, bool, str | None], None]
"""host, port, allowed, and the reason when it was not."""


class Refusal(Exception):
    """Why a connection is not made; the text is shown to the agent and to the user."""


@dataclass
class Tally:
    """How often a host was tried, as one outcome."""

    host: str
    allowed: bool
    requests: int = 0


@dataclass
class Policy:
    """What one execution may reach, and how addresses are found and judged."""

    allow: tuple[str, ...]
    resolve: Resolve = field(default_factory=lambda: addresses)
    permit: Permit = field(default_factory=lambda: is_global)
    dial_port: Callable[[int], int] = int
    """The port to dial for the one that was asked for; the same, except where tests listen elsewhere."""

    def admits(self, host: str) -> bool:
        """Exact hosts, and `*.` for everything below, but not the name itself."""
        return any(host == rule or (rule.startswith("*.") and host.endswith(rule[1:])) for rule in self.allow)

    def address(self, host: str, port: int) -> str:
        """The address to dial.  Raises Refusal."""
        if not self.admits(host):
            raise Refusal("host not allowed")
        if port not in PORTS:
            raise Refusal("port not allowed")
        try:
            found = self.resolve(host, port)
        except OSError as error:
            raise Refusal("name not found") from error
        for address in found:
            if self.permit(ipaddress.ip_address(address)):
                return address
        raise Refusal("address not allowed")


class Egress:
    """The proxy of one execution.  Every host that was tried is in `hosts`, and told to `tell` as it happens."""

    def __init__(self, policy: Policy, tell: Tell) -> None:
        self._policy, self._tell = policy, tell
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
                host, port = target(_head(near))
                with self._admitted():
                    self._connect(near, host, port)
            except Refusal as refusal:
                self._record(host, port, str(refusal))
                near.sendall(_forbidden(host, str(refusal)))

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
        raise Refusal("only CONNECT is served: use https")
    host, _, port = words[1].rpartition(":")
    if not (port.isascii() and port.isdigit() and len(port) <= 5) or not 0 < len(host) <= HOST_CHARACTERS:
        raise Refusal("no host and port")
    return host.lower().rstrip("."), int(port)


def addresses(host: str, port: int) -> list[str]:
    """Every address of a name, by the system's resolver.  Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_global(address: Address) -> bool:
    """Whether an address is on the public internet, also the IPv4 address that an IPv6 one may carry."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            carried = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo or (carried and not is_global(carried)):
            return False
    return address.is_global and not address.is_multicast and address not in METADATA


def _head(near: socket.socket) -> bytes:
    """The request up to its empty line.  Raises Refusal."""
    head = b""
    while b"\r\n\r\n" not in head:
        part = near.recv(4096)
        head += part
        if not part or len(head) > HEAD_BYTES:
            raise Refusal("no request")
    return head


def _forbidden(host: str, reason: str) -> bytes:
    """The reason stands in the status line too: it is all that most HTTP clients show of a proxy's answer."""
    said = f"{host}: {reason}" if host and host.isascii() and host.isprintable() else reason
    body = f"{said}\n".encode()
    head = f"HTTP/1.1 403 {said}\r\nContent-Type: text/plain\r\nConnection: close\r\n".encode()
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body

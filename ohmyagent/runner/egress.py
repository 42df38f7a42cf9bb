"""The only way from a sandbox to the web: a proxy for one execution that knows what that one may reach.

CONNECT: a host must be on the list, the port 80 or 443, every address it dials global, and a TLS client must name the
same host (SNI).  The name is resolved once and that address is dialled, so that a second answer of the DNS changes
nothing.  A plain-HTTP request to a host of the list is carried to the gateway, which adds the agent's secrets.
"""

from __future__ import annotations

import contextlib
import socket
from functools import partial

from ohmyagent.reach import Policy, Refusal
from ohmyagent.runner import plain
from ohmyagent.runner.forward import Forward, Turned
from ohmyagent.runner.passage import HTTPS, Dial, Passage, Tally, Tell

HEAD_BYTES = 16 << 10
HOST_CHARACTERS = 253
PATIENCE_SECONDS = 10.0
BODY_PATIENCE_SECONDS = 60.0
PLAIN_PORT = 80


class Egress:
    """The proxy of one execution.  Every host that was tried is in `hosts`, and told to `tell` as it happens."""

    def __init__(self, policy: Policy, tell: Tell, forward: Forward, dial: Dial | None = None) -> None:
        self._passage, self._forward = Passage(policy, tell, dial), forward

    @property
    def hosts(self) -> list[Tally]:
        return self._passage.hosts

    def handle(self, near: socket.socket) -> None:
        """One connection from the sandbox, from its first byte to its end."""
        near.settimeout(PATIENCE_SECONDS)
        with near, contextlib.suppress(OSError):
            host, port = "", 0
            try:
                head, begun = _head(near)
                if head.startswith(b"CONNECT "):
                    host, port = target(head)
                    with self._passage.admitted():
                        self._connect(near, host, port)
                else:
                    request = plain.parsed(head)
                    host, port = request.host, request.port
                    with self._passage.admitted():
                        self._carry(near, request, begun)
            except Refusal as refusal:
                self._passage.record(host, port, str(refusal))
                near.sendall(_refused(host, refusal))

    def _connect(self, near: socket.socket, host: str, port: int) -> None:
        with self._passage.dial(host, port) as far:
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._passage.tunnel(near, far, host, port)

    def _carry(self, near: socket.socket, request: plain.Plain, begun: bytes) -> None:
        """Raises Refusal as long as nothing was answered, also for a body that is malformed."""
        self._passage.check(request.host, request.port)
        if request.port != PLAIN_PORT:
            raise Refusal("port not allowed")
        near.settimeout(BODY_PATIENCE_SECONDS)
        if request.expects:
            near.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        pieces = plain.body(request, begun, near)
        answered = partial(self._passage.record, request.host, HTTPS, None)
        self._forward.carry(request, pieces, near, answered, self._passage.within_cap)


def target(head: bytes) -> tuple[str, int]:
    """Host (lower case, no final dot) and port of a CONNECT request.  Raises Refusal."""
    words = head.split(b"\r\n", 1)[0].decode("ascii", "replace").split(" ")
    if len(words) != 3 or words[0] != "CONNECT":
        raise Refusal("a CONNECT that is malformed")
    host, _, port = words[1].rpartition(":")
    # what does not print is no name, and would not be taken down where hosts are: it must not hide the others
    if not host.isprintable() or not 0 < len(host) <= HOST_CHARACTERS:
        raise Refusal("no host and port")
    if not (port.isascii() and port.isdigit() and len(port) <= 5):
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

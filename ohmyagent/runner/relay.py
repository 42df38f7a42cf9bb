"""Carries bytes between two sockets, and the sandbox's model calls to the gateway."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

CHUNK = 1 << 16
CONNECT_SECONDS = 5.0
PAUSE_SECONDS = 0.1
CONNECTIONS = 64
"""Of one listener at once; more than a proxy admits, so that it can still say so."""
CALLS = 32
"""Connections to the gateway at once: twice the calls that it lets a run make."""

Count = Callable[[int], bool]


def endless(_: int) -> bool:
    """No cap on bytes."""
    return True


class Direction:
    """One half of a joined pair: what was read from `source` and not yet written to `sink`."""

    def __init__(self, source: socket.socket, sink: socket.socket) -> None:
        self.source, self.sink = source, sink
        self.waiting = b""
        self.ended = self.closed = False

    def read(self, within_cap: Count) -> None:
        """Raises BlockingIOError or SSLWantReadError when there is nothing, OSError at the cap."""
        self.waiting = self.source.recv(CHUNK)
        self.ended = not self.waiting
        if not within_cap(len(self.waiting)):
            raise OSError("byte cap")

    def write(self) -> None:
        """Raises BlockingIOError or SSLWantWriteError when the sink is full."""
        if self.waiting:
            self.waiting = self.waiting[self.sink.send(self.waiting) :]
        elif self.ended and not self.closed:
            self.closed = True
            if isinstance(self.sink, ssl.SSLSocket):  # its shutdown would drop the encryption, not end one half
                raise OSError("ended")
            self.sink.shutdown(socket.SHUT_WR)

    def step(self, within_cap: Count) -> None:
        """Move what can be moved now."""
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            while not self.closed:
                if not self.waiting and not self.ended:
                    self.read(within_cap)
                self.write()


def join(near: socket.socket, far: socket.socket, within_cap: Count = endless) -> None:
    """Copy both ways until both directions have ended, one breaks, or the cap is reached; both sockets are closed.

    One thread for both directions, because a TLS connection must not be read and written by two at once.
    """
    directions = (Direction(near, far), Direction(far, near))
    with near, far, contextlib.suppress(OSError):
        for end in (near, far):
            end.setblocking(False)
        while not all(direction.closed for direction in directions):
            for direction in directions:
                direction.step(within_cap)
            _wait(directions)


def _wait(directions: tuple[Direction, Direction]) -> None:
    """Until a source may be read, or a sink that is behind may be written."""
    poll = select.poll()
    interests: dict[int, int] = {}
    for direction in directions:
        if direction.waiting:
            interests[direction.sink.fileno()] = interests.get(direction.sink.fileno(), 0) | select.POLLOUT
        elif not direction.ended:
            interests[direction.source.fileno()] = interests.get(direction.source.fileno(), 0) | select.POLLIN
    for fd, interest in interests.items():
        poll.register(fd, interest)
    if interests:
        poll.poll()


def serve(
    listener: socket.socket, handle: Callable[[socket.socket], None], name: str, at_once: int = CONNECTIONS
) -> None:
    """Hand each connection to `handle` in a thread of its own, until the listener is closed.

    More than `at_once` wait in the listener's queue: a sandbox that opens thousands takes no threads and descriptors
    of the runner for them, nor places at the gateway.
    """
    room = threading.Semaphore(at_once)

    def attend(connection: socket.socket) -> None:
        try:
            handle(connection)
        finally:
            room.release()

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                room.acquire()
                connection, _ = listener.accept()
                threading.Thread(target=attend, args=(connection,), name=name, daemon=True).start()

    threading.Thread(target=accept, name=f"{name} listener", daemon=True).start()


class GatewayRelay:
    """Connects what the sandbox's CLI opens with the gateway; it reads nothing of what passes.

    It waits for a gateway that is starting again, so that a run outlives a restart of the platform.
    """

    def __init__(self, gateway_url: str, patience: float) -> None:
        gateway = urlsplit(gateway_url)
        self._tls = gateway.scheme == "https"
        self._host = gateway.hostname or ""
        self._port = gateway.port or (443 if self._tls else 80)
        self._patience = patience
        self.calls = 0

    def handle(self, near: socket.socket) -> None:
        self.calls += 1
        try:
            far = self.connect()
        except OSError:
            near.close()
            return
        join(near, far)

    def connect(self) -> socket.socket:
        """A connection to the gateway, by TLS where its address says so.  Raises OSError."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                plain = socket.create_connection((self._host, self._port), CONNECT_SECONDS)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE_SECONDS)
        plain.settimeout(None)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return ssl.create_default_context().wrap_socket(plain, server_hostname=self._host) if self._tls else plain

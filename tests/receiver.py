"""Somebody's webhook: a real HTTPS server on loopback that behaves as a test tells it to, and keeps what came."""

from __future__ import annotations

import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ohmyagent.adapters.https import HttpsCourier
from ohmyagent.reach import Policy
from tests.isolation.web import certificate

HOST = "allowed.example"
"""A name in the certificate; nothing resolves it but the receiver's own policy."""
DRIP = b"HTTP/1.1 200 OK\r\nX-Slow: "
FLOOD = b"HTTP/1.1 103 Early\r\nX-Large: " + b"x" * 100_000


@dataclass
class Came:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`answers` are used up, the last one stays: a status, or `cut`, `silent`, `drip`, `flood`, `junk`."""

    port: int
    trust: bytes
    came: list[Came] = field(default_factory=list)
    answers: list[int | str] = field(default_factory=lambda: [200])
    released: threading.Event = field(default_factory=threading.Event)

    def answer(self) -> int | str:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def policy(self, allow: tuple[str, ...]) -> Policy:
        """Loopback in place of the internet, for tests."""
        return Policy(allow, lambda *_: ["127.0.0.1"], lambda _: True, lambda _: self.port)

    def courier(self, seconds: float = 20.0) -> HttpsCourier:
        return HttpsCourier(self.policy, ssl.create_default_context(cadata=self.trust.decode()), seconds)


@contextmanager
def receiving() -> Iterator[Receiver]:
    with tempfile.TemporaryDirectory() as folder:
        chain, key = certificate(Path(folder))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        server = _Server(("127.0.0.1", 0), _Hook)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.receiver = Receiver(server.server_address[1], chain.read_bytes())
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server.receiver
        finally:
            server.receiver.released.set()
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gives up is what some tests want."""


class _Hook(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        here = self.server.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        here.came.append(Came(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        match here.answer():
            case int(status):
                self._say(status)
            case "cut":
                self.connection.close()
            case "silent":
                here.released.wait(120)
            case "junk":
                self.wfile.write(b"SSH-2.0-OpenSSH\r\n")
            case "flood":
                self.wfile.write(FLOOD)
            case "drip":
                self._drip(here.released)

    def _say(self, status: int) -> None:
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", f"https://{HOST}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _drip(self, released: threading.Event) -> None:
        """One byte of a status line at a time: each of them is in time, all together are not."""
        for letter in DRIP:
            self.wfile.write(bytes([letter]))
            self.wfile.flush()
            if released.wait(0.2):
                return

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

"""A host that wants a credential: TLS on loopback with a certificate of its own; it keeps and echoes what it gets."""

from __future__ import annotations

import gzip
import json
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.isolation.web import certificate

HOST, OTHER = "allowed.example", "other.example"

HEAD = f"POST http://{HOST}/echo HTTP/1.1\r\nHost: {HOST}\r\n".encode()
SMUGGLED = f"GET http://{HOST}/smuggled HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
SHAPES = {
    "length and chunks": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two lengths": HEAD + b"Content-Length: 0\r\nContent-Length: 99\r\n\r\n" + SMUGGLED,
    "a list of lengths": HEAD + b"Content-Length: 0, 0\r\n\r\n" + SMUGGLED,
    "an odd coding": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a blank before the colon": HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a folded line": HEAD + b"X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a chunk extension": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;x=\r\nhello\r\n0\r\n\r\n" + SMUGGLED,
    "a chunk that is too long": HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n" + SMUGGLED,
    "a trailer": HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: x\r\n\r\n" + SMUGGLED,
    "line feeds alone": HEAD.replace(b"\r\n", b"\n") + b"\n" + SMUGGLED,
    "a line feed in a header": HEAD + b"X: y\nAuthorization: x\r\n\r\n" + SMUGGLED,
    "a carriage return in a header": HEAD + b"X: y\rAuthorization: x\r\n\r\n" + SMUGGLED,
    "NUL in a header": HEAD + b"X: y\0\r\n\r\n" + SMUGGLED,
    "a blank in a name": HEAD + b"X Y: z\r\n\r\n" + SMUGGLED,
    "two hosts": HEAD + b"Host: other.example\r\n\r\n" + SMUGGLED,
    "64 KB of headers": HEAD + b"X: " + b"y" * 65_536 + b"\r\n\r\n" + SMUGGLED,
    "a line end in the address": f"GET http://{HOST}/%0d%0a\r\nX: y HTTP/1.1\r\n\r\n".encode() + SMUGGLED,
    "a method of its own": HEAD.replace(b"POST", b"TRACE") + b"\r\n" + SMUGGLED,
}  # fmt: skip
"""Requests that two readers could read in two ways, each followed by one that nobody asked for."""


@dataclass
class Arrived:
    """One request as the host saw it."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for own, value in self.headers if own.lower() == name.lower()]


@dataclass
class Site:
    """`certificate` is a file that its visitors may trust."""

    port: int
    certificate: Path
    arrived: list[Arrived] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    """The server name of every TLS connection."""


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def _serve(self) -> None:
        body = self._body()
        self.site.arrived.append(Arrived(self.requestline, list(self.headers.items()), body))
        path = self.path.partition("?")[0]
        if path.startswith("/redirect/"):
            target = {"here": f"https://{HOST}/echo", "there": f"https://{OTHER}/echo"}[path.rpartition("/")[2]]
            secret = self.headers.get("authorization", "")
            return self._answer(302, b"", ("location", f"{target}?{secret.partition(' ')[2]}"))
        if path == "/gzip":
            return self._answer(200, gzip.compress(self._echo(body)), ("content-encoding", "gzip"))
        if path == "/drip":
            return self._drip(self._echo(body))
        echoed = self.headers.get("authorization", "-")
        return self._answer(200, self._echo(body), ("x-echo", echoed), ("set-cookie", "session=1"))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve

    def _echo(self, body: bytes) -> bytes:
        said = {"line": self.requestline, "headers": list(self.headers.items()), "body": body.decode("latin-1")}
        return json.dumps(said).encode()

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", "0")))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*headers, ("content-length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _drip(self, body: bytes) -> None:
        """Byte after byte, so that no secret comes in one piece."""
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        for at in range(len(body)):
            self.wfile.write(body[at : at + 1])
            time.sleep(0.001)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that are cut are what some tests want."""


@contextmanager
def served() -> Iterator[Site]:
    with tempfile.TemporaryDirectory() as folder:
        chain, key = certificate(Path(folder))
        handler = type("Handler", (_Echo,), {})
        server = _Server(("127.0.0.1", 0), handler)
        site = Site(server.server_address[1], chain)
        handler.site = site  # type: ignore[attr-defined]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        context.sni_callback = lambda connection, name, context: site.names.append(name)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield site
        finally:
            server.shutdown()
            server.server_close()

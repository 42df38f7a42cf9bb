"""A small web for sandboxes to visit: one server with and one without TLS, both on loopback."""

from __future__ import annotations

import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HOSTS = ("allowed.example", "deep.wild.example", "other.example")


@dataclass(frozen=True)
class Web:
    """Ports of the servers, and the certificate that they and their visitors trust."""

    port: int
    tls_port: int
    certificate: bytes

    @property
    def environment(self) -> dict[str, str]:
        """What tells the loopback runner of the tests where to dial."""
        return {"OMA_TEST_WEB_PORT": str(self.port), "OMA_TEST_TLS_PORT": str(self.tls_port)}


class _Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = f"hello from {self.headers['host']}".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A tunnel that is cut is what some tests want."""


@contextmanager
def served() -> Iterator[Web]:
    with tempfile.TemporaryDirectory() as folder:
        chain, key = certificate(Path(folder))
        plain, tls = _Server(("127.0.0.1", 0), _Page), _Server(("127.0.0.1", 0), _Page)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        tls.socket = context.wrap_socket(tls.socket, server_side=True, do_handshake_on_connect=False)
        for server in (plain, tls):
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield Web(plain.server_address[1], tls.server_address[1], chain.read_bytes())
        finally:
            for server in (plain, tls):
                server.shutdown()
                server.server_close()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for HOSTS that signs itself, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOSTS[0])])
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(signed.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate_file, key_file

"""A stand-in for Google: a signing key of the tests' own, and its certificates over HTTP."""

import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CLIENT_ID = "1234-oma.apps.googleusercontent.com"


class Google:
    """`keys` are what `/certs` answers; `broken` makes it fail, `asked` counts."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.keys = {"one": self.public(self.key)}
        self.broken = False
        self.asked = 0
        self.url = ""

    @staticmethod
    def public(key: rsa.RSAPrivateKey) -> str:
        return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def token(self, nonce: str | None, *, kid: str | None = "one", key: Any = None, **other: Any) -> str:
        """Signed by Google, or by another `key`; a claim that is None is left out."""
        now = int(time.time())
        claims = {
            "iss": "https://accounts.google.com", "aud": CLIENT_ID, "sub": "1001", "email": "kim@example.com",
            "email_verified": True, "name": "김하나", "picture": "https://pictures.example.com/1", "nonce": nonce,
            "iat": now, "exp": now + 3600,
        } | other  # fmt: skip
        header = {"alg": "RS256", "typ": "JWT"} | ({"kid": kid} if kid else {})
        kept = {name: value for name, value in claims.items() if value is not None}
        signed = f"{part(header)}.{part(kept)}"
        signature = (key or self.key).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def part(value: object) -> str:
    """JSON as it stands in a token."""
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@contextmanager
def serving() -> Iterator[Google]:
    google = Google()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            google.asked += 1
            body = b"oops" if google.broken else json.dumps(google.keys).encode()
            self.send_response(500 if google.broken else 200)
            self.send_header("Cache-Control", "public, max-age=3600, must-revalidate")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    google.url = f"http://127.0.0.1:{server.server_address[1]}/certs"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield google
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

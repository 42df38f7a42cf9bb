"""Identity tokens as Google signs them, with the certificates to check them by."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from google.auth import jwt
from google.auth.crypt import RSASigner

INVOKER = "invoker@demo-project.iam.gserviceaccount.com"
ISSUER = "https://accounts.google.com"


def by_cloud_run(token: str) -> str:
    """As Cloud Run passes a token on that it has checked."""
    return f"{token.rpartition('.')[0]}.SIGNATURE_REMOVED_BY_GOOGLE"


class Issuer:
    """A signing key; once started, it serves its certificate at `certs_url`."""

    def __init__(self, key_id: str = "key1") -> None:
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        self.key_id = key_id
        self.fetched = 0
        self.public_key = self._key.public_key()
        self._signer = RSASigner.from_string(self.pem, key_id)

    @property
    def pem(self) -> str:
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()

    def token(self, audience: str, **claims: Any) -> str:
        """Of the platform's account for an hour, unless the claims say otherwise."""
        now = int(time.time())
        usual = {"iss": ISSUER, "aud": audience, "iat": now, "exp": now + 3_600, "email": INVOKER}
        return jwt.encode(self._signer, usual | {"email_verified": True} | claims).decode()

    def account_file(self, path: Path) -> Path:
        """A service account's key file, for what signs links with a local key."""
        account = {
            "type": "service_account", "project_id": "demo-project", "private_key_id": self.key_id,
            "private_key": self.pem, "client_email": "api@demo-project.iam.gserviceaccount.com",
            "token_uri": "http://127.0.0.1:9/token",
        }  # fmt: skip
        path.write_text(json.dumps(account))
        return path

    def start(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.certs_url = f"http://127.0.0.1:{self._server.server_address[1]}/certs"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def certificate(self) -> str:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tokens.example.com")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.public_key)
        builder = builder.serial_number(1).not_valid_before(now - timedelta(days=1))
        certificate = builder.not_valid_after(now + timedelta(days=1)).sign(self._key, SHA256())
        return certificate.public_bytes(Encoding.PEM).decode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.fetched += 1
                body = json.dumps({issuer.key_id: issuer.certificate()}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler

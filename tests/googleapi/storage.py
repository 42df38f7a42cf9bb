"""Cloud Storage over HTTP: the JSON API as far as the client library uses it here, and links signed by V4.

The signature is checked from the specification, not by the library that made it:
https://cloud.google.com/storage/docs/authentication/signatures
"""

import json
import re
import threading
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from hashlib import md5, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from google_crc32c import value as checksum

OBJECT = re.compile(r"/(?:storage/v1|download/storage/v1)/b/([^/]+)/o/([^/?]+)")
LIST = re.compile(r"/storage/v1/b/([^/]+)/o")
PAGE = 2
"""So few that a test sees a second page."""
UPLOAD = re.compile(r"/upload/storage/v1/b/([^/]+)/o")


class StorageStandIn:
    """Objects by name; `faults` holds statuses to answer instead, one after the other."""

    def __init__(self, bucket: str, public_key: Any) -> None:
        self.bucket = bucket
        self.objects: dict[str, bytes] = {}
        self.faults: list[int] = []
        self.public_key = public_key
        self.guard = threading.Lock()
        self.sessions: dict[str, tuple[str, dict[str, str]]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def put(self, name: str, body: bytes, condition: str | None) -> bool:
        """Keep the object; False when the condition (`0`: there is none yet) does not hold."""
        with self.guard:
            if condition == "0" and name in self.objects:
                return False
            self.objects[name] = body
            return True

    def resource(self, name: str) -> dict[str, Any]:
        body = self.objects[name]
        return {
            "kind": "storage#object", "name": name, "bucket": self.bucket, "size": str(len(body)), "generation": "1",
            "md5Hash": b64encode(md5(body).digest()).decode(), "metageneration": "1",
            "crc32c": b64encode(checksum(body).to_bytes(4, "big")).decode(),
        }  # fmt: skip


def refusal(standin: StorageStandIn, method: str, path: str, query: dict[str, str], headers: Any) -> str | None:
    """Why a signed link is not honoured, or None."""
    signed = query["X-Goog-SignedHeaders"].split(";")
    values = {name: " ".join(str(headers.get(name, "")).split()) for name in signed}
    ordered = sorted((quote(k, safe="~"), quote(v, safe="~")) for k, v in query.items() if k != "X-Goog-Signature")
    canonical = "\n".join(
        [
            method,
            path,
            "&".join(f"{name}={value}" for name, value in ordered),
            *(f"{name}:{values[name]}" for name in signed),
            "",
            query["X-Goog-SignedHeaders"],
            values.get("x-goog-content-sha256") or "UNSIGNED-PAYLOAD",
        ]
    )
    scope = query["X-Goog-Credential"].partition("/")[2]
    text = f"GOOG4-RSA-SHA256\n{query['X-Goog-Date']}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    try:
        standin.public_key.verify(bytes.fromhex(query["X-Goog-Signature"]), text.encode(), PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return "SignatureDoesNotMatch"
    begun = datetime.strptime(query["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if datetime.now(UTC) > begun + timedelta(seconds=int(query["X-Goog-Expires"])):
        return "ExpiredToken"
    return None


def _handler(standin: StorageStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self._body()
            if standin.faults:
                return self._answer(standin.faults.pop(0), b"{}")
            split = urlsplit(self.path)
            query = dict(parse_qsl(split.query, keep_blank_values=True))
            if "X-Goog-Signature" in query:
                return self._linked(split.path, query, body)
            if UPLOAD.fullmatch(split.path):
                return self._upload(query, body)
            listed = LIST.fullmatch(split.path)
            if listed is not None and listed[1] == standin.bucket:
                return self._list(query.get("prefix", ""), query.get("pageToken", ""))
            found = OBJECT.fullmatch(split.path)
            if found is None or found[1] != standin.bucket:
                return self._answer(404, b'{"error": {"code": 404, "message": "Not Found"}}')
            return self._object(unquote(found[2]), split.path.startswith("/download") or query.get("alt") == "media")

        do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = handle_any

        def _list(self, prefix: str, after: str) -> None:
            with standin.guard:
                names = sorted(name for name in standin.objects if name.startswith(prefix) and name > after)
                items = [standin.resource(name) for name in names[:PAGE]]
            more = {"nextPageToken": names[PAGE - 1]} if len(names) > PAGE else {}
            self._answer(200, json.dumps({"kind": "storage#objects", "items": items} | more).encode())

        def _object(self, name: str, media: bool) -> None:
            with standin.guard:
                if name not in standin.objects:
                    return self._answer(404, b'{"error": {"code": 404, "message": "Not Found"}}')
                if self.command == "DELETE":
                    del standin.objects[name]
                    return self._answer(204, b"")
                if media:
                    return self._media(standin.objects[name])
                return self._answer(200, json.dumps(standin.resource(name)).encode())

        def _media(self, body: bytes) -> None:
            hashes = b64encode(checksum(body).to_bytes(4, "big")).decode()
            wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            if wanted is None:
                return self._answer(200, body, {"X-Goog-Hash": f"crc32c={hashes}"})
            first = int(wanted[1])
            last = min(int(wanted[2] or len(body) - 1), len(body) - 1)
            if first >= len(body):
                return self._answer(416, b"")
            return self._answer(206, body[first : last + 1], {"Content-Range": f"bytes {first}-{last}/{len(body)}"})

        def _upload(self, query: dict[str, str], body: bytes) -> None:
            condition = query.get("ifGenerationMatch")
            if query.get("uploadType") == "multipart":
                head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
                parts: Any = BytesParser().parsebytes(head + body).get_payload()
                name = json.loads(parts[0].get_payload())["name"]
                content = _content(self.headers["Content-Type"], body)
                return self._kept(name, content, condition)
            if query.get("uploadType") == "resumable" and self.command == "POST":
                session = str(len(standin.sessions))
                standin.sessions[session] = (json.loads(body)["name"], query)
                location = f"{standin.url}/upload/storage/v1/b/{standin.bucket}/o?session={session}"
                return self._answer(200, b"", {"Location": location})
            name, begun = standin.sessions[query["session"]]
            return self._kept(name, body, begun.get("ifGenerationMatch"))

        def _kept(self, name: str, body: bytes, condition: str | None) -> None:
            if not standin.put(name, body, condition):
                return self._answer(412, b'{"error": {"code": 412, "message": "conditionNotMet"}}')
            return self._answer(200, json.dumps(standin.resource(name)).encode())

        def _linked(self, path: str, query: dict[str, str], body: bytes) -> None:
            why = refusal(standin, self.command, path, query, self.headers)
            if why:
                return self._answer(403, why.encode())
            name = unquote(path).removeprefix(f"/{standin.bucket}/")
            if self.command == "GET":
                found = standin.objects.get(name)
                return self._answer(404, b"") if found is None else self._answer(200, found)
            least, most = self.headers["x-goog-content-length-range"].split(",")
            if not int(least) <= len(body) <= int(most):
                return self._answer(400, b"EntityTooLarge")
            if self.headers.get("x-goog-content-sha256") not in (None, sha256(body).hexdigest()):
                return self._answer(400, b"XGoogContentSHA256Mismatch")
            kept = standin.put(name, body, self.headers.get("x-goog-if-generation-match"))
            return self._answer(200 if kept else 412, b"")

        def _body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if status != 204:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler


def _content(content_type: str, body: bytes) -> bytes:
    """The second part of a multipart/related body, byte for byte."""
    boundary = re.search(r'boundary="?([^";]+)"?', content_type)
    assert boundary is not None
    second = body.split(b"--" + boundary[1].encode())[2]
    return second.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")

"""Courier over TLS.  The name is resolved once, its address judged, and that address dialled; no redirect is followed.

Only the status line of an answer is read, and that within the one time limit: a receiver can neither hold a thread
for long nor fill the memory.
"""

import re
import socket
import ssl
import time
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from ohmyagent.ports import Undelivered
from ohmyagent.reach import Policy, PolicyOf, Refusal

SECONDS = 10.0
MOST_HEAD = 16 * 1024
PORT = 443
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?\r?\n")
_PATH_MARKS = "/%:@!$&'()*+,;=~-._"


class HttpsCourier:
    """Safe to use from many threads.  `policy_of` and `context` are other ones in tests only."""

    def __init__(
        self, policy_of: PolicyOf = Policy, context: ssl.SSLContext | None = None, seconds: float = SECONDS
    ) -> None:
        self._policy_of = policy_of
        self._context = context or ssl.create_default_context()
        self._seconds = seconds

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        deadline = time.monotonic() + self._seconds
        host, port, target = _parts(url)
        policy = self._policy_of((host,))
        try:
            address = policy.address(host, port)
        except Refusal as refusal:
            raise Undelivered("unknown_host" if str(refusal) == "name not found" else "address_refused") from None
        try:
            with socket.create_connection((address, policy.dial_port(port)), _left(deadline)) as plain:
                plain.settimeout(_left(deadline))
                with self._context.wrap_socket(plain, server_hostname=host) as far:
                    return _exchange(far, _request(host, port, target, headers, body), deadline)
        except TimeoutError as error:
            raise Undelivered("timeout") from error
        except ssl.SSLError as error:
            raise Undelivered("tls") from error
        except OSError as error:
            raise Undelivered("no_connection") from error


def _parts(url: str) -> tuple[str, int, str]:
    """Host, port and request target of an https address; raises Undelivered."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii")
        port = parts.port or PORT
    except ValueError:
        raise Undelivered("bad_address") from None
    if parts.scheme != "https" or parts.username is not None or not re.fullmatch(r"[a-z0-9.:_-]+", host):
        raise Undelivered("bad_address")
    query = f"?{quote(parts.query, safe=_PATH_MARKS + '?')}" if parts.query else ""
    return host, port, (quote(parts.path, safe=_PATH_MARKS) or "/") + query


def _request(host: str, port: int, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    name = f"[{host}]" if ":" in host else host
    own = {
        "Host": name if port == PORT else f"{name}:{port}",
        "User-Agent": "OhMyAgent/1",
        "Accept": "*/*",
        "Connection": "close",
        "Content-Length": str(len(body)),
    }
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in {**own, **headers}.items()), "", ""]
    return "\r\n".join(lines).encode("ascii") + body


def _exchange(far: ssl.SSLSocket, request: bytes, deadline: float) -> int:
    far.settimeout(_left(deadline))
    far.sendall(request)
    head = b""
    while True:
        head = _without_informational(head)
        if status := _STATUS.match(head):
            if status[1][:1] != b"1":
                return int(status[1])
        elif b"\n" in head:
            raise Undelivered("bad_answer")
        if len(head) > MOST_HEAD:
            raise Undelivered("bad_answer")
        far.settimeout(_left(deadline))
        part = far.recv(4096)
        if not part:
            raise Undelivered("no_answer")
        head += part


def _without_informational(head: bytes) -> bytes:
    """Without complete 1xx answers at its beginning, such as 100 Continue."""
    while (status := _STATUS.match(head)) and status[1][:1] == b"1":
        _, end, rest = head.partition(b"\r\n\r\n")
        if not end:
            return head
        head = rest
    return head


def _left(deadline: float) -> float:
    """Seconds; raises TimeoutError when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left

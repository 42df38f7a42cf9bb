"""Plain-HTTP requests of the sandbox on their way to the gateway, which adds the agent's secrets and speaks TLS.

The runner never holds a secret.  It says whose run it is and that it is the runner; the request travels as values of
headers of our own (docs/runner-protocol.md), so that nothing in it can pass for one of those.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from ohmyagent.reach import Refusal
from ohmyagent.runner.plain import Plain

PASS = "oma-pass-"  # noqa: S105 - the beginning of header names
PIECE = 1 << 16
LAST_CHUNK = b"0\r\n\r\n"
SECONDS = 150.0
"""Longer than the gateway lets a host think, so that it is the gateway that ends a request and says why."""

Count = Callable[[int], bool]


class Turned(Refusal):
    """The gateway's own refusal, with its status."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Forward:
    """Carries requests of one run.  `connect` opens a connection to the gateway."""

    def __init__(self, gateway_url: str, connect: Callable[[], socket.socket], token: str, runner_token: str) -> None:
        gateway = urlsplit(gateway_url)
        self._connect = connect
        self._path = gateway.path + "/forward"
        self._host = gateway.netloc
        self._token, self._runner_token = token, runner_token

    def carry(
        self, request: Plain, pieces: Iterator[bytes], near: socket.socket, begin: Callable[[], None], within: Count
    ) -> None:
        """Ask the gateway and answer `near`; `begin` is told when the host has answered, `within` counts bytes.

        Raises Refusal as long as nothing was answered, OSError when the connection broke.
        """
        try:
            gateway = http.client.HTTPConnection("gateway")
            gateway.sock = self._connect()
            gateway.sock.settimeout(SECONDS)
        except OSError as error:
            raise Turned(502, "the gateway cannot be reached") from error
        with gateway.sock, self._asked(gateway, request, pieces, within) as response:
            status = response.getheader("oma-status")
            if status is None:
                raise _refusal(response)
            begin()
            try:
                _answer(int(status), response, near, request, within)
            except http.client.HTTPException as error:
                raise OSError("the answer broke off") from error

    def _asked(
        self, gateway: http.client.HTTPConnection, request: Plain, pieces: Iterator[bytes], within: Count
    ) -> http.client.HTTPResponse:
        try:
            self._ask(gateway, request, pieces, within)
            return gateway.getresponse()
        except (http.client.HTTPException, TimeoutError) as error:
            raise Turned(502, "no answer") from error

    def _ask(self, gateway: http.client.HTTPConnection, request: Plain, pieces: Iterator[bytes], within: Count) -> None:
        gateway.putrequest("POST", self._path, skip_host=True, skip_accept_encoding=True)
        own = [
            ("Host", self._host), ("Connection", "close"), ("oma-run", self._token), ("oma-runner", self._runner_token),
            ("oma-method", request.method), ("oma-target", request.host + request.path),
        ]  # fmt: skip
        framing = ("Transfer-Encoding", "chunked") if request.length is None else ("Content-Length", request.length)
        passed = [(PASS + name, value) for name, value in request.headers]
        for name, value in (*own, framing, *passed):
            gateway.putheader(name, value)
        gateway.endheaders()
        with contextlib.suppress(BrokenPipeError):  # it has heard enough and answered
            for piece in pieces:
                _capped(within, len(piece))
                gateway.send(_chunk(piece) if request.length is None else piece)
            if request.length is None:
                gateway.send(LAST_CHUNK)


def _answer(
    status: int, response: http.client.HTTPResponse, near: socket.socket, request: Plain, within: Count
) -> None:
    """Raises HTTPException and OSError when it breaks off; the sandbox then sees an answer without its end."""
    passed = [(name[len(PASS) :], value) for name, value in response.headers.items() if name.startswith(PASS)]
    sized = any(name == "content-length" for name, _ in passed)
    chunked = request.chunks_back and not sized and request.method != "HEAD" and status not in (204, 304)
    if chunked:
        passed.append(("transfer-encoding", "chunked"))
    near.sendall(_head(status, passed))
    while piece := response.read1(PIECE):
        _capped(within, len(piece))
        near.sendall(_chunk(piece) if chunked else piece)
    if chunked:
        near.sendall(LAST_CHUNK)


def _head(status: int, headers: list[tuple[str, str]]) -> bytes:
    phrase = http.client.responses.get(status, "")
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers), "connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def _refusal(response: http.client.HTTPResponse) -> Turned:
    """The reason that the gateway gives, in the shape of its problems."""
    try:
        reason = str(json.loads(response.read(PIECE))["error"]["message"])
    except (ValueError, KeyError, TypeError):
        reason = "refused by the gateway"
    return Turned(response.status if response.status >= 400 else 502, reason)


def _capped(within: Count, size: int) -> None:
    if not within(size):
        raise OSError("byte cap")

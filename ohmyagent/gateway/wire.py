"""The upstream's side: a pooled HTTP/1.1 client that does what the gateway needs and no more.

A general client costs more than all the rest of a call (see bench.gateway).  The protocol is parsed by httptools, which
is llhttp in its strict mode; a connection is used again only after an answer that ended just where it should.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from ohmyagent.gateway.connection import Connection, Refused, Response, Unreachable
from ohmyagent.gateway.limits import Limits

KEEP_SECONDS = 30.0
"""How long an idle connection is kept: less than providers do, so that it is rarely closed under our hands."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address, taken apart once."""

    host: str
    port: int
    secure: bool
    head: bytes
    place: tuple[str, int, bool]

    @classmethod
    @cache
    def of(cls, address: str) -> "Target":
        parts = urlsplit(address)
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        head = f"POST {path} HTTP/1.1\r\nhost: {parts.netloc.rpartition('@')[2]}\r\n".encode("ascii")
        host = parts.hostname or ""
        return cls(host, port, secure, head, (host, port, secure))


class Wire:
    """Belongs to the event loop of its first call."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._idle: dict[tuple[str, int, bool], deque[Connection]] = {}
        self._open = 0
        self._freed: deque[asyncio.Future[None]] = deque()
        self._tls: ssl.SSLContext | None = None

    async def post(self, address: str, body: bytes, lines: Sequence[bytes] = ()) -> Response:
        """The head of the answer; `lines` are headers, each with its line end.

        Raises Unreachable when nothing was sent, Broken when it was and no answer came. Redirects are not followed,
        cookies not kept, no proxy or netrc of the host is used.
        """
        target = Target.of(address)
        request = _request(target, body, lines)
        connection = self._kept(target) or await self._connected(target)
        return await connection.ask(request)

    async def aclose(self) -> None:
        for connections in self._idle.values():
            while connections:
                connections.popleft().close()

    def _kept(self, target: Target) -> Connection | None:
        idle = self._idle.get(target.place)
        now = asyncio.get_running_loop().time()
        while idle:
            connection = idle.pop()
            if connection.usable and now - connection.idle_since < KEEP_SECONDS:
                return connection
            connection.close()
        return None

    async def _connected(self, target: Target) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._limits.connect):
                await self._room(loop)
                connection = Connection(loop, lambda kept: self._done(target, kept))
                try:
                    tls = self._context() if target.secure else None
                    await loop.create_connection(lambda: connection, target.host, target.port, ssl=tls)
                except BaseException:
                    connection.close()
                    raise
        except (OSError, ValueError) as error:
            raise Unreachable(type(error).__name__) from error
        return connection

    async def _room(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait until one more connection may be opened; the oldest idle one makes room."""
        while self._open >= self._limits.connections:
            oldest = next((idle for idle in self._idle.values() if idle), None)
            if oldest is not None:
                oldest.popleft().close()
                await asyncio.sleep(0)
                continue
            freed: asyncio.Future[None] = loop.create_future()
            self._freed.append(freed)
            await freed
        self._open += 1

    def _done(self, target: Target, kept: Connection | None) -> None:
        """A connection is idle again, or, when it is None, gone."""
        if kept is None:
            self._leave()
        else:
            self._idle.setdefault(target.place, deque()).append(kept)
            self._wake()

    def _leave(self) -> None:
        self._open -= 1
        self._wake()

    def _wake(self) -> None:
        while self._freed:
            freed = self._freed.popleft()
            if not freed.done():
                freed.set_result(None)
                return

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls


def _request(target: Target, body: bytes, lines: Sequence[bytes]) -> bytes:
    fields = b"".join(lines)
    if b"\0" in fields or not fields.count(b"\n") == fields.count(b"\r") == len(lines):
        raise Refused("a header holds a line end")
    return b"%b%bcontent-length: %d\r\n\r\n%b" % (target.head, fields, len(body), body)

"""The clients' side: HTTP/1.1 as the gateway serves it, for uvicorn's `http`.

uvicorn's own protocol costs more than all that the gateway does with a call, writes each answer in two pieces, and
limits neither how large a head may be nor how long it may take (docs/decisions/2026-11-20-gateway-protocol.md).
"""

import asyncio
from collections import deque
from typing import Any
from weakref import WeakSet

import httptools
from uvicorn.config import Config
from uvicorn.server import ServerState

from ohmyagent.gateway.calls import Call

HEAD = 64 * 1024
"""Bytes that may come without a byte of a body among them: a head, trailers, the extensions of chunks."""
HELD = 64 * 1024
"""Bytes of a body that may wait to be taken before the client is held back."""
BITE = 16 * 1024
"""Bytes that are parsed at once: of a reading full of small requests no more than these become requests that wait."""
LINGER_SECONDS = 10.0
"""How long the rest of a request is read and thrown away that was answered before it had come, and how long a client
has to read what there is of an answer that was cut."""
LOOK_SECONDS = 1.0
BAD = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Protocol(asyncio.Protocol):
    """One connection.  Its requests are answered one after the other, in their order.

    Parsed by httptools, which is llhttp in its strict mode.  After anything that is no HTTP nothing more is read from
    the connection; so where two readers could differ on where a request ends, there is no next one.
    """

    head_seconds = 60.0
    """How long a request's head may take, from the connection's beginning or its first byte."""
    linger_seconds = LINGER_SECONDS

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._app: Any = config.loaded_app
        self._keep_seconds = config.timeout_keep_alive
        self.state = server_state
        self.loop = _loop or asyncio.get_running_loop()
        self.transport: Any = None
        self.deaf = False
        self.writable: asyncio.Event | None = None
        self._parser: Any = httptools.HttpRequestParser(self)
        self._paused = False
        self._unread = b""
        """What has come and is to be parsed once fewer requests wait."""
        self._barren = 0
        self._since = 0.0
        """When the waiting for what comes next began; 0: since the last look."""
        self._seconds = self.head_seconds
        self._heading = True
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._coming: Call | None = None
        """The request whose body is being read."""
        self._calls: deque[Call] = deque()
        """The request being answered, and those that wait for it."""

    # What the transport and the server say

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.state.connections.add(self)  # type: ignore[arg-type]
        _watch(self.loop, self.state)

    def connection_lost(self, error: Exception | None) -> None:
        self.deaf, self._coming, self._parser, self._unread = True, None, None, b""
        self.state.connections.discard(self)
        for call in self._calls:
            call.lose()
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        if self._unread or len(data) > BITE:
            self._unread += data
            self._read_on()
        else:
            self._parse(data)

    def _read_on(self) -> None:
        """Parse what has come, as far as it may be."""
        while self._unread and not self._paused:
            bite, self._unread = self._unread[:BITE], self._unread[BITE:]
            self._parse(bite)

    def _go_on(self) -> None:
        self._read_on()
        if not (self._unread or self._paused or self.transport.is_closing()):
            self.transport.resume_reading()

    def _parse(self, data: bytes) -> None:
        if self.deaf:
            return
        self._barren += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not self.deaf:
                self._refuse()
        else:
            if self._barren > HEAD:
                self._refuse()
            elif not self._calls and not self._heading:
                self._heading = True
                self._expect(self.head_seconds)

    def pause_writing(self) -> None:
        self.writable = asyncio.Event()

    def resume_writing(self) -> None:
        if self.writable is not None:
            self.writable.set()
            self.writable = None

    def shutdown(self) -> None:
        """The server stops: close, once what is under way is answered."""
        if not self._calls:
            self._leave()
        for call in self._calls:
            call.keep = False

    def examine(self, now: float) -> None:
        """Called every second."""
        if self._calls and not self.transport.is_closing():
            return
        if not self._since:
            self._since = now
        elif now - self._since > self._seconds:
            self.transport.abort()

    # What the parser says

    def on_message_begin(self) -> None:
        self._url, self._headers, self._coming = b"", [], None

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._coming is None:  # trailers are nobody's business
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        parser = self._parser
        if self.deaf:
            raise ValueError("it came after the last that is answered")
        if parser.should_upgrade():
            raise ValueError("no other protocol is spoken here")
        self._barren, self._heading = 0, False
        path, _, query = self._url.partition(b"?")
        version = parser.get_http_version()
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": version,
            "method": parser.get_method().decode("ascii"), "scheme": "http", "path": path.decode("ascii"),
            "query_string": query, "headers": self._headers,
        }  # fmt: skip
        call = self._coming = Call(self, scope, keep=version == "1.1" and parser.should_keep_alive())
        self._calls.append(call)
        if len(self._calls) == 1:
            call.start(self._app)
        else:
            self._pause()

    def on_body(self, body: bytes) -> None:
        self._barren = 0
        if self._coming is not None and self._coming.take(body) > HELD:
            self._pause()

    def on_message_complete(self) -> None:
        self._barren = 0
        if self._coming is not None:
            self._coming.end()
            if self._coming.over and not self._coming.keep:
                self._leave()

    # What the calls say

    def resume(self) -> None:
        """Read on, unless there is more to answer than one."""
        if self._paused and len(self._calls) <= 1 and not self.transport.is_closing():
            self._paused = False
            if self._unread:
                self.loop.call_soon(self._go_on)
            else:
                self.transport.resume_reading()

    def answered(self, call: Call) -> None:
        """The first of the calls has its answer."""
        self.state.total_requests += 1
        self._calls.popleft()
        if not call.keep and (call.whole or self.deaf):
            self._leave()
            return
        if not call.keep:
            self._expect(self.linger_seconds)
        elif self._calls:
            self._calls[0].start(self._app)
        else:
            self._expect(self._keep_seconds)
        self.resume()

    def cut(self) -> None:
        """Close before an answer has come to its end, so that nobody takes it for whole."""
        self._leave()
        self._expect(self.linger_seconds)

    def _pause(self) -> None:
        if not self._paused:
            self._paused = True
            self.transport.pause_reading()

    def _expect(self, seconds: float) -> None:
        self._since, self._seconds = 0.0, seconds

    def _refuse(self) -> None:
        """What came is no request: nothing more is read, and what was asked before it is still answered."""
        self.deaf = True
        bad = self._coming if self._coming is not None and not self._coming.whole else None
        if bad is not None:
            bad.lose()
        elif self._calls:
            self._calls[-1].keep = False
        if not self._calls or self._calls[0] is bad:
            if bad is None or not bad.started:
                self.transport.write(BAD)
            self.transport.close()

    def _leave(self) -> None:
        self.deaf = True
        self.transport.close()


_watched: WeakSet[ServerState] = WeakSet()


def _watch(loop: asyncio.AbstractEventLoop, state: ServerState) -> None:
    """One timer for all connections of a server, as long as there are any."""

    def look() -> None:
        now = loop.time()
        for connection in list(state.connections):
            connection.examine(now)  # type: ignore[union-attr]
        if state.connections:
            loop.call_later(LOOK_SECONDS, look)
        else:
            _watched.discard(state)

    if state not in _watched:
        _watched.add(state)
        loop.call_later(LOOK_SECONDS, look)

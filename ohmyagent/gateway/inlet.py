"""The clients' side: HTTP/1.1 as the gateway serves it, for uvicorn's `http`.

uvicorn's own protocol costs more than all that the gateway does with a call, writes each answer in two pieces, and
limits neither how large a head may be nor how long it may take (docs/decisions/2026-11-20-gateway-protocol.md).
"""

import asyncio
from collections import deque
from http import HTTPStatus
from typing import Any
from weakref import WeakSet

import httptools
import structlog
from uvicorn.config import Config
from uvicorn.server import ServerState

from ohmyagent.gateway.answers import POUR, Message, Scope

log = structlog.get_logger()

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
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
BAD = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_CONTROLS = bytes(number for number in [*range(32), 127] if number not in b"\t\r\n")


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
        self._coming: _Call | None = None
        """The request whose body is being read."""
        self._calls: deque[_Call] = deque()
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
        call = self._coming = _Call(self, scope, keep=version == "1.1" and parser.should_keep_alive())
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

    def answered(self, call: "_Call") -> None:
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


class _Call:
    """A request and its answer, as an ASGI application sees them."""

    __slots__ = (
        "_chunked", "_gone", "_handed", "_head", "_left", "_pieces", "_protocol", "_scope", "_size",
        "_task", "_waiting", "keep", "over", "started", "whole",
    )  # fmt: skip

    def __init__(self, protocol: Protocol, scope: Scope, *, keep: bool) -> None:
        self._protocol = protocol
        self._scope = scope
        self.keep = keep
        """The connection can be used again."""
        self.whole = False
        """All of the request has come."""
        self.over = False
        """All of the answer has gone."""
        self._pieces: list[bytes] = []
        self._size = 0
        self._handed = False
        self._gone = False
        self._waiting: asyncio.Future[None] | None = None
        self.started = False
        self._head = b""
        self._chunked = False
        self._left = 0
        self._task: asyncio.Task[None] | None = None

    def start(self, app: Any) -> None:
        self._scope["extensions"] = {POUR: self.pour}
        task = self._task = self._protocol.loop.create_task(self._run(app))
        self._protocol.state.tasks.add(task)

    def take(self, body: bytes) -> int:
        """Another piece of the body; how much of it waits."""
        if self.over:
            return 0
        self._pieces.append(body)
        self._size += len(body)
        if self._waiting is not None:
            self._wake()
        return self._size

    def end(self) -> None:
        self.whole = True
        if self._waiting is not None:
            self._wake()

    def lose(self) -> None:
        """Nobody reads the answer, or the rest of the request will not come."""
        self._gone = True
        self._wake()

    async def receive(self) -> Message:
        while not (self._gone or self.over):
            if self._pieces or (self.whole and not self._handed):
                return self._piece()
            self._protocol.resume()
            if not self.whole:
                self._invite()
            self._waiting = self._protocol.loop.create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None
        return {"type": "http.disconnect"}

    def pour(self, body: bytes) -> bool:
        """Another piece of a body that has begun; see `answers.Pour`."""
        if self._protocol.writable is not None:
            return False
        if not self._gone:
            self._continue(body, more=True)
        return True

    async def send(self, message: Message) -> None:
        protocol = self._protocol
        if protocol.writable is not None:
            await protocol.writable.wait()
        if self._gone:
            return
        if message["type"] == "http.response.start":
            self._begin(message["status"], message["headers"])
        else:
            self._continue(message.get("body", b""), more=message.get("more_body", False))

    async def _run(self, app: Any) -> None:
        try:
            await app(self._scope, self.receive, self.send)
            if not (self.over or self._gone):
                self._fail("it did not come to its end")
        except Exception:
            log.exception("A request to the gateway failed")
            self._fail("an error")
        except asyncio.CancelledError:
            self._protocol.cut()
            raise
        finally:
            del self._scope["extensions"]  # or the call would hold itself
            if self._task is not None:
                self._protocol.state.tasks.discard(self._task)
            if self._gone and not self.over:
                self.over = True
                self._protocol.cut()

    def _fail(self, why: str) -> None:
        if self.started or self._gone:
            self._protocol.cut()
            return
        self.keep = False
        self._begin(500, [(b"content-length", b"0")])
        self._continue(b"", more=False)

    def _piece(self) -> Message:
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces, self._size, self._handed = [], 0, self.whole
        return {"type": "http.request", "body": body, "more_body": not self.whole}

    def _invite(self) -> None:
        """Say once that the body may come, to a client that asked."""
        headers = self._scope["headers"]
        if not self.started and any(name == b"expect" for name, _ in headers):
            headers[:] = [header for header in headers if header[0] != b"expect"]
            self._protocol.transport.write(CONTINUE)

    def _begin(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """The head; it goes with the first piece of the body.  A stream's goes alone if no piece is there at once."""
        if self.started:
            raise RuntimeError("the answer has begun")
        self.started = self._chunked = True
        self.keep = self.keep and self.whole
        lines = []
        for name, value in headers:
            lines.append(b"%b: %b\r\n" % (name, value))
            if name == b"content-length":
                self._chunked, self._left = False, int(value)
        if self._chunked and self._scope["http_version"] == "1.1":
            lines.append(b"transfer-encoding: chunked\r\n")
        if not self.keep:
            lines.append(b"connection: close\r\n")
        fields = b"".join(lines)
        if not fields.count(b"\n") == fields.count(b"\r") == len(lines) or len(fields.translate(None, _CONTROLS)) < len(
            fields
        ):
            self.started = False
            raise RuntimeError("a header holds a line end or another control")
        line = _LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
        self._head = b"%b%b%b\r\n" % (line, _always(self._protocol.state), fields)
        if self._chunked:
            self._protocol.loop.call_soon(self._flush)

    def _continue(self, body: bytes, *, more: bool) -> None:
        if not self.started or self.over:
            raise RuntimeError("the answer has not begun, or is over")
        if self._scope["method"] == "HEAD":
            body, self._left = b"", 0
        elif self._chunked:
            body = self._chunk(body, more=more)
        else:
            self._left -= len(body)
            if self._left < 0 or (self._left and not more):
                raise RuntimeError("the answer has another length than it said")
        if self._head or body:
            self._protocol.transport.write(self._head + body)
            self._head = b""
        if not more:
            self.over = True
            if self._waiting is not None:
                self._wake()
            self._protocol.answered(self)

    def _chunk(self, body: bytes, *, more: bool) -> bytes:
        if self._scope["http_version"] != "1.1":  # its end is the connection's
            return body
        chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        return chunk if more else chunk + b"0\r\n\r\n"

    def _flush(self) -> None:
        if self._head and not self._gone:
            self._protocol.transport.write(self._head)
            self._head = b""

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


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


_said: tuple[list[tuple[bytes, bytes]], bytes] = ([], b"")


def _always(state: ServerState) -> bytes:
    """What every answer says, such as the date; uvicorn makes a new list of it every second."""
    global _said
    if _said[0] is not state.default_headers:
        lines = [b"%b: %b\r\n" % header for header in state.default_headers]
        _said = (state.default_headers, b"".join(lines))
    return _said[1]

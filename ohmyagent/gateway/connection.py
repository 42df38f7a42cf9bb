"""One connection to an upstream: a request out, an answer in, read no faster than it is taken."""

import asyncio
from collections.abc import Callable
from typing import Any

import httptools

from ohmyagent.gateway.waiting import Waiter

HELD = 64 * 1024
"""Bytes that may wait to be taken before the upstream is held back."""
HEAD = 64 * 1024
"""Bytes that the head of an answer may have."""


Sink = Callable[[bytes], bool]
"""Takes the next bytes; False: these were the last it wants."""


class Unreachable(Exception):
    """No connection: nothing was sent."""


class Broken(Exception):
    """The connection broke, or spoke no HTTP, after the request was sent."""


class Refused(Unreachable):
    """The request cannot be sent as it is."""


class Response:
    """The head of an answer, its headers' names in lower case; `piece` gives the body as it arrives."""

    __slots__ = ("_connection", "headers", "piece", "status")

    def __init__(self, connection: "Connection", status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self._connection = connection
        self.status = status
        self.headers = headers
        self.piece = connection.piece
        """The next bytes; none at the end.  Raises Broken when the body ends before it should."""

    @property
    def content_type(self) -> str:
        for name, value in self.headers:
            if name == b"content-type":
                return _kind(value)
        return ""

    def rest(self) -> bytes | None:
        """All of the body that was not taken, if it is there to its end."""
        return self._connection.rest()

    async def pour(self, sink: Sink) -> None:
        """Give the body to `sink` as it arrives, waking no task, until it says False or nothing more comes."""
        await self._connection.pour(sink)

    @property
    def at_end(self) -> bool:
        """All of the body was taken."""
        return self._connection.at_end

    def close(self) -> None:
        """Keep the connection for another request if this answer is over, else break it off."""
        self._connection.release()


class Connection(Waiter, asyncio.Protocol):
    """`done` is told when the connection is idle again (with itself) or gone (with None)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, done: "Callable[[Connection | None], None]") -> None:
        super().__init__()
        self._loop = loop
        self._done = done
        self._transport: Any = None
        self._lost = False
        self.idle_since = 0.0
        self._parser = httptools.HttpResponseParser(self)
        self._paused = False
        self._error: Exception | None = None
        self._sink: Sink | None = None
        self._begin()

    def _begin(self) -> None:
        """Forget the last answer; it ended just where it should, so the parser awaits another."""
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_size = 0
        self._header_size = 0
        self._headed = False
        self._ended = False
        self._reusable = False
        self._pieces: list[bytes] = []
        self._held = 0

    @property
    def usable(self) -> bool:
        return not self._lost and not self._transport.is_closing()

    @property
    def at_end(self) -> bool:
        return self._ended and not self._pieces

    async def ask(self, request: bytes) -> Response:
        """Raises Broken.  Whoever is cancelled meanwhile breaks the connection off."""
        self._begin()
        self._transport.write(request)
        try:
            while not self._headed:
                if self._error is not None:
                    raise self._error
                await self._more()
        except BaseException:
            self.close()
            raise
        return Response(self, self._status, self._headers)

    async def piece(self) -> bytes:
        while not self._pieces:
            if self._ended:
                return b""
            if self._error is not None:
                raise self._error
            await self._more()
        return self._taken()

    async def pour(self, sink: Sink) -> None:
        if self._pieces and not sink(self._taken()):
            return
        self._sink = sink
        try:
            while self._sink is not None and not self._ended and self._error is None:
                await self._more()
        finally:
            self._sink = None

    def _taken(self) -> bytes:
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces, self._held = [], 0
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return data

    def rest(self) -> bytes | None:
        return self._taken() if self._ended else None

    def release(self) -> None:
        if self.at_end and self._reusable and self.usable:
            self.idle_since = self._loop.time()
            self._done(self)
        else:
            self.close()

    def close(self) -> None:
        """Break the connection off.  Also for one that was never made."""
        if self._transport is not None:
            self._transport.abort()
        else:
            self._gone()

    def _gone(self) -> None:
        if not self._lost:
            self._lost = True
            self._done(None)

    def _break(self, why: str) -> None:
        if self._error is None and not self._ended:
            self._error = Broken(why)
        self._wake()

    # What the transport says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._ended or self._error is not None:
            self._reusable = False
            self._transport.abort()
            return
        if not self._headed:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._break(type(error).__name__)
            self._reusable = False
            self._transport.abort()
            return
        if not self._headed and self._head_size > HEAD:
            self._break("the head is too large")
            self._transport.abort()
        elif self._sink is not None:
            if self._pieces and not self._sink(self._taken()):
                self._sink = None
                self._wake()
        elif self._held > HELD and not self._paused and not self._ended:
            self._paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        """The end of the connection ends a body whose length was not said."""
        if self._headed and not self._ended and self._until_close():
            self._ended = True
            self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._break("the connection was lost")
        self._gone()

    # What the parser says

    def on_message_begin(self) -> None:
        if self._ended:
            raise ValueError("an answer that nobody asked for")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))
        self._header_size += len(name) + len(value)
        if self._header_size > HEAD:
            raise ValueError("the head is too large")

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        if self._status < 200:
            self._headers = []
            return
        self._headed = True
        self._wake()

    def on_body(self, body: bytes) -> None:
        self._pieces.append(body)
        self._held += len(body)
        if self._waiting is not None and self._sink is None:
            self._wake()

    def on_message_complete(self) -> None:
        if self._headed:
            self._ended = True
            self._reusable = self._parser.should_keep_alive()
            if self._waiting is not None:
                self._wake()

    def _until_close(self) -> bool:
        names = {name for name, _ in self._headers}
        return b"content-length" not in names and b"transfer-encoding" not in names


def _kind(content_type: bytes) -> str:
    return content_type.partition(b";")[0].strip().lower().decode("latin-1")

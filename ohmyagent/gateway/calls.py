"""One request of a client and its answer, between `inlet.py`'s connection and the ASGI application."""

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog
from uvicorn.server import ServerState

from ohmyagent.gateway.answers import POUR, Message, Scope
from ohmyagent.gateway.waiting import Waiter

if TYPE_CHECKING:
    from ohmyagent.gateway.inlet import Protocol

log = structlog.get_logger()

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_CONTROLS = bytes(number for number in [*range(32), 127] if number not in b"\t\r\n")


class Call(Waiter):
    """A request and its answer, as an ASGI application sees them."""

    __slots__ = (
        "_chunked", "_gone", "_handed", "_head", "_left", "_pieces", "_protocol", "_scope", "_size",
        "_task", "keep", "over", "started", "whole",
    )  # fmt: skip

    def __init__(self, protocol: "Protocol", scope: Scope, *, keep: bool) -> None:
        super().__init__()
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
            await self._more()
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


_said: tuple[list[tuple[bytes, bytes]], bytes] = ([], b"")


def _always(state: ServerState) -> bytes:
    """What every answer says, such as the date; uvicorn makes a new list of it every second."""
    global _said
    if _said[0] is not state.default_headers:
        lines = [b"%b: %b\r\n" % header for header in state.default_headers]
        _said = (state.default_headers, b"".join(lines))
    return _said[1]

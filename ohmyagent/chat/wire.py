"""How event streams and WebSockets are spoken: uvicorn's protocols, with a short way out and an end to hostile costs.

The short way is an extension of ASGI's scope: what is ready to be written goes to the connection at once, by no task.
uvicorn answers pings without looking whether anybody reads the answers, waits for ever for the last bytes of a
connection that nobody reads, and logs addresses, which hold tickets.
"""

import logging
import time
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from ohmyagent.chat.frames import PUSH, Frame
from ohmyagent.chat.pacing import Bucket

LARGEST_MESSAGE = 2 * 2**20
"""Bytes.  More than that is not even read (close code 1009); more than a frame may have is refused in words."""
PINGS_A_SECOND, PINGS_AT_ONCE = 5.0, 50.0
UNREAD_BYTES = 256 * 1024
FAREWELL_SECONDS = 5.0
FLOOD = 1008

_quiet = logging.getLogger("ohmyagent.chat.wire")
_quiet.setLevel(logging.ERROR)


class Streams(HttpToolsProtocol):
    """For uvicorn's `http`."""

    farewell_seconds = FAREWELL_SECONDS

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {PUSH: partial(self._push, self.scope)}  # type: ignore[dict-item]

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.scope is not None:
            self.scope["extensions"] = {}  # it leads back here

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        super()._start_asgi_task(cycle, partial(self._answered, app))

    async def _answered(self, application: Any, scope: Any, receive: Any, send: Any) -> None:
        try:
            await application(scope, receive, send)
        except BaseException:  # uvicorn closes now, which waits for a reader
            self.loop.call_later(self.farewell_seconds, self._give_up)
            raise

    def _give_up(self) -> None:
        if self.transport.is_closing():
            self.transport.abort()

    def _push(self, scope: object, frame: Frame) -> bool:
        """A chunk of an answer under way.  `scope` is its own: another request of the connection may have come."""
        cycle = self.cycle
        if (
            cycle.scope is not scope
            or not cycle.chunked_encoding
            or cycle.response_complete
            or cycle.disconnected
            or self.flow.write_paused
        ):
            return False
        self.transport.write(frame.chunk)
        return True


class Protocol(WebSocketsSansIOProtocol):
    """For uvicorn's `ws`."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.logger = _quiet
        self._pings = Bucket(PINGS_A_SECOND, PINGS_AT_ONCE, time.monotonic)

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[PUSH] = self._push

    def _push(self, frame: Frame) -> bool:
        if self.close_sent or self.disconnected or not self.handshake_complete or not self.writable.is_set():
            return False
        self.transport.write(frame.message)
        return True

    def handle_ping(self) -> None:
        if self._pings.take() and self.transport.get_write_buffer_size() <= UNREAD_BYTES:
            super().handle_ping()
            return
        if not self.close_sent:
            self.conn.fail(FLOOD, "too many pings")
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
            self.transport.close()
            self._give_up()

    async def run_asgi(self) -> None:
        await super().run_asgi()
        self._give_up()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._give_up()

    def _give_up(self) -> None:
        """Nobody waits longer than this for a last word to be read."""
        self.loop.call_later(FAREWELL_SECONDS, self.transport.abort)

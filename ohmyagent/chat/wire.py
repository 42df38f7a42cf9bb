"""How WebSockets are spoken: uvicorn's protocol, with an end to what a hostile client may cost.

uvicorn answers pings without looking whether anybody reads the answers, waits for ever for the last bytes of a
connection that nobody reads, and logs addresses, which hold tickets.
"""

import logging
import time
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from ohmyagent.chat.pacing import Bucket

LARGEST_MESSAGE = 2 * 2**20
"""Bytes.  More than that is not even read (close code 1009); more than a frame may have is refused in words."""
PINGS_A_SECOND, PINGS_AT_ONCE = 5.0, 50.0
UNREAD_BYTES = 256 * 1024
FAREWELL_SECONDS = 5.0
FLOOD = 1008

_quiet = logging.getLogger("ohmyagent.chat.wire")
_quiet.setLevel(logging.ERROR)


class Protocol(WebSocketsSansIOProtocol):
    """For uvicorn's `ws`."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.logger = _quiet
        self._pings = Bucket(PINGS_A_SECOND, PINGS_AT_ONCE, time.monotonic)

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

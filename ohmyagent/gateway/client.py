"""The client's side of a call under way: what it is sent, and whether it is still there."""

import asyncio
from collections.abc import Callable

from ohmyagent.gateway.answers import PING, Message, Pour, Receive, Send
from ohmyagent.gateway.limits import Limits
from ohmyagent.gateway.patience import Patience

UNWATCHED = 0.2
"""Seconds before a call looks out for its client leaving: most are over by then, and looking out costs something."""
Headers = list[tuple[bytes, bytes]]


class Client:
    """`started`: the answer has begun.  `gone`: nobody reads it any more."""

    def __init__(
        self, receive: Receive, send: Send, limits: Limits, patience: Patience, pour: Pour | None = None
    ) -> None:
        self._receive = receive
        self._send = send
        self._pour = pour
        self._limits = limits
        self._patience = patience
        self._watch: asyncio.Future[Message] | None = None
        self._ping: asyncio.Future[None] | None = None
        self._quiet: Callable[[], bool] | None = None
        self._waits = False
        """A piece waits to be read; a ping behind it could come into the middle of an event."""
        self._heard = 0.0
        self.started = False
        self.gone = False
        patience.look = self._look

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:
        self.started = True
        headers.append((b"content-length", b"%d" % len(body)))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    async def begin(self, status: int, headers: Headers, quiet: Callable[[], bool]) -> None:
        """Begin a stream; `quiet` says whether a ping may be put in at this moment."""
        self.started, self._quiet = True, quiet
        self._heard = asyncio.get_running_loop().time()
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def piece(self, data: bytes, *, last: bool = False) -> None:
        if last:
            self._quiet = None
        self._heard = asyncio.get_running_loop().time()
        self._waits = True
        await self._send({"type": "http.response.body", "body": data, "more_body": not last})
        self._waits = False

    @property
    def pours(self) -> bool:
        """Pieces can be given by `pour`."""
        return self._pour is not None

    def pour(self, data: bytes, now: float) -> bool:
        """A piece that is not the last, at once; False: it was not taken, and `piece` must wait for the client."""
        self._heard = now
        return self._pour is not None and self._pour(data)

    def leave(self) -> None:
        """The call is over: look out no longer."""
        self._patience.look = None
        if self._watch is not None:
            self._watch.remove_done_callback(self._left)
            self._watch.cancel()

    def _look(self, now: float) -> None:
        if self._watch is None and now - self._patience.begun > UNWATCHED:
            self._watch = asyncio.ensure_future(self._receive())
            self._watch.add_done_callback(self._left)
        silent = self._quiet is not None and not self._waits and now - self._heard >= self._limits.ping
        if silent and self._quiet is not None and self._quiet():
            self._heard = now
            self._ping = asyncio.ensure_future(
                self._send({"type": "http.response.body", "body": PING, "more_body": True})
            )

    def _left(self, _: object) -> None:
        """Let the upstream go on for a while: most answers end soon and are then billed by their own numbers."""
        self.gone = True
        self._patience.limit(self._limits.drain)

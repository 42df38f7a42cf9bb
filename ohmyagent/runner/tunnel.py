"""Connections to allowed hosts by way of the egress service, for a runner that has no route to the web itself.

Each is one WebSocket.  A binary message carries bytes; an empty one says that this direction has ended.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Iterator

from ohmyagent.reach import Refusal
from ohmyagent.runner import websocket
from ohmyagent.runner.websocket import BrokenProtocol, Closed, Data, Empty, Frames, Ping, Rejected

CHUNK = 1 << 16
CONNECT_SECONDS = 20.0
MOST_TO_SAY = 1 << 18
REFUSED = (400, 403, 429, 502)


class Tunnel:
    """Dials for one run; the service looks up itself what that may reach.

    The sandbox has the model token too, so the runner's proves that a connection came by the runner, which counts.
    """

    def __init__(self, egress_url: str, token: str, runner_token: str) -> None:
        self._url = egress_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Oma-Runner-Token": runner_token}

    def dial(self, host: str, port: int) -> socket.socket:
        """A socket that is connected to the host through the service.  Raises Refusal."""
        try:
            far, begun = websocket.connect(f"{self._url}/{host}/{port}", self._headers, CONNECT_SECONDS)
        except Rejected as rejected:
            reason = rejected.reason if rejected.status in REFUSED else ""
            raise Refusal(reason or "the egress service refused") from rejected
        except (BrokenProtocol, OSError) as error:
            raise Refusal("the egress service cannot be reached") from error
        ours, theirs = socket.socketpair()
        threading.Thread(target=Carriage(theirs, far).run, args=(begun,), name="tunnel", daemon=True).start()
        return ours


class Carriage:
    """One tunnel at work: plain bytes on the near side, frames on the far side.  One thread, as TLS demands."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self._near, self._far = near, far
        self._frames = Frames()
        self._to_near, self._to_far = bytearray(), bytearray()
        self._near_ended = self._far_ended = False
        self._closing = False

    def run(self, begun: bytes) -> None:
        """Until both directions have ended or one side broke; both sockets are closed."""
        with self._near, self._far, contextlib.suppress(OSError):
            self._near.setblocking(False)
            self._far.setblocking(False)
            self._hear(begun)
            while not self._done():
                self._wait()

    def _done(self) -> bool:
        """Move all that can be moved now; whether that was all."""
        while self._step():
            continue
        if self._near_ended and self._far_ended and not self._closing:
            self._close(websocket.NORMAL)
            return self._done()
        return self._closing and not self._to_far and not self._to_near

    def _step(self) -> bool:
        """Move what can be moved now; whether anything was."""
        moved = False
        for move in (self._write_far, self._write_near, self._read_near, self._read_far):
            with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                moved = move() or moved
        return moved

    def _write_far(self) -> bool:
        if self._to_far:
            del self._to_far[: self._far.send(self._to_far)]
            return True
        return False

    def _write_near(self) -> bool:
        if self._to_near:
            del self._to_near[: self._near.send(self._to_near)]
            return True
        if self._far_ended and self._near.fileno() >= 0:
            with contextlib.suppress(OSError):
                self._near.shutdown(socket.SHUT_WR)
        return False

    def _read_near(self) -> bool:
        if self._near_ended or self._to_far or self._closing:
            return False
        part = self._near.recv(CHUNK)
        self._near_ended = not part
        self._to_far += websocket.frame(websocket.BINARY, part)
        return True

    def _read_far(self) -> bool:
        if not self._may_hear:
            return False
        part = self._far.recv(CHUNK)
        if not part:
            raise OSError("the egress service went away")
        self._hear(part)
        return True

    def _hear(self, part: bytes) -> None:
        try:
            for event in self._frames.feed(part):
                self._take(event)
        except BrokenProtocol as broken:
            self._close(broken.code)

    def _take(self, event: websocket.Event) -> None:
        if isinstance(event, Data) and not self._far_ended:
            self._to_near += event.payload
        elif isinstance(event, Ping):
            self._to_far += websocket.frame(websocket.PONG, event.payload)
        elif isinstance(event, Empty):
            self._far_ended = True
        elif isinstance(event, Closed):
            self._close(websocket.NORMAL)

    def _close(self, code: int) -> None:
        """Say so, once; what the agent was sent before is still delivered."""
        if not self._closing:
            self._closing = self._near_ended = self._far_ended = True
            self._to_far += websocket.close_frame(code)

    def _wait(self) -> None:
        poll = select.poll()
        for end, wants in self._interests():
            poll.register(end, wants)
        poll.poll()

    def _interests(self) -> Iterator[tuple[socket.socket, int]]:
        near = (select.POLLOUT if self._to_near else 0) | (0 if self._near_ended or self._to_far else select.POLLIN)
        far = (select.POLLOUT if self._to_far else 0) | (select.POLLIN if self._may_hear else 0)
        yield from ((end, wants) for end, wants in ((self._near, near), (self._far, far)) if wants)

    @property
    def _may_hear(self) -> bool:
        """What was heard is passed on first; answers to pings, too."""
        return not (self._to_near or self._closing or len(self._to_far) > MOST_TO_SAY)

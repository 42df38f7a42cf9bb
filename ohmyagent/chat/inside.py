"""The way to a gateway in the same process: the ASGI application is called, and no byte goes through a socket."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import structlog

from ohmyagent.chat.line import Body
from ohmyagent.gateway.answers import Message, Receive, Scope, Send
from ohmyagent.gateway.connection import HELD, Broken
from ohmyagent.gateway.waiting import Waiter

log = structlog.get_logger()

GRACE_SECONDS = 3.0
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Inside(httpx2.AsyncBaseTransport):
    """Calls an ASGI application.  A call that was left goes on until the application ends it, as with a server."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._calls: set[asyncio.Task[None]] = set()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        seconds = request.extensions["timeout"]["read"]
        call = _Call(await request.aread())
        task = asyncio.create_task(call.run(self._application, _scope(request)))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        try:
            async with asyncio.timeout(seconds):
                await call.headed()
        except TimeoutError as error:
            call.leave()
            raise httpx2.ReadTimeout("The gateway did not answer in time.") from error
        except Broken as error:
            raise httpx2.RemoteProtocolError(str(error)) from error
        except asyncio.CancelledError:
            call.leave()
            raise
        return httpx2.Response(
            call.status, headers=call.headers, stream=Body(call.piece, call.leave, seconds), request=request
        )

    async def aclose(self) -> None:
        """Calls that were left have a few seconds to end by themselves."""
        if self._calls:
            _, late = await asyncio.wait(self._calls, timeout=GRACE_SECONDS)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)


class _Call(Waiter):
    """One request to an application, and its answer as it comes."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._body: bytes | None = body
        self._pieces: list[bytes] = []
        self._held = 0
        self._ended = False
        self._broken = False
        self._left = asyncio.Event()
        self._room: asyncio.Event | None = None

    async def run(self, application: Application, scope: Scope) -> None:
        try:
            await application(scope, self._receive, self._send)
        except Exception as error:  # as a server would: the one call has failed
            log.error("A model call failed", error=type(error).__name__)
        finally:
            self._broken = not self._ended
            self._wake()

    async def headed(self) -> None:
        """Returns when the answer has begun; raises Broken."""
        while not self.status:
            if self._broken:
                raise Broken("no answer")
            await self._more()

    async def piece(self) -> bytes:
        """What has come of the body; nothing at its end.  Raises Broken when it ends before it should."""
        while not self._pieces:
            if self._ended:
                return b""
            if self._broken:
                raise Broken("the answer broke off")
            await self._more()
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces, self._held = [], 0
        self._make_room()
        return data

    def leave(self) -> None:
        """Nobody reads on."""
        self._left.set()
        self._make_room()

    def _make_room(self) -> None:
        if self._room is not None:
            self._room.set()
            self._room = None

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        while self._held > HELD and not self._left.is_set():
            self._room = self._room or asyncio.Event()  # a ping may wait beside a piece
            await self._room.wait()
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        else:
            self._ended = not message.get("more_body", False)
            if (body := message.get("body")) and not self._left.is_set():
                self._pieces.append(body)
                self._held += len(body)
        self._wake()


def _scope(request: httpx2.Request) -> dict[str, Any]:
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "method": request.method, "scheme": request.url.scheme, "root_path": "", "path": request.url.path,
        "raw_path": request.url.raw_path.partition(b"?")[0], "query_string": request.url.query, "client": None,
        "server": None, "headers": [(name.lower(), value) for name, value in request.headers.raw],
    }  # fmt: skip

"""The way to the gateway for the SDK's client: the gateway's own HTTP/1.1 client under it.

The SDK's usual one takes half of a word's CPU (docs/decisions/2026-11-20-the-chats-line-to-the-gateway.md).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2

from ohmyagent.gateway.connection import Broken, Unreachable
from ohmyagent.gateway.limits import Limits
from ohmyagent.gateway.wire import Wire

MOST_CALLS = 1024
WRITTEN_BY_WIRE = {"host", "content-length", "connection", "transfer-encoding", "accept-encoding"}


class Line(httpx2.AsyncBaseTransport):
    """Sends POST requests; the time limits `connect` and `read` of a request hold."""

    def __init__(self) -> None:
        self._wires: dict[float, Wire] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        limits = request.extensions["timeout"]
        headers = request.headers.items()
        lines = [f"{name}: {value}\r\n".encode() for name, value in headers if name not in WRITTEN_BY_WIRE]
        body = await request.aread()
        try:
            async with asyncio.timeout(limits["read"]):
                response = await self._wire(limits["connect"]).post(str(request.url), body, lines)
        except TimeoutError as error:
            raise httpx2.ReadTimeout("The gateway did not answer in time.") from error
        except Unreachable as error:
            raise httpx2.ConnectError(str(error)) from error
        except Broken as error:
            raise httpx2.RemoteProtocolError(str(error)) from error
        stream = Body(response.piece, response.close, limits["read"])
        return httpx2.Response(response.status, headers=response.headers, stream=stream, request=request)

    async def aclose(self) -> None:
        for wire in self._wires.values():
            await wire.aclose()

    def _wire(self, connect: float) -> Wire:
        if connect not in self._wires:
            self._wires[connect] = Wire(Limits(connect=connect, connections=MOST_CALLS))
        return self._wires[connect]


class Body(httpx2.AsyncByteStream):
    """What was read before a connection broke still comes, and then the error."""

    def __init__(self, piece: Callable[[], Awaitable[bytes]], close: Callable[[], None], silence: float) -> None:
        self._piece = piece
        self._close = close
        self._silence = silence

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while piece := await self._next():
                yield piece
        except Broken as error:
            raise httpx2.ReadError(str(error)) from error

    async def aclose(self) -> None:
        self._close()

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(self._silence):
                return await self._piece()
        except TimeoutError as error:
            raise httpx2.ReadTimeout("The gateway was silent for too long.") from error

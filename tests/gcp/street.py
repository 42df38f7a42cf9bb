"""One address for every service, `http://127.0.0.1:port/NAME/…`, leading to processes; faults happen on the way."""

import asyncio
import threading
from collections import Counter
from collections.abc import Collection
from typing import Any

from aiohttp import ClientSession, ClientTimeout, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError, web

from tests.googleapi.identity import by_cloud_run

HOP = {"host", "transfer-encoding", "connection", "content-length", "content-encoding"}


class Street:
    """`lose` holds how many answers of a service are lost after it did what it was asked.

    The processes listen at `host`.  With `only`, other services than these are not to be found here.
    """

    def __init__(
        self, host: str = "127.0.0.1", ports: dict[str, int] | None = None, only: Collection[str] = ()
    ) -> None:
        self.host, self._only = host, only
        self.ports: dict[str, int] = {} if ports is None else ports
        self.lose: Counter[str] = Counter()
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        """(service, path, headers) of every request."""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.port = 0

    @property
    def pattern(self) -> str:
        return f"http://127.0.0.1:{self.port}/{{name}}"

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(20)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)

    def _run(self) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._open())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._close())
        self._loop.close()

    async def _open(self) -> None:
        self._session = ClientSession(timeout=ClientTimeout(total=120), auto_decompress=False)
        application = web.Application(client_max_size=2**30)
        application.router.add_route("*", "/{service}/{path:.*}", self._forward)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _close(self) -> None:
        await self._session.close()
        await self._runner.cleanup()

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        service, path = request.match_info["service"], request.match_info["path"]
        self.seen.append((service, f"/{path}", dict(request.headers)))
        if self._only and service not in self._only:
            return web.Response(status=404)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
        if path.startswith("internal/"):
            headers["Authorization"] = by_cloud_run(headers.get("Authorization", ""))
        url = f"http://{self.host}:{self.ports[service]}/{path}?{request.query_string}".removesuffix("?")
        try:
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await self._carry(request, url, headers)
            body = await request.read()
            async with self._session.request(request.method, url, data=body, headers=headers) as answer:
                if self.lose[service] > 0:
                    self.lose[service] -= 1
                    await answer.read()
                    return web.Response(status=504)
                kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP}
                response = web.StreamResponse(status=answer.status, headers=kept)
                await response.prepare(request)
                async for part in answer.content.iter_any():
                    await response.write(part)
                await response.write_eof()
                return response
        except OSError:
            return web.Response(status=503)

    async def _carry(self, request: web.Request, url: str, headers: dict[str, str]) -> web.StreamResponse:
        """A WebSocket, message by message; what refuses the handshake is passed on."""
        told = {name: value for name, value in headers.items() if not name.lower().startswith(("sec-", "upgrade"))}
        try:
            far = await self._session.ws_connect(url, headers=told, max_msg_size=0)
        except WSServerHandshakeError as error:
            return web.Response(status=error.status)
        near = web.WebSocketResponse(max_msg_size=0, compress=False)
        await near.prepare(request)
        away = asyncio.create_task(_passed(near, far))
        await _passed(far, near)
        await away
        return near


async def _passed(one: web.WebSocketResponse | ClientWebSocketResponse, other: Any) -> None:
    async for message in one:
        if message.type is not WSMsgType.BINARY or other.closed:
            break
        await other.send_bytes(message.data)
    await other.close()

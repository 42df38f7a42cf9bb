"""One address for every service, `http://127.0.0.1:port/NAME/…`, leading to processes; faults happen on the way."""

import asyncio
import threading
from collections import Counter

from aiohttp import ClientSession, ClientTimeout, web

HOP = {"host", "transfer-encoding", "connection", "content-length", "content-encoding"}


class Street:
    """`lose` holds how many answers of a service are lost after it did what it was asked."""

    def __init__(self) -> None:
        self.ports: dict[str, int] = {}
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
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
        url = f"http://127.0.0.1:{self.ports[service]}/{path}?{request.query_string}".removesuffix("?")
        body = await request.read()
        try:
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

"""The upstream's side: one pooled HTTP client for all upstreams."""

from collections.abc import Mapping

import aiohttp
from yarl import URL

from ohmyagent.gateway.limits import Limits


class Wire:
    """Made on first use, because a client belongs to the event loop it was made in."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._session: aiohttp.ClientSession | None = None
        self._urls: dict[str, URL] = {}

    async def post(self, address: str, body: bytes, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        """The head of the answer; redirects are not followed, cookies not kept, no proxy or netrc of the host used."""
        url = self._urls.get(address)
        if url is None:
            url = self._urls[address] = URL(address)
        return await self._client().post(url, data=body, headers=headers, allow_redirects=False)

    async def aclose(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            limits = self._limits
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=limits.connections, keepalive_timeout=30),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, connect=limits.connect, sock_connect=limits.connect),
            )
        return self._session

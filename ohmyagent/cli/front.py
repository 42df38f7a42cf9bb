"""Which part of the platform answers which path, on the two ports of one machine."""

import asyncio
import re
from types import TracebackType
from typing import Self

from starlette.types import ASGIApp, Receive, Scope, Send

from ohmyagent import http, wiring
from ohmyagent.chat.service import Chat
from ohmyagent.cli.meters import Meters
from ohmyagent.cli.site import Site
from ohmyagent.demo import demo_app
from ohmyagent.gateway.app import Gateway
from ohmyagent.gateway.dialling import Dialler
from ohmyagent.http.bridge import asgi
from ohmyagent.http.guards import AsgiGuard
from ohmyagent.http.origins import HostGuard

API_THREADS = 8
STREAMS = re.compile(r"/api/(?:(?:executions/[^/]+|updates|conversations/[^/]+)/stream|conversation)\Z|/ws/[^/]+\Z")
FUNCTIONS = re.compile(r"/(?:api/|runner/|health\Z|config\.json\Z)")


class Front:
    """`main` is the platform's port, `gateway` the one that sandboxes are connected to."""

    def __init__(
        self,
        app: wiring.Local,
        dialler: Dialler | None = None,
        meters: Meters | None = None,
        *,
        inside: bool = True,
    ) -> None:
        """`inside`: the chat asks the gateway of this process, else the one at the program's address."""
        self._gateway = Gateway.of(app, dialler=dialler)
        self._chat = Chat(app, gateway=self.gateway if inside else None)
        self._hushed = False
        self._routes: list[tuple[re.Pattern[str], ASGIApp]] = [
            (STREAMS, self._chat),
            (re.compile(r"/metrics\Z"), meters or Meters(app)),
            (FUNCTIONS, asgi(http.build(app), API_THREADS)),
            (re.compile(r"/demo-model/"), demo_app),
        ]
        self._site = Site(google=app.settings.google_client_id is not None)
        self.main: ASGIApp = HostGuard(AsgiGuard(self._main, app), app.settings.public_url)

    async def _main(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        answer = next((answer for pattern, answer in self._routes if pattern.match(path)), self._site)
        await answer(scope, receive, send)

    async def gateway(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._gateway(scope, receive, send)
        except asyncio.CancelledError:
            # an answer that was given up is still being read to its end, for the bill; the server waits no longer
            if not self._hushed:
                raise

    async def __aenter__(self) -> Self:
        await self._gateway.start()
        await self._chat.start()
        return self

    async def hush(self) -> None:
        """Before anything else stops: answers under way are left for the next start, and their readers sent away."""
        self._hushed = True
        await self._chat.stop()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._gateway.stop()

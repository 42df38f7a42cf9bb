"""The streaming service: everything that is sent as it happens, and the turns that this process answers."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from ohmyagent import __version__
from ohmyagent.chat.agents import AgentAnswerer
from ohmyagent.chat.answers import refuse, refuse_by_framework
from ohmyagent.chat.engine import Engine
from ohmyagent.chat.guests import CHECK_SECONDS, Guests
from ohmyagent.chat.pacing import Window
from ohmyagent.chat.running import Run, inline
from ohmyagent.chat.sockets import Sockets
from ohmyagent.chat.streams import ExecutionStreams
from ohmyagent.chat.talk import Talk
from ohmyagent.chat.updates import Updates
from ohmyagent.designer.answering import Designer
from ohmyagent.designer.model import Model
from ohmyagent.domain.conversations import Mode
from ohmyagent.domain.costs import ModelTable
from ohmyagent.domain.errors import Problem
from ohmyagent.domain.runner import Pace
from ohmyagent.ports import Files, Queue, Store
from ohmyagent.settings import Settings
from ohmyagent.use_cases.talking import Answerer

if TYPE_CHECKING:
    import httpx2

    from ohmyagent.chat.inside import Application

log = structlog.get_logger()

ASKED = ["Authorization", "Content-Type", "Accept", "Accept-Language", "Last-Event-ID", "X-Request-Id"]


class Platform(Protocol):
    """The parts of the program that the service uses."""

    @property
    def settings(self) -> Settings: ...
    @property
    def store(self) -> Store: ...
    @property
    def files(self) -> Files: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def pace(self) -> Pace: ...
    @property
    def models(self) -> ModelTable: ...
    @property
    def gateway_url(self) -> str: ...
    @property
    def now(self) -> Callable[[], datetime]: ...


class Chat:
    """ASGI.  Alone it lives by its lifespan; mounted elsewhere, that application calls `start` and `stop`."""

    def __init__(
        self,
        platform: Platform,
        answerers: Mapping[Mode, Answerer] | None = None,
        run: Run = inline,
        *,
        gateway: "Application | None" = None,
    ) -> None:
        """`gateway` is the one in this process, if there is one: its calls then need no socket."""
        window = Window()
        self._model = Model(platform.gateway_url, http=partial(_client, gateway), rest=lambda: window.seconds)
        self.engine = Engine(platform, answerers or _answerers(platform, self._model, run), run, window=window)
        self.guests = Guests(run)
        self._checking: asyncio.Task[None] | None = None
        talk = Talk(platform, self.engine, self.guests, run)
        updates = Updates(platform, self.guests, run)
        self.routes = [
            Route("/api/executions/{id}/stream", ExecutionStreams(platform, run).stream, methods=["GET"]),
            Route("/api/conversation", talk.say, methods=["POST"]),
            Route("/api/conversations/{id}/stream", talk.stream, methods=["GET"]),
            Route("/api/updates/stream", updates.stream, methods=["GET"]),
            WebSocketRoute("/ws/{ticket}", Sockets(platform, self.engine, self.guests, run).serve),
            Route("/health", self._health, methods=["GET"]),
        ]
        # where the service has an origin of its own, the page's fetches come from another one
        page = Middleware(
            CORSMiddleware, allow_origins=[platform.settings.public_url], allow_methods=["GET", "POST"],
            allow_headers=ASKED, expose_headers=["X-Request-Id"], max_age=3600,
        )  # fmt: skip
        self._service = Starlette(routes=self.routes, middleware=[page])
        self._service.add_exception_handler(Problem, refuse)
        self._service.add_exception_handler(HTTPException, refuse_by_framework)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._service(scope, receive, send)

    async def start(self) -> None:
        await self.engine.start()
        self._checking = asyncio.create_task(self._check())

    async def stop(self) -> None:
        """Readers are sent away and come back elsewhere; turns under way go to the next process."""
        if self._checking is not None:
            self._checking.cancel()
        await self.engine.stop()
        self.guests.dismiss()
        await self._model.aclose()

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            await self.guests.check()

    async def _health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "version": __version__, "connections": len(self.guests)})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.stop()
                return await send({"type": "lifespan.shutdown.complete"})


def _answerers(platform: Platform, model: Model, run: Run) -> dict[Mode, Answerer]:
    designer = Designer(platform.store, platform.models, model, platform.now)
    return {Mode.DESIGN: designer, Mode.AGENT: AgentAnswerer(platform, run)}


def _client(gateway: "Application | None") -> "httpx2.AsyncClient":
    """For the model's calls.  What it needs is imported with the SDK, at the first of them."""
    import httpx2

    from ohmyagent.chat.inside import Inside
    from ohmyagent.chat.line import Line

    return httpx2.AsyncClient(transport=Inside(gateway) if gateway else Line())

"""The model gateway: an ASGI application that passes calls of the Messages API on, and meters them."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

import structlog

from ohmyagent import __version__, logs
from ohmyagent.domain.costs import Model, ModelTable
from ohmyagent.domain.errors import Forbidden, NotFound, Problem
from ohmyagent.gateway import headers
from ohmyagent.gateway.answers import POUR, Receive, Scope, Send, answer, problem_answer
from ohmyagent.gateway.client import Client
from ohmyagent.gateway.dialling import Dialler
from ohmyagent.gateway.exchange import Exchange, Route
from ohmyagent.gateway.forward import PATH as FORWARD
from ohmyagent.gateway.forward import Forward, Trust
from ohmyagent.gateway.limits import Limits
from ohmyagent.gateway.pace import Pace
from ohmyagent.gateway.patience import Attendance
from ohmyagent.gateway.reception import ClientGone, read_body
from ohmyagent.gateway.request import Request, count_request, message_request
from ohmyagent.gateway.till import Run, Till
from ohmyagent.gateway.upstreams import Upstream
from ohmyagent.gateway.wire import Wire
from ohmyagent.ports import Store, Vault
from ohmyagent.use_cases import metering
from ohmyagent.use_cases.metering import Call

MESSAGES = "/v1/messages"
COUNT = "/v1/messages/count_tokens"


class Program(Protocol):
    """What the gateway needs of the whole."""

    @property
    def store(self) -> Store: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def models(self) -> ModelTable: ...
    @property
    def upstreams(self) -> Mapping[str, Upstream]: ...
    @property
    def now(self) -> Callable[[], datetime]: ...


class Gateway:
    """Works under any prefix.  Alone it is a service; mounted elsewhere, that application calls `stop` at its end."""

    def __init__(
        self,
        store: Store,
        models: ModelTable,
        upstreams: Mapping[str, Upstream],
        now: Callable[[], datetime],
        *,
        vault: Vault | None = None,
        dialler: Dialler | None = None,
        limits: Limits | None = None,
        run: Run | None = None,
    ) -> None:
        """`run` None: the store is so fast that it is called on the event loop.  `vault` None: nothing is forwarded."""
        self._limits = limits or Limits()
        self._models = models
        self._upstreams = upstreams
        self._now = now
        self._till = Till(store, run)
        self._wire = Wire(self._limits)
        self._pace = Pace(self._limits)
        self._attendance = Attendance(self._limits)
        self._forward = vault and Forward(Trust(store, vault, now, run), dialler or Dialler(), self._limits)

    @classmethod
    def of(
        cls, program: Program, *, dialler: Dialler | None = None, limits: Limits | None = None, run: Run | None = None
    ) -> "Gateway":
        """The gateway of a program that is put together."""
        return cls(
            program.store, program.models, program.upstreams, program.now,
            vault=program.vault, dialler=dialler, limits=limits, run=run,
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            return await self._respond(scope, receive, send)
        if scope["type"] == "lifespan":
            return await self._live(receive, send)
        await send({"type": "websocket.close", "code": 1008})
        return None

    async def start(self) -> None:
        """Connect nothing: the client is made in the loop of the first call."""

    async def stop(self) -> None:
        """Wait for settlements under way, then close the connections to the upstreams."""
        await self._till.aclose()
        await self._wire.aclose()

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        structlog.contextvars.bind_contextvars(trace=logs.trace_of(_traceparent(scope)))
        try:
            path = str(scope["path"])
            if path.endswith("/health") and scope["method"] in ("GET", "HEAD"):
                return await self._health(send)
            if path.endswith(FORWARD) and scope["method"] == "POST" and self._forward:
                return await self._forward.respond(scope, receive, send)
            if not path.endswith((MESSAGES, COUNT)) or scope["method"] != "POST":
                raise NotFound(f"The gateway has POST {MESSAGES} and POST {COUNT}.")
            await self._call(scope, receive, send, counting=path.endswith(COUNT))
        except ClientGone:
            return None
        except Problem as problem:
            await answer(send, *problem_answer(problem))

    async def _call(self, scope: Scope, receive: Receive, send: Send, *, counting: bool) -> None:
        asked = headers.asked(scope["headers"], self._limits.header_bytes)
        ledger_id = metering.ledger_of(asked.token)
        if self._pace.crowded:
            await self._till.live(asked.token, self._now())
        self._pace.enter(ledger_id)
        patience = self._attendance.enter()
        limits, weight = self._limits, 0

        async def weigh(size: int) -> None:
            nonlocal weight
            await self._till.live(asked.token, self._now())
            self._pace.weigh(ledger_id, size)
            weight = size

        try:
            body = await read_body(receive, asked.length, limits.request_bytes, patience, limits.large_bytes, weigh)
            request = count_request(body) if counting else message_request(body)
            model = self._model(request.model)
            call = await self._admitted(asked.token, model, request, counting)
            route = Route(self._upstreams[model.upstream], _path(scope, counting), model)
            client = Client(receive, send, limits, patience, scope.get("extensions", {}).get(POUR))
            await Exchange(self._till, limits, route, request, call).run(self._wire, asked, client, patience)
        finally:
            self._attendance.leave(patience)
            self._pace.leave(ledger_id, weight)

    async def _admitted(self, token: str, model: Model, request: Request, counting: bool) -> Call | None:
        """The reservation, or None for what costs nothing; raises Forbidden and BudgetExceeded."""
        if counting:
            await self._till.check(token, model, self._now())
            return None
        return await self._till.reserve(
            token, model, request.text_bytes, request.max_tokens, request.extent.searches, self._now(),
            unseen=request.extent.unseen,
        )  # fmt: skip

    def _model(self, name: str) -> Model:
        """Unknown is 403, like not allowed: nobody learns which there are, and the CLI would retry a 404."""
        model = self._models.find(name)
        if model is None:
            raise Forbidden("This model is not part of the plan.")
        return model

    async def _health(self, send: Send) -> None:
        problem = await self._till.trouble()
        checks = {"store": problem or "ok"}
        body = {"status": "failing" if problem else "ok", "version": __version__, "checks": checks}
        await answer(send, 503 if problem else 200, [(b"content-type", b"application/json")], json.dumps(body).encode())

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.stop()
                return await send({"type": "lifespan.shutdown.complete"})


def _traceparent(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            return str(value, "latin-1")
    return None


def _path(scope: Scope, counting: bool) -> str:
    """The path upstream; of the query only `beta=true` means something there."""
    beta = b"beta=true" in scope["query_string"].split(b"&")
    return (COUNT if counting else MESSAGES) + ("?beta=true" if beta else "")

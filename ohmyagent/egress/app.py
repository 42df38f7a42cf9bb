"""The way to the web for runners that have no route to it: one WebSocket for each connection.

It has no role and no secret.  What may be reached is looked up here and checked here, whatever the runner thinks.
"""

import asyncio
import contextlib
import json
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Protocol

from ohmyagent import __version__
from ohmyagent.domain.errors import Problem
from ohmyagent.egress.call import Call
from ohmyagent.egress.carriage import carry
from ohmyagent.egress.messages import Receive, Scope, Send, refuse
from ohmyagent.egress.passages import Passages
from ohmyagent.ports import Store
from ohmyagent.reach import Policy, PolicyOf, Refusal
from ohmyagent.runner.passage import Passage

PATIENCE_SECONDS = 10.0
CONNECTIONS = 512
"""At once, of all runs; each has a thread while it lasts."""


class Program(Protocol):
    """What the service needs of the whole."""

    @property
    def store(self) -> Store: ...
    @property
    def now(self) -> Callable[[], datetime]: ...


class Egress:
    """Works under any prefix: `WS …/egress/{host}/{port}` and `GET …/health`."""

    def __init__(self, store: Store, now: Callable[[], datetime], policy_of: PolicyOf = Policy) -> None:
        self._passages = Passages(store, now, policy_of)
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="egress")
        self._open = 0

    @classmethod
    def of(cls, program: Program) -> "Egress":
        """The service of a program that is put together."""
        return cls(program.store, program.now)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        elif scope["type"] == "http":
            await _health(scope, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        try:
            call = Call.of(scope)
            if self._open >= CONNECTIONS:
                raise Refusal("the egress service is busy")
            self._open += 1
        except Refusal as refusal:
            return await refuse(send, 403, str(refusal))
        try:
            await self._serve(call, receive, send)
        finally:
            self._open -= 1

    async def _serve(self, call: Call, receive: Receive, send: Send) -> None:
        try:
            passage = await asyncio.to_thread(self._passages.of, call)
        except Problem as problem:
            return await refuse(send, 403, str(problem))
        try:
            with passage.admitted():
                dialling = asyncio.get_running_loop().run_in_executor(self._threads, passage.dial, call.host, call.port)
                far = await dialling
                await self._tunnel(passage, far, call, receive, send)
        except Refusal as refusal:
            passage.record(call.host, call.port, str(refusal))
            await refuse(send, 403, str(refusal))

    async def _tunnel(self, passage: Passage, far: socket.socket, call: Call, receive: Receive, send: Send) -> None:
        """The check of the first bytes and the copying are the runner's own code, in a thread."""
        await send({"type": "websocket.accept"})
        ours, theirs = socket.socketpair()
        theirs.settimeout(PATIENCE_SECONDS)
        loop = asyncio.get_running_loop()
        at_work = loop.run_in_executor(self._threads, passage.tunnel, theirs, far, call.host, call.port)
        try:
            await carry(ours, at_work, receive, send)
        finally:
            with contextlib.suppress(OSError):
                far.shutdown(socket.SHUT_RDWR)
            await asyncio.shield(at_work)

    async def _live(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        self._threads.shutdown(wait=False)
        await send({"type": "lifespan.shutdown.complete"})


async def _health(scope: Scope, send: Send) -> None:
    found = str(scope["path"]).endswith("/health") and scope["method"] in ("GET", "HEAD")
    body = {"status": "ok", "version": __version__} if found else {"status": 404, "title": "Not found"}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200 if found else 404, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})

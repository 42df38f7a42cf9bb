"""The edge in front of what answers: as ASGI for one machine and the streaming services, as WSGI for the functions."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import structlog

from ohmyagent.domain.blocks import Offence
from ohmyagent.domain.errors import Problem, TooLarge
from ohmyagent.http import credentials, problems
from ohmyagent.http.edge import Asked, Edge, Platform, kind_of
from ohmyagent.http.language import language_of
from ohmyagent.http.origins import Application, Receive, Scope, Send
from ohmyagent.http.policy import SECURITY_HEADERS, request_id_of

log = structlog.get_logger()

REQUEST_ID = b"x-request-id"
HSTS = "max-age=31536000; includeSubDomains"
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
TAKEN = "Authorization, Content-Type, Accept-Language, Idempotency-Key, If-Match, Last-Event-ID, X-Request-Id"
SHOWN = "ETag, Retry-After, X-Request-Id"
Headers = list[tuple[str, str]]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Guard:
    """What both forms have in common: `added` to every answer, `refused`, and preflights."""

    def __init__(self, platform: Platform) -> None:
        self.edge = Edge(platform)
        self._origins = frozenset(platform.settings.cors_origins)
        self._secure = urlsplit(platform.settings.public_url).scheme == "https"

    def added(self, path: str, origin: str | None, request_id: str) -> Headers:
        """Headers of every answer, unless it has them."""
        found: Headers = [("X-Request-Id", request_id)]
        if self._secure:
            found.append(("Strict-Transport-Security", HSTS))
        if self._origins and path.startswith("/api/"):
            found.append(("Vary", "Origin"))
            if origin in self._origins:
                found += [("Access-Control-Allow-Origin", str(origin)), ("Access-Control-Expose-Headers", SHOWN)]
        return found

    def preflight(self, method: str, path: str, origin: str | None, wanted: str | None) -> Headers | None:
        """The headers that allow what a page of a configured origin asks for; None when it is no such question."""
        if method != "OPTIONS" or wanted is None or origin not in self._origins or not path.startswith("/api/"):
            return None
        return [
            ("Access-Control-Allow-Methods", METHODS),
            ("Access-Control-Allow-Headers", TAKEN),
            ("Access-Control-Max-Age", "600"),
        ]

    @staticmethod
    def refused(
        problem: Problem, asked: Asked, asked_language: str | None, request_id: str
    ) -> tuple[int, bytes, Headers]:
        """The answer, and a line in the log that names neither address nor path."""
        kind = kind_of(asked.method, asked.path)
        log.info("refused", method=asked.method[:10], kind=kind.value, code=problem.code, request_id=request_id)
        body = problems.document_of(problem, language_of(asked_language), request_id)
        headers = {**SECURITY_HEADERS, **problems.headers_of(problem), "Content-Type": problems.MEDIA_TYPE}
        status = 431 if isinstance(problem, TooLarge) else problems.status_of(problem)
        return status, body, [*headers.items(), ("Content-Length", str(len(body)))]


def credential_of(authorization: str | None, cookie: str | None) -> str | None:
    """What tells sessions apart, well formed or not."""
    if authorization is not None:
        return authorization[:1_000]
    for part in (cookie or "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == credentials.COOKIE:
            return value[:1_000]
    return None


class AsgiGuard(Guard):
    """ASGI.  Looks for blocks and makes them in threads of their own, so that no request waits for the store."""

    def __init__(self, application: Application, platform: Platform) -> None:
        super().__init__(platform)
        self._application = application
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._application(scope, receive, send)
            return
        headers = _Fields(scope["headers"])
        request_id = request_id_of(headers.one(REQUEST_ID))
        scope["headers"] = [*(h for h in scope["headers"] if h[0] != REQUEST_ID), (REQUEST_ID, request_id.encode())]
        asked = _asked(scope, headers)
        if self.edge.is_stale(asked):
            self._aside(self.edge.look)
        guarded = _Answer(self, asked, send, self.added(asked.path, headers.one(b"origin"), request_id))
        wanted = headers.one(b"access-control-request-method")
        preflight = self.preflight(asked.method, asked.path, headers.one(b"origin"), wanted)
        try:
            self.edge.admit(asked)
        except Problem as problem:
            refused = self.refused(problem, asked, headers.one(b"accept-language"), request_id)
            await guarded.refuse(scope, *refused)
            return
        if preflight is not None:
            await guarded.refuse(scope, 204, b"", preflight)
            return
        await self._application(scope, receive, guarded.send)

    def note(self, asked: Asked, status: int) -> None:
        offence = self.edge.answered(asked, status)
        if offence is not None:
            self._aside(self.edge.block, asked, offence)

    def _aside(self, work: Callable[..., None], *of: Asked | Offence) -> None:
        task = asyncio.ensure_future(asyncio.to_thread(work, *of))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Answer:
    """One answer on its way out."""

    def __init__(self, guard: AsgiGuard, asked: Asked, send: Send, added: Headers) -> None:
        self._guard, self._asked, self._send = guard, asked, send
        self._added = [(name.lower().encode(), value.encode()) for name, value in added]

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._guard.note(self._asked, message["status"])
            present = {name.lower() for name, _ in message.get("headers", [])}
            missing = [(name, value) for name, value in self._added if name == b"vary" or name not in present]
            message = {**message, "headers": [*message.get("headers", []), *missing]}
        await self._send(message)

    async def refuse(self, scope: Scope, status: int, body: bytes, headers: Headers) -> None:
        if scope["type"] == "websocket":
            self._guard.note(self._asked, status)
            await self._send({"type": "websocket.close", "code": 1013})
            return
        raw = [(name.lower().encode(), value.encode()) for name, value in headers]
        await self.send({"type": "http.response.start", "status": status, "headers": raw})
        await self._send({"type": "http.response.body", "body": body})


class _Fields:
    """The headers of a request."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self.raw = list(raw)

    def all(self, name: bytes) -> list[str]:
        return [value.decode("latin-1") for key, value in self.raw if key == name]

    def one(self, name: bytes) -> str | None:
        found = self.all(name)
        return found[0] if found else None


def _asked(scope: Scope, headers: _Fields) -> Asked:
    client = scope.get("client")
    return Asked(
        method=scope.get("method", "GET"),
        path=scope["path"],
        query_length=len(scope.get("query_string", b"")),
        peer=client[0] if client else None,
        forwarded=headers.all(b"x-forwarded-for"),
        credential=credential_of(headers.one(b"authorization"), headers.one(b"cookie")),
        headers=len(headers.raw),
        header_bytes=sum(len(name) + len(value) for name, value in headers.raw),
    )


class WsgiGuard(Guard):
    """WSGI, for the functions: it asks the store itself, once in a few seconds."""

    def __init__(self, application: Wsgi, platform: Platform) -> None:
        super().__init__(platform)
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request_id = request_id_of(environ.get("HTTP_X_REQUEST_ID"))
        environ["HTTP_X_REQUEST_ID"] = request_id
        asked, origin = _asked_of(environ), environ.get("HTTP_ORIGIN")
        added = self.added(asked.path, origin, request_id)
        if self.edge.is_stale(asked):
            self.edge.look()

        def start(status: str, headers: Headers, *more: Any) -> Any:
            offence = self.edge.answered(asked, int(status[:3]))
            if offence is not None:
                self.edge.block(asked, offence)
            present = {name.lower() for name, _ in headers}
            missing = [field for field in added if field[0] == "Vary" or field[0].lower() not in present]
            return start_response(status, [*headers, *missing], *more)

        wanted = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
        preflight = self.preflight(asked.method, asked.path, origin, wanted)
        try:
            self.edge.admit(asked)
        except Problem as problem:
            status, body, headers = self.refused(problem, asked, environ.get("HTTP_ACCEPT_LANGUAGE"), request_id)
            start(f"{status} Refused", headers)
            return [body]
        if preflight is not None:
            start("204 No Content", preflight)
            return []
        return self._application(environ, start)


def _asked_of(environ: dict[str, Any]) -> Asked:
    fields = {name: str(value) for name, value in environ.items() if name.startswith("HTTP_")}
    forwarded = fields.get("HTTP_X_FORWARDED_FOR")
    return Asked(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", "/"),
        query_length=len(environ.get("QUERY_STRING", "")),
        peer=environ.get("REMOTE_ADDR"),
        forwarded=[forwarded] if forwarded else [],
        credential=credential_of(fields.get("HTTP_AUTHORIZATION"), fields.get("HTTP_COOKIE")),
        headers=len(fields),
        header_bytes=sum(len(name) + len(value) for name, value in fields.items()),
    )

"""Whose page a request comes from, and by which name it came.  Knows no web framework."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from ohmyagent.domain.errors import Forbidden
from ohmyagent.http import problems
from ohmyagent.http.language import language_of

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def check_origin(origin: str | None, public_url: str, own_host: str) -> None:
    """Raises Forbidden unless the page that sent the request is our own.

    For what a cookie signs in and what may change something.  Browsers send Origin with all of these; without it
    (or with `null`) nobody vouches for the request.
    """
    public = urlsplit(public_url)
    ours = {f"{public.scheme}://{public.netloc}", f"https://{own_host}"}
    if public.scheme == "http" or host_name(own_host) in LOOPBACK:  # else whoever is on the way could write that page
        ours.add(f"http://{own_host}")
    if origin is None or origin.lower() not in {address.lower() for address in ours}:
        raise Forbidden("The request comes from another site.", korean="다른 사이트에서 온 요청입니다.")


class HostGuard:
    """ASGI: serves only requests to this machine's own names, so that no foreign name can be rebound to it.

    Refuses what the servers below could not take: a query that is not ASCII.
    """

    def __init__(self, application: Application, public_url: str) -> None:
        self._application = application
        self._names = LOOPBACK | {urlsplit(public_url).hostname}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
            if len(hosts) != 1 or host_name(hosts[0]) not in self._names:
                return await self._refuse(scope, send, 403)
            if not scope["query_string"].isascii():
                return await self._refuse(scope, send, 400)
        await self._application(scope, receive, send)
        return None

    async def _refuse(self, scope: Scope, send: Send, status: int) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        asked = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept-language"), None)
        body = problems.framework_document(status, language_of(asked), "-")
        headers = [(b"content-type", problems.MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(body))]
        headers += [(b"cache-control", b"private, no-store"), (b"x-content-type-options", b"nosniff")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def host_name(host: str) -> str | None:
    """The name in a Host header, without its port; None when there is none."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None

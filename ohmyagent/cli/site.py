"""The static page, served as Firebase Hosting would: headers and rewrites come from firebase.json."""

import fnmatch
import json
from functools import cached_property
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from ohmyagent.http.policy import with_google_button

ROOT = Path(__file__).resolve().parent.parent.parent
MISSING = "The page is not built. Run: make setup"


class Site:
    """ASGI.  Reads `hosting` of firebase.json: `public`, `headers`, and the rewrites that name a file.

    `google`: the page has Google's button, which its policy must let in.
    """

    def __init__(self, root: Path = ROOT, *, google: bool = False) -> None:
        hosting = json.loads((root / "firebase.json").read_text(encoding="utf-8"))["hosting"]
        self._public = root / hosting["public"]
        self._headers = [(rule["source"], rule["headers"]) for rule in hosting.get("headers", [])]
        self._google = google
        self._files = {rule["source"]: rule["destination"] for rule in hosting["rewrites"] if "destination" in rule}

    @cached_property
    def _static(self) -> Starlette:
        return Starlette(routes=[Mount("/", StaticFiles(directory=self._public, html=True))])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = self._files.get(scope["path"], scope["path"])
        if not (self._public / "index.html").is_file():
            await PlainTextResponse(MISSING, 503)(scope, receive, send)
            return
        headers = self._headers_of(scope["path"])

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                named = {name for name, _ in headers}
                kept = [pair for pair in message["headers"] if pair[0] not in named]
                message = dict(message) | {"headers": kept + headers}
            await send(message)

        await self._static(dict(scope) | {"path": path, "root_path": ""}, receive, with_headers)

    def _headers_of(self, path: str) -> list[tuple[bytes, bytes]]:
        found: dict[bytes, bytes] = {}
        for source, headers in self._headers:
            if fnmatch.fnmatchcase(path, source.replace("**", "*")):
                found |= {h["key"].lower().encode(): self._value(h["key"], h["value"]) for h in headers}
        return list(found.items())

    def _value(self, name: str, value: str) -> bytes:
        return (with_google_button(name, value) if self._google else value).encode()

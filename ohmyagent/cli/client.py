"""The platform's HTTP API for the command, on the standard library alone: a command starts in a blink."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

from ohmyagent.cli.place import Place
from ohmyagent.cli.problems import Refused, Unreachable

TIMEOUT_SECONDS = 30
PATIENCE = 5
"""How often a request is repeated that was refused for its pace."""
LONGEST_PAUSE = 10.0

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What came back, whatever it says."""

    status: int
    body: bytes
    retry_after: float | None

    def json(self) -> Json:
        try:
            document = json.loads(self.body)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}


class Client:
    """Speaks for one user.  `find` is asked for the place again for each request: a restart may have moved it."""

    def __init__(self, find: Callable[[], Place], language: str) -> None:
        self._find = find
        self._language = language

    def get(self, path: str, **query: object) -> Json:
        known = {name: value for name, value in query.items() if value is not None}
        return self._asked("GET", f"{path}?{urlencode(known)}" if known else path).json()

    def items(self, path: str, most: int, **query: object) -> Iterator[Json]:
        """The entries of a list, page by page, up to `most`."""
        cursor = None
        while most > 0:
            page = self.get(path, limit=min(most, 100), cursor=cursor, **query)
            yield from page["items"]
            most -= len(page["items"])
            cursor = page["nextCursor"]
            if cursor is None:
                return

    def post(self, path: str, body: Json | None = None) -> Json:
        """Create or act, once: a repetition carries the same Idempotency-Key."""
        encoded = json.dumps(body or {}).encode()
        return self._asked("POST", path, encoded, "application/json", {"Idempotency-Key": str(uuid4())}).json()

    def patch(self, path: str, body: Json) -> Json:
        return self._asked("PATCH", path, json.dumps(body).encode(), "application/json").json()

    def text(self, path: str) -> str:
        return self._asked("GET", path).body.decode("utf-8")

    def send_text(self, method: str, path: str, text: str, headers: dict[str, str] | None = None) -> Json:
        """Send an agent file."""
        return self._asked(method, path, text.encode("utf-8"), "text/markdown; charset=utf-8", headers).json()

    def _asked(
        self, method: str, path: str, body: bytes | None = None, kind: str = "", more: dict[str, str] | None = None
    ) -> Answer:
        """Raises Refused, Unreachable, NotRunning.  A refusal for the pace is waited out."""
        for attempt in range(PATIENCE):
            place = self._find()
            headers = {"Authorization": f"Bearer {place.key}", "Accept-Language": self._language} | (more or {})
            if body is not None:
                headers["Content-Type"] = kind
            answer = request(place.url, method, path, body, headers)
            if answer.status != 429 or attempt == PATIENCE - 1:
                break
            time.sleep(min(answer.retry_after or 1.0, LONGEST_PAUSE))
        if answer.status >= 300:
            raise Refused(answer.status, answer.json())
        return answer


def request(
    url: str, method: str, path: str, body: bytes | None, headers: dict[str, str], timeout: float = TIMEOUT_SECONDS
) -> Answer:
    """One request; raises Unreachable."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=timeout)
        try:
            connection.request(method, parts.path.rstrip("/") + path, body, headers)
            return _answer(connection.getresponse())
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(url, str(error) or type(error).__name__) from error


def segment(name: str) -> str:
    """A part of a path, whatever it holds."""
    return quote(name, safe="")


def _answer(response: HTTPResponse) -> Answer:
    pause = response.headers.get("Retry-After", "")
    return Answer(response.status, response.read(), float(pause) if pause.isdigit() else None)

"""People who talk to a real platform over real sockets."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

PATIENCE = 60.0
Json = dict[str, Any]


class Talker:
    """A guest of the platform at `url`, by a bearer."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opened: list[Opened] = []
        self.token = ""
        made = self.ask("POST", "/api/auth/guest")[1]
        self.token, self.user = made["token"], made["user"]

    def connection(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        assert parts.hostname
        return HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Json]:
        """Status and JSON of the answer; `body` is JSON unless it is bytes."""
        response = self.open(method, path, body, **headers)
        text = response.read()
        response.close()
        return response.status, json.loads(text) if text else {}

    def open(self, method: str, path: str, body: Any = None, **headers: str) -> "Opened":
        """The answer, its body not read yet."""
        sent = {"Content-Type": "application/json"}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection = self.connection()
        connection.request(method, path, data, {name: value for name, value in sent.items() if value})
        opened = Opened(connection, connection.getresponse())
        self._opened.append(opened)
        return opened

    def close(self) -> None:
        """Hang up, wherever."""
        for opened in self._opened:
            opened.close()

    def say(self, text: str, **more: Any) -> Json:
        """The whole turn."""
        status, turn = self.ask("POST", "/api/conversation", {"message": text} | more)
        assert status == 200, turn
        return turn

    def begin(self, text: str, **more: Any) -> Json:
        """Begin a turn and hang up; its `turn_started`."""
        response = self.open("POST", "/api/conversation", {"message": text} | more, Accept="text/event-stream")
        assert response.status == 200, response.read()
        event = next(events(response))
        response.close()
        return event

    def ticket(self) -> str:
        status, made = self.ask("POST", "/api/stream/ticket")
        assert status == 201
        return str(made["ticket"])

    @contextmanager
    def socket(self, ticket: str | None = None, **options: Any) -> "Iterator[Socket]":
        address = f"{self.url.replace('http', 'ws')}/ws/{ticket or self.ticket()}"
        with connect(address, open_timeout=PATIENCE, max_size=None, **options) as opened:
            yield Socket(opened)

    def until_ended(self, conversation_id: str, after: int = 0) -> list[Json]:
        """The events of the conversation up to the end of a turn."""
        response = self.open("GET", f"/api/conversations/{conversation_id}/stream?after={after}")
        assert response.status == 200, response.read()
        found = []
        for event in events(response):
            found.append(event)
            if event["type"] == "turn_ended":
                break
        response.close()
        return found


class Opened:
    """An answer whose body comes over time."""

    def __init__(self, connection: HTTPConnection, response: HTTPResponse) -> None:
        self._connection = connection
        self._response = response
        self.status, self.headers = response.status, response.headers
        self.read, self.readline = response.read, response.readline

    def close(self) -> None:
        self._response.close()
        self._connection.close()


class Socket:
    """One WebSocket, in JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, frame: Any) -> None:
        self.connection.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    def next(self) -> Json:
        frame: Json = json.loads(self.connection.recv(PATIENCE))
        return frame

    def to_the_end(self) -> tuple[list[Json], int | None]:
        """All frames until the other side closes, and its close code."""
        frames: list[Json] = []
        while True:
            try:
                frames.append(self.next())
            except ConnectionClosed as closed:
                return frames, code_of(closed)

    def until(self, wanted: str | Callable[[Json], bool]) -> Json:
        """The next frame of that type, or of which that is true."""
        while True:
            frame = self.next()
            if frame["type"] == wanted if isinstance(wanted, str) else wanted(frame):
                return frame


def code_of(closed: ConnectionClosed) -> int | None:
    return closed.rcvd.code if closed.rcvd else None


def events(response: Opened) -> Iterator[Json]:
    """The events of a stream; `event: end` ends it, the type says which event it was otherwise."""
    kind = "message"
    while line := response.readline().decode():
        if line.startswith("event: "):
            kind = line[7:].strip()
        elif line.startswith("data: "):
            if kind == "end":
                return
            yield json.loads(line[6:])

"""A chat service that says what a test tells it to say, so that the page can be seen in every state.

It speaks the routes of the streaming service over plain HTTP.  Kept events get the next `seq` and are replayed to
whoever comes later, with what passed by since the last of them.  What the page asked for stands in `asked`.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from typing import Any, Self

Event = dict[str, Any]
NOON = "2026-11-20T03:00:00Z"
CLOSE = None


class ChatService:
    """One conversation, `c1`, which begins with the first message."""

    def __init__(self) -> None:
        self.kept: list[Event] = []
        self.asked: list[tuple[str, Any, dict[str, str]]] = []
        self.answers: dict[str, tuple[int, Any]] = {}
        """What to answer to a request, by method and path."""
        self.refusals: deque[tuple[int, dict[str, Any]]] = deque()
        """Taken one by one by messages that would begin a turn."""
        self.paths: list[str] = []
        self.refuse_streams = False
        self.lose_answers = 0
        """So many messages begin a turn whose first event never arrives."""
        self.hold = threading.Event()
        """Answers wait while it is cleared."""
        self.hold.set()
        self.title = "경쟁사 뉴스"
        self.deleted = False
        self._turns = 0
        self._passing: list[Event] = []
        self._streams: list[SimpleQueue[Event | None]] = []
        self._lock, self._beginning = threading.Lock(), threading.Lock()
        handler = type("Handler", (_Handler,), {"service": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._server.shutdown()
        self._server.server_close()

    @property
    def turn(self) -> str:
        return f"t{self._turns}"

    def keep(self, type: str, **fields: Any) -> Event:
        """A kept event of the present turn."""
        with self._lock:
            event = {"conversationId": "c1", "turn": self.turn, "seq": len(self.kept) + 1, "time": NOON, "type": type}
            event |= fields
            self.kept.append(event)
            self._passing.clear()
            self._tell(event)
        return event

    def pass_by(self, type: str, **fields: Any) -> None:
        """An event that nobody keeps."""
        with self._lock:
            event = {"conversationId": "c1", "turn": self.turn, "type": type} | fields
            self._passing.append(event)
            self._tell(event)

    def text(self, part: int, words: str, offset: int = 0) -> None:
        self.pass_by("text", part=part, offset=offset, delta=words)

    def card(self, kind: str, data: Event, id: str | None = None) -> None:
        self.keep("card", card=id or kind, kind=kind, data=data)

    def end(self, reason: str = "done", **fields: Any) -> None:
        self.keep("turn_ended", reason=reason, **fields)

    def cut(self) -> None:
        """Every stream breaks off."""
        with self._lock:
            for stream in self._streams:
                stream.put(CLOSE)

    def bodies(self, request: str) -> list[Any]:
        """What was sent with each request of that method and path."""
        return [body for asked, body, _ in self.asked if asked == request]

    def keys(self, request: str) -> list[str | None]:
        return [headers.get("idempotency-key") for asked, _, headers in self.asked if asked == request]

    # What the routes do

    def begin(self, body: Event) -> Event:
        """The turn of that message: the one there is, or a new one."""
        with self._beginning:
            for event in self.kept:
                if event.get("clientMessageId") == body["clientMessageId"]:
                    return event
            self._turns += 1
            message = {"messageId": f"m{self._turns}", "clientMessageId": body["clientMessageId"]}
            files = [{"id": id, "name": id, "mediaType": "text/csv", "bytes": 9} for id in body.get("files", [])]
            return self.keep("turn_started", **message, text=body["message"], files=files)

    def conversation(self) -> Event:
        over = not self.kept or any(event["type"] == "turn_ended" for event in self.kept if event["turn"] == self.turn)
        times = {"createdAt": NOON, "updatedAt": NOON}
        turn = None if over else self.turn
        return {"id": "c1", "agentId": None, "mode": "design", "title": self.title, "lastSeq": len(self.kept)} | {
            **times, "turn": turn,
        }  # fmt: skip

    def listen(self, after: int) -> SimpleQueue[Event | None]:
        stream: SimpleQueue[Event | None] = SimpleQueue()
        with self._lock:
            for event in [*self.kept[after:], *self._passing]:
                stream.put(event)
            self._streams.append(stream)
        return stream

    def _tell(self, event: Event) -> None:
        for stream in self._streams:
            stream.put(event)


class _Handler(BaseHTTPRequestHandler):
    service: ChatService

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def _do(self) -> None:
        try:
            self._answer()
        except OSError:
            """The page has gone."""

    def _answer(self) -> None:
        path = self.path.partition("?")[0]
        request = f"{self.command} {path}"
        length = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(length)
        is_json = "json" in (self.headers.get("content-type") or "")
        headers = {name.lower(): value for name, value in self.headers.items()}
        body: Any = json.loads(raw) if is_json else raw
        self.service.asked.append((request, body, headers))
        self.service.paths.append(f"{self.command} {self.path}")
        self.service.hold.wait(30)
        if request in self.service.answers:
            self._json(*self.service.answers[request])
        elif request == "POST /api/conversation":
            self._begin(body)
        elif request == "GET /api/conversations/c1/stream":
            self._stream(int(self.path.rpartition("after=")[2]))
        elif request == "GET /api/conversations":
            items = [self.service.conversation()] if self.service.kept and not self.service.deleted else []
            self._json(200, {"items": items, "nextCursor": None})
        elif request == "DELETE /api/conversations/c1":
            self.service.kept.clear()
            self._json(204, None)
        elif request == "GET /api/conversations/c1":
            self._json(200, self.service.conversation())
        elif request == "DELETE /api/conversations/c1":
            self.service.deleted = True
            self._json(204, None)
        elif request == "POST /api/conversations/c1/stop":
            self._json(202, {})
        elif path == "/api/updates/stream":
            self._stream(10**9)
        else:
            self._json(404, {"code": "not_found", "detail": "?"})

    do_GET = do_POST = do_PATCH = do_DELETE = _do

    def _json(self, status: int, body: Any) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status < 400 else "application/problem+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _begin(self, body: Event) -> None:
        if self.service.refusals:
            return self._json(*self.service.refusals.popleft())
        event = self.service.begin(body)
        if self.service.lose_answers:
            self.service.lose_answers -= 1
            self.close_connection = True
            return None
        self._stream_head()
        self._say(event)
        return None

    def _stream_head(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()

    def _say(self, event: Event) -> None:
        number = f"id: {event['seq']}\n" if "seq" in event else ""
        self.wfile.write(f"{number}data: {json.dumps(event)}\n\n".encode())
        self.wfile.flush()

    def _stream(self, after: int) -> None:
        if self.service.refuse_streams:
            return self._json(503, {"code": "unavailable", "detail": "?"})
        stream = self.service.listen(after)
        self._stream_head()
        while True:
            try:
                event = stream.get(timeout=5)
            except Empty:
                self.wfile.write(b": ping\n\n")
                continue
            if event is CLOSE:
                return None
            self._say(event)

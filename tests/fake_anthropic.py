"""A scriptable, stateless stand-in for the Anthropic Messages API, standard library only.

Run:    python tests/fake_anthropic.py --port 9920 --log requests.jsonl [--default 'status=529&times=2']
Embed:  with FakeAnthropic() as model: base_url = model.url; ...; model.requests  (a list of dictionaries)

How a scenario is chosen; the first match wins:
  1. a directive in the newest user text that has one:  [[fake: {JSON spec} ]]
     (it survives a gateway in between; the step is found by counting the assistant's turns after it,
      so it needs no server state and works for sub-agents and resumed sessions)
  2. the header  x-fake-scenario: <query-string spec>
  3. a path prefix:  base_url = http://host:port/s/<query-string spec>     (the spec is URL-quoted)
  4. the API key or bearer token:  "fake:<query-string spec>"
  5. the server's default spec (--default, or POST /__fake__/default)

Keys of a spec (JSON or query string; all optional):
  script      list of steps, one per model turn:  {"text": ".."} | {"thinking": "..", "text": ".."}
              | {"tool": "Bash", "input": {..}} | {"tools": [[name, input], ..]}; the last one repeats
  text, tool, input          shorthand for a one-step script ("tool" is then followed by text)
  loop        1 = call the tool for ever (for tests of turn and budget limits)
  echo        1 = answer with the text of the last message
  in, out, cache_read, cache_write, web_search   usage numbers to report (defaults 10/20/0/0/0)
  kind        what last words call their result where the request offers the tool for it (done); "" = never says
  stop        stop_reason override (max_tokens, refusal, pause_turn, model_context_window_exceeded)
  status      answer with this HTTP error;  type, msg, retry_after, should_retry refine it
  times       fail only the first N requests that carry this spec, then behave normally
  after       fail only from the N-th request on (0-based)
  html        1 = the error's body is HTML, not JSON
  ttfb        seconds before the response headers        delay  seconds before every SSE event
  hang        1 = accept the request, never answer       drop   1 = close the socket, no answer
  hang_mid    N = stop sending after N events (the socket stays open)
  cut         N = close the socket after N SSE events
  sse_error   error type to send as an `event: error` after `cut` events (default 2)
  ping        1 = send ping events
  empty       1 = 200 with an event stream of no events
  eof         1 = the body ends by closing the socket (HTTP/1.0 style) instead of chunked framing, so that a cut
              is invisible at the HTTP layer
Control: GET /__fake__/requests, POST /__fake__/reset, POST /__fake__/default (body: spec), GET /__fake__/health
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

Json = dict[str, Any]
SseEvent = tuple[str, Json]

KIND_TOOL = "StructuredOutput"
OPENING = re.compile(r"\[\[fake:\s*(?=\{)")
RESET_ON_CLOSE = b"\x01\x00\x00\x00\x00\x00\x00\x00"
WHOLE_NUMBERS = frozenset(
    {"status", "times", "after", "cut", "hang_mid", "in", "out", "cache_read", "cache_write", "web_search"}
)
FAULTS = frozenset({"status", "hang", "drop", "cut", "sse_error", "hang_mid", "ttfb", "delay", "empty"})
ERROR_TYPES = {
    400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
    404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 502: "api_error",
    503: "api_error", 504: "timeout_error", 529: "overloaded_error",
}  # fmt: skip


def spec_of(text: str) -> Json:
    """The spec that a text holds as JSON or as a query string."""
    text = text.strip()
    if text.startswith("{"):
        spec: Json = json.loads(text)
    else:
        spec = dict(parse_qsl(text, keep_blank_values=True))
        spec |= {key: json.loads(spec[key]) for key in ("script", "input") if key in spec}
    return spec | {key: int(spec[key]) for key in WHOLE_NUMBERS & spec.keys()}


def text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content or [] if part.get("type") == "text")


def last_directive(text: str) -> Json | None:
    found = list(OPENING.finditer(text))
    if not found:
        return None
    spec, _ = json.JSONDecoder().raw_decode(text, found[-1].end())
    return spec_of(json.dumps(spec))


def directive(messages: list[Json]) -> tuple[Json | None, int]:
    """The newest directive, and the number of the assistant's turns after the message that carried it."""
    for place in range(len(messages) - 1, -1, -1):
        spec = last_directive(text_of(messages[place]["content"])) if messages[place]["role"] == "user" else None
        if spec is not None:
            return spec, sum(later["role"] == "assistant" for later in messages[place + 1 :])
    return None, 0


def assistant_turns(messages: list[Json]) -> int:
    """The assistant's turns since the last user message that is more than tool results."""
    turns = 0
    for message in reversed(messages):
        content = message["content"]
        if message["role"] == "assistant":
            turns += 1
        elif isinstance(content, str) or all(part["type"] != "tool_result" for part in content):
            break
    return turns


def steps(spec: Json, messages: list[Json]) -> list[Json]:
    if "script" in spec:
        return list(spec["script"])
    if "tool" in spec:
        call = {"tool": spec["tool"], "input": spec.get("input", {})}
        return [call] if spec.get("loop") else [call, {"text": spec.get("text", "done")}]
    if spec.get("echo"):
        return [{"text": text_of(messages[-1]["content"])}]
    return [{"text": spec.get("text", "Hello from the fake upstream.")}]


def asked_for_kind(body: Json) -> bool:
    """Whether the request offers the CLI's tool for the form of a result."""
    return any(tool.get("name") == KIND_TOOL for tool in body.get("tools") or [])


def usage_of(spec: Json) -> Json:
    usage: Json = {
        "input_tokens": spec.get("in", 10),
        "cache_creation_input_tokens": spec.get("cache_write", 0),
        "cache_read_input_tokens": spec.get("cache_read", 0),
        "output_tokens": spec.get("out", 20),
    }
    if spec.get("web_search"):
        usage["server_tool_use"] = {"web_search_requests": spec["web_search"]}
    return usage


def deltas(block: Json) -> tuple[Json, list[Json]]:
    """How a content block opens in a stream, and the deltas that fill it."""
    if block["type"] == "text":
        words = re.findall(r"\S+\s*|\s+", block["text"]) or [""]
        pieces = ["".join(words[at : at + 4]) for at in range(0, len(words), 4)]
        return {"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in pieces]
    if block["type"] == "thinking":
        return block | {"thinking": "", "signature": ""}, [
            {"type": "thinking_delta", "thinking": block["thinking"]},
            {"type": "signature_delta", "signature": block["signature"]},
        ]
    source = json.dumps(block["input"])
    pieces = [source[at : at + 40] for at in range(0, len(source), 40)]
    return block | {"input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]


def sse_events(message: Json, spec: Json) -> list[SseEvent]:
    """The event stream of one message, as the real service orders it."""
    if spec.get("empty"):
        return []
    usage = message["usage"]
    opening = message | {"content": [], "stop_reason": None, "usage": usage | {"output_tokens": 1}}
    events: list[SseEvent] = [("message_start", {"message": opening})]
    if spec.get("ping"):
        events.append(("ping", {}))
    for index, block in enumerate(message["content"]):
        start, parts = deltas(block)
        events.append(("content_block_start", {"index": index, "content_block": start}))
        events += [("content_block_delta", {"index": index, "delta": part}) for part in parts]
        events.append(("content_block_stop", {"index": index}))
    ending = {"delta": {"stop_reason": message["stop_reason"], "stop_sequence": None}, "usage": usage}
    return [*events, ("message_delta", ending), ("message_stop", {})]


class FakeAnthropic:
    """One server on a free port of loopback; what it was asked is in `requests`, oldest first."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        default: str = "",
        log: str | None = None,
        require_key: str | None = None,
    ) -> None:
        self.default, self.require_key = spec_of(default), require_key
        self.requests: list[Json] = []
        self.counts: dict[str, int] = {}
        self.stopped = threading.Event()
        self._log = Path(log) if log else None
        self._lock = threading.Lock()
        self._sequence = 0
        self._server = _Server((host, port), self)
        self.url = f"http://{host}:{self._server.server_address[1]}"

    def start(self) -> FakeAnthropic:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> FakeAnthropic:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def model_calls(self) -> list[Json]:
        """The requests to /v1/messages alone."""
        return [row for row in list(self.requests) if "/v1/messages" in row["path"] and "body" in row]

    def record(self, row: Json) -> None:
        with self._lock:
            self.requests.append(row)
            if self._log:
                with self._log.open("a") as file:
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def count(self, key: str) -> int:
        """How often `key` was counted before."""
        with self._lock:
            seen = self.counts.get(key, 0)
            self.counts[key] = seen + 1
            return seen

    def next_id(self, prefix: str) -> str:
        with self._lock:
            self._sequence += 1
            return f"{prefix}_fake{self._sequence:08d}"

    def effective(self, spec: Json) -> Json:
        """The spec without its faults when `times` or `after` say that this request is spared."""
        if not {"times", "after"} & spec.keys():
            return spec
        seen = self.count(json.dumps(spec, sort_keys=True))
        failing = seen < spec["times"] if "times" in spec else seen >= spec["after"]
        return spec if failing else {key: value for key, value in spec.items() if key not in FAULTS}

    def message(self, body: Json, spec: Json, step: int) -> Json:
        """The answer to one request, whole."""
        script = steps(spec, body.get("messages") or [{"content": ""}])
        turn = script[min(step, len(script) - 1)]
        blocks: list[Json] = []
        if "thinking" in turn:
            blocks.append({"type": "thinking", "thinking": turn["thinking"], "signature": "c2ln"})
        if "text" in turn:
            blocks.append({"type": "text", "text": turn["text"]})
        calls = turn.get("tools") or ([[turn["tool"], turn.get("input", {})]] if "tool" in turn else [])
        for name, argument in calls:
            blocks.append({"type": "tool_use", "id": self.next_id("toolu"), "name": name, "input": argument})
        if not calls and asked_for_kind(body) and spec.get("kind", "done") and "stop" not in spec:
            calls = [[KIND_TOOL, {"kind": spec.get("kind", "done")}]]
            blocks.append({"type": "tool_use", "id": self.next_id("toolu"), "name": KIND_TOOL, "input": calls[0][1]})
        stop = spec.get("stop", "tool_use" if calls else "end_turn")
        return {
            "id": self.next_id("msg"), "type": "message", "role": "assistant", "model": body.get("model", "?"),
            "content": blocks, "stop_reason": stop, "stop_sequence": None, "usage": usage_of(spec),
        }  # fmt: skip


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], fake: FakeAnthropic) -> None:
        self.fake = fake
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of the scenarios, not an error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the log is `FakeAnthropic.requests`."""

    def do_GET(self) -> None:
        fake, (_, path) = self.server.fake, self._scenario_and_path()
        if path == "/__fake__/requests":
            return self._json(200, fake.requests)
        if path == "/__fake__/health":
            return self._json(200, {"ok": True})
        fake.record(self._row())
        if path.startswith("/v1/models"):
            model = {"type": "model", "id": "claude-sonnet-5-5", "display_name": "Sonnet",
                     "created_at": "2026-01-01T00:00:00Z"}  # fmt: skip
            page = {"data": [model], "has_more": False, "first_id": model["id"], "last_id": model["id"]}
            return self._json(200, page)
        if path == "/":
            return self._json(200, {})
        return self._error({"status": 404, "msg": path})

    do_HEAD = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET

    def do_POST(self) -> None:
        fake, (scenario, path) = self.server.fake, self._scenario_and_path()
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("content-encoding") == "gzip":
            raw = gzip.decompress(raw)
        if path == "/__fake__/reset":
            fake.requests.clear()
            fake.counts.clear()
            return self._json(200, {})
        if path == "/__fake__/default":
            fake.default = spec_of(raw.decode())
            return self._json(200, fake.default)
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            body = {"_raw": raw[:2000].decode("latin1")}
        fake.record(self._row() | {"bytes": len(raw), "body": body})
        key = self.headers.get("x-api-key") or (self.headers.get("authorization") or "").removeprefix("Bearer ").strip()
        if fake.require_key and key != fake.require_key:
            return self._error({"status": 401, "msg": "invalid x-api-key"})
        if path == "/v1/messages/count_tokens":
            return self._json(200, {"input_tokens": max(1, len(raw) // 4)})
        if path != "/v1/messages":
            return self._error({"status": 404, "msg": path})
        spec, step = self._scenario(body, scenario, key)
        return self._reply(body, fake.effective(spec), step)

    def _scenario(self, body: Json, scenario: str, key: str) -> tuple[Json, int]:
        messages = body.get("messages") or []
        spec, step = directive(messages)
        if spec is not None:
            return spec, step
        text = self.headers.get("x-fake-scenario") or scenario or (key[5:] if key.startswith("fake:") else "")
        return (spec_of(text) if text else self.server.fake.default), assistant_turns(messages)

    def _scenario_and_path(self) -> tuple[str, str]:
        path = urlsplit(self.path).path
        if not path.startswith("/s/"):
            return "", path
        scenario, _, rest = path[3:].partition("/")
        return unquote(scenario), "/" + rest

    def _row(self) -> Json:
        headers = {name.lower(): value for name, value in self.headers.items()}
        return {"t": time.time(), "method": self.command, "path": self.path, "headers": headers}

    def _reply(self, body: Json, spec: Json, step: int) -> None:
        fake = self.server.fake
        fake.stopped.wait(float(spec.get("ttfb", 0)))
        if spec.get("drop"):
            return self._close()
        if spec.get("hang"):
            fake.stopped.wait()
            return self._close()
        if spec.get("status", 200) != 200:
            return self._error(spec)
        message = fake.message(body, spec, step)
        if not body.get("stream"):
            return self._json(200, message)
        return self._stream(sse_events(message, spec), spec)

    def _stream(self, events: list[SseEvent], spec: Json) -> None:
        fake, whole = self.server.fake, bool(spec.get("eof"))
        framing = {"connection": "close"} if whole else {"transfer-encoding": "chunked"}
        self._head(200, {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"} | framing)
        self.close_connection = whole
        cut = spec.get("cut", 2 if "sse_error" in spec else None)
        try:
            for index, (kind, data) in enumerate(events):
                if index == cut:
                    if "sse_error" not in spec:
                        return self._close()
                    error = {"type": spec["sse_error"], "message": spec.get("msg", "fake stream error")}
                    self._emit("error", {"error": error}, whole)
                    break
                if index == spec.get("hang_mid"):
                    fake.stopped.wait()
                    return self._close()
                fake.stopped.wait(float(spec.get("delay", 0)))
                self._emit(kind, data, whole)
            if not whole:
                self.wfile.write(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            fake.record({"t": time.time(), "event": "client_gone", "path": self.path})

    def _emit(self, kind: str, data: Json, whole: bool) -> None:
        text = json.dumps({"type": kind} | data, ensure_ascii=False)
        raw = f"event: {kind}\ndata: {text}\n\n".encode()
        self.wfile.write(raw if whole else b"%x\r\n%s\r\n" % (len(raw), raw))
        self.wfile.flush()

    def _error(self, spec: Json) -> None:
        status = spec.get("status", 500)
        names = {"retry_after": "retry-after", "should_retry": "x-should-retry"}
        headers = {header: str(spec[key]) for key, header in names.items() if key in spec}
        if spec.get("html"):
            page = b"<html><body><h1>Bad gateway</h1></body></html>"
            return self._whole(status, page, headers | {"content-type": "text/html"})
        kind = spec.get("type") or ERROR_TYPES.get(status, "api_error")
        error = {"type": kind, "message": spec.get("msg", f"fake {status}")}
        return self._json(status, {"type": "error", "error": error, "request_id": "req_fake"}, headers)

    def _json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        self._whole(status, json.dumps(value).encode(), {"content-type": "application/json"} | (headers or {}))

    def _whole(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self._head(status, headers | {"content-length": str(len(body))})
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"request-id": self.server.fake.next_id("req")}).items():
            self.send_header(name, value)
        self.end_headers()

    def _close(self) -> None:
        """End the connection with a reset, as a network that breaks does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.connection.shutdown(socket.SHUT_RDWR)


def main() -> None:
    options = argparse.ArgumentParser(description="A stand-in for the Anthropic Messages API.")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=9920)
    options.add_argument("--default", default="")
    options.add_argument("--log")
    options.add_argument("--require-key")
    chosen = options.parse_args()
    fake = FakeAnthropic(chosen.host, chosen.port, chosen.default, chosen.log, chosen.require_key).start()
    print("listening on", fake.url, flush=True)
    try:
        fake.stopped.wait()
    except KeyboardInterrupt:
        fake.stop()


if __name__ == "__main__":
    main()

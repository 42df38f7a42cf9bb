"""A small stand-in for the platform's runner API (docs/runner-protocol.md), standard library only.

It holds one launch with one execution, answers as the protocol says, keeps everything it was told, and can misbehave
on purpose: `outage` refuses connections' requests with 503, `statuses` overrules the answer of one call.
"""

from __future__ import annotations

import json
import threading
import time
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Json = dict[str, Any]

TOKEN = "runner-token-of-the-fake-platform"
MODEL_TOKEN = "model-token-of-the-fake-platform"
NONCE = "nonce-of-the-fake-platform"
LAUNCH, EXECUTION, EPOCH = "launch1", "execution1", 3


def limits(**changes: Any) -> Json:
    usual = {
        "memoryBytes": 1 << 30, "cpus": 1, "processes": 64, "diskBytes": 256 << 20, "openFiles": 256,
        "outputBytes": 8 << 20,
    }  # fmt: skip
    return usual | changes


class FakePlatform:
    """Serves one execution with the spec that `spec` describes; `model_url` is where its gateway would be."""

    def __init__(
        self, model_url: str = "http://127.0.0.1:9/gateway", port: int = 0, save: bool = True, **spec: Any
    ) -> None:
        self.model_url, self._save, self._changes = model_url, save, spec
        self.files: dict[str, bytes] = {}
        """Contents by hash: what the store has."""
        self.workspace: list[tuple[str, bytes]] = []
        """What the workspace holds before the run."""
        self.record = b""
        """The CLI's record of the conversation so far; it is told of in a spec with a session."""
        self.events: list[Json] = []
        self.batches: list[tuple[float, Json]] = []
        self.finished: list[Json] = []
        self.claims = 0
        self.claim_id: str | None = None
        self.lost_claims = 0
        """So many claims are taken and their answers lost."""
        self.token = TOKEN
        self.cancel = False
        self.outage = False
        self.statuses: dict[str, int] = {}
        """Answer of a call by its last path part (`claim`, `events`, `files`, `finish`), instead of the true one."""
        self.done = threading.Event()
        self._server = _Server(("127.0.0.1", port), self)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> FakePlatform:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """What the platform starts a runner with."""
        return {"OMA_RUNNER_URL": self.url, "OMA_LAUNCH_ID": LAUNCH, "OMA_LAUNCH_NONCE": NONCE}

    @property
    def report(self) -> Json:
        """The one report that was made."""
        assert len(self.finished) == 1, f"{len(self.finished)} reports"
        return self.finished[0]

    def of_type(self, kind: str) -> list[Json]:
        return [event for event in self.events if event["type"] == kind]

    def claim(self) -> Json:
        return {"executionId": EXECUTION, "token": self.token, "epoch": EPOCH, "spec": self._spec()}

    def _spec(self) -> Json:
        files = [
            {"path": path, "bytes": len(body), "sha256": sha256(body).hexdigest(), "url": f"/contents/{number}"}
            for number, (path, body) in enumerate(self.workspace)
        ]
        usual: Json = {
            "prompt": "Do the work.", "systemPrompt": "You are an agent that works alone.",
            "model": "claude-haiku-5-5", "smallModel": "claude-haiku-5-5", "modelToken": MODEL_TOKEN,
            "tools": ["Bash", "Read", "Write"],
            "maxTurns": 30, "maxCostMicroUsd": 500_000, "timeoutSeconds": 150, "network": {"allow": []},
            "limits": limits(), "input": None, "workspace": {"files": files, "save": self._save},
            "heartbeatSeconds": 1, "flushSeconds": 0.05, "orphanSeconds": 5, "gatewayUrl": self.model_url,
        }  # fmt: skip
        told = usual | self._changes
        if "session" in told and self.record:
            digest = sha256(self.record).hexdigest()
            told["session"] |= {"record": {"path": "s", "bytes": len(self.record), "sha256": digest, "url": "/record"}}
        return told

    def take_events(self, body: Json) -> tuple[int, Json]:
        """Count what is new; a gap or a difference is the runner's fault and answered as such."""
        self.batches.append((time.monotonic(), body))
        for event in body["events"]:
            if event["seq"] == len(self.events) + 1:
                self.events.append(event)
            elif event["seq"] > len(self.events) or self.events[event["seq"] - 1] != event:
                return 400, {"detail": f"event {event['seq']} after {len(self.events)}"}
        return 200, {"cancel": self.cancel, "lastSeq": len(self.events)}

    def take_files(self, body: Json) -> tuple[int, Json]:
        lacking = {file["sha256"] for file in body["files"]} - self.files.keys()
        return 200, {"uploads": [{"sha256": digest, "url": f"/upload/{digest}"} for digest in sorted(lacking)]}

    def take_claim(self, body: Json) -> tuple[int, Json]:
        if body["nonce"] != NONCE or self.claim_id not in (None, body["claimId"]):
            return 409, {"detail": "claimed before"}
        self.claims += 1
        self.claim_id = body["claimId"]
        return (502, {"detail": "lost"}) if self.claims <= self.lost_claims else (200, self.claim())

    def take_finish(self, body: Json) -> tuple[int, Json]:
        if body not in self.finished:
            self.finished.append(body)
        self.done.set()
        return 200, {}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], platform: FakePlatform) -> None:
        self.platform = platform
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A runner that is killed closes its connections; that is a scenario."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_POST(self) -> None:
        platform, what = self.server.platform, self.path.rpartition("/")[2]
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if platform.outage:
            return self._answer(503, {"detail": "down"})
        if what in platform.statuses:
            return self._answer(platform.statuses[what], {"detail": "on purpose"})
        if what != "claim" and not self._authorized(body):
            return self._answer(403, {"detail": "whose token is this?"})
        take = {
            "claim": platform.take_claim,
            "events": platform.take_events,
            "files": platform.take_files,
            "finish": platform.take_finish,
        }[what]
        return self._answer(*take(body))

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        digest = self.path.rpartition("/")[2]
        if sha256(body).hexdigest() != digest:
            return self._answer(400, {"detail": "another content"})
        self.server.platform.files[digest] = body
        return self._answer(200, {})

    def do_GET(self) -> None:
        platform = self.server.platform
        body = platform.record if self.path == "/record" else platform.workspace[int(self.path.rpartition("/")[2])][1]
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _authorized(self, body: Json) -> bool:
        return self.headers["authorization"] == f"Bearer {self.server.platform.token}" and body["epoch"] == EPOCH

    def _answer(self, status: int, value: Json) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

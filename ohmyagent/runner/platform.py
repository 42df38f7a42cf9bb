"""The platform's runner API as a client: kept-alive connections, patient where the protocol says so."""

from __future__ import annotations

import http.client
import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO
from urllib.parse import parse_qs, urljoin, urlsplit

from ohmyagent.runner.protocol import Claim, Json, Launch, ProtocolError, WorkspaceFile

CLAIM_PATIENCE = 30.0
CALL_SECONDS = 10.0
RETRY_SECONDS = (0.1, 0.2, 0.4, 0.8)
CHUNK = 1 << 16
NOTHING_TO_DO = (404, 409, 410)
NO_LONGER_OURS = (403, 409, 410)
THERE_ALREADY = 412


class Unreachable(Exception):
    """No answer, or one that says to try later."""


class Refused(Exception):
    """The platform answered, and the answer is no."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        super().__init__(f"{status}: {body[:500].decode('utf-8', 'replace')}")


class NotOurs(Exception):
    """The execution has ended or belongs to another runner: leave without a trace."""


class Connection:
    """One kept-alive connection per origin, for one thread."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._open: dict[tuple[str, str], http.client.HTTPConnection] = {}

    def json(self, path: str, body: Json, headers: dict[str, str]) -> Any:
        """Raises Unreachable, or Refused on 4xx."""
        raw = json.dumps(body, ensure_ascii=False).encode()
        return json.loads(self.send("POST", path, raw, headers | {"Content-Type": "application/json"}) or b"null")

    def send(self, method: str, url: str, body: bytes | BinaryIO | None, headers: dict[str, str]) -> bytes:
        """The whole answer.  Raises Unreachable, or Refused on 4xx."""
        with _translated():
            response = self._request(method, url, body, headers)
            answer = response.read()
        _judge(response.status, answer)
        return answer

    def parts(self, url: str, headers: dict[str, str]) -> Iterator[bytes]:
        """The answer to a GET, piece by piece.  Raises as `send` does."""
        with _translated():
            response = self._request("GET", url, None, headers)
            if response.status >= 400:
                _judge(response.status, response.read())
            while part := response.read(CHUNK):
                yield part

    def close(self) -> None:
        for connection in self._open.values():
            connection.close()
        self._open.clear()

    def _request(
        self, method: str, url: str, body: bytes | BinaryIO | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        target = urlsplit(self.absolute(url))
        path = target.path + (f"?{target.query}" if target.query else "")
        origin = (target.scheme, target.netloc)
        kept = origin in self._open
        connection = self._open.setdefault(origin, _connection(*origin))
        try:
            connection.request(method, path, body, headers)
            return connection.getresponse()
        except (OSError, http.client.HTTPException):
            self._open.pop(origin).close()
            if not kept or not isinstance(body, bytes | None):
                raise
        # the server had closed the idle connection; every call of this protocol may be repeated
        return self._request(method, url, body, headers)

    def absolute(self, url: str) -> str:
        return urljoin(f"{self._base}/", url)

    def is_platform(self, url: str) -> bool:
        """Whether the platform itself answers at `url`, and may see the token."""
        return urlsplit(self.absolute(url))[:2] == urlsplit(self._base)[:2]


class Platform:
    """What a runner asks of the platform about its one execution; for one thread."""

    def __init__(self, base: str, claim: Claim) -> None:
        self._connection = Connection(base)
        self._claim = claim
        self._authorization = {"Authorization": f"Bearer {claim.token}", **traced(claim.spec.traceparent)}

    def events(self, from_seq: int, events: list[Json]) -> bool:
        """Deliver a batch, once; whether the user wants the run cancelled.  Raises Unreachable, NotOurs."""
        answer = self._post("events", {"fromSeq": from_seq, "events": events})
        return bool(answer["cancel"])

    def wanted(self, files: list[Json]) -> dict[str, str]:
        """Which of these contents the platform lacks: hash → address to put it to.  Raises Unreachable, NotOurs."""
        answer = self._patiently(lambda: self._post("files", {"files": files}))
        return {upload["sha256"]: upload["url"] for upload in answer["uploads"]}

    def put(self, url: str, body: Callable[[], BinaryIO], size: int, sha256: str) -> None:
        """Store one content.  Raises Unreachable, Refused."""
        headers = self._headers(url) | {"Content-Length": str(size), "Content-Type": "application/octet-stream"}

        headers |= signed_headers(url, size, sha256)

        def once() -> None:
            try:
                with body() as file:
                    self._connection.send("PUT", url, file, headers)
            except Refused as refusal:
                if refusal.status != THERE_ALREADY:
                    raise

        self._patiently(once)

    def content(self, file: WorkspaceFile) -> Iterator[bytes]:
        """A workspace file, piece by piece.  Raises Unreachable, Refused."""
        return self._connection.parts(file.url, self._headers(file.url))

    def finish(self, report: Json) -> None:
        """Raises Unreachable, NotOurs."""
        self._patiently(lambda: self._post("finish", report))

    def close(self) -> None:
        self._connection.close()

    def _headers(self, url: str) -> dict[str, str]:
        """A signed address of a store elsewhere must not see the token."""
        return self._authorization if self._connection.is_platform(url) else {}

    def _post(self, what: str, body: Json) -> Any:
        path = f"/runner/executions/{self._claim.execution_id}/{what}"
        try:
            return self._connection.json(path, {"epoch": self._claim.epoch, **body}, self._authorization)
        except Refused as refusal:
            if refusal.status in NO_LONGER_OURS:
                raise NotOurs(str(refusal)) from refusal
            raise

    def _patiently(self, call: Callable[[], Any]) -> Any:
        return patiently(call, self._claim.spec.orphan)


def signed_headers(url: str, size: int, sha256: str) -> dict[str, str]:
    """What a signed address of Cloud Storage wants beside the body: it names the headers that its signature covers.

    Source: https://cloud.google.com/storage/docs/authentication/canonical-requests#about-headers
    """
    named = parse_qs(urlsplit(url).query).get("X-Goog-SignedHeaders", [""])[0].split(";")
    known = {
        "x-goog-content-length-range": f"{size},{size}",
        "x-goog-content-sha256": sha256,
        "x-goog-if-generation-match": "0",
    }
    return {name: known[name] for name in named if name in known}


def traced(traceparent: str | None) -> dict[str, str]:
    """The header that ties a call to the request that asked for the run, in the logs."""
    return {"traceparent": traceparent} if traceparent else {}


def claim(launch: Launch) -> Claim | None:
    """Become the owner of this launch's execution, or None when there is nothing to do; again if an answer was lost.

    Raises Unreachable after 30 s, Refused when the platform does not want this runner, ProtocolError.
    """
    connection = Connection(launch.url)
    body: Json = {"nonce": launch.nonce, "taskIndex": launch.task_index, "claimId": secrets.token_urlsafe(32)}
    if launch.handle:
        body["handle"] = launch.handle
    path = f"/runner/launches/{launch.launch_id}/claim"
    try:
        headers = traced(launch.traceparent)
        claimed = Claim.of(patiently(lambda: connection.json(path, body, headers), CLAIM_PATIENCE))
        return replace(claimed, spec=replace(claimed.spec, traceparent=launch.traceparent))
    except Refused as refusal:
        if refusal.status in NOTHING_TO_DO:
            return None
        raise
    except ValueError as error:
        raise ProtocolError(f"the claim is no JSON: {error}") from error
    finally:
        connection.close()


def patiently(call: Callable[[], Any], patience: float) -> Any:
    """Try again on Unreachable, until `patience` seconds have passed."""
    deadline = time.monotonic() + patience
    pauses = iter(RETRY_SECONDS)
    while True:
        try:
            return call()
        except Unreachable:
            pause = next(pauses, RETRY_SECONDS[-1])
            if time.monotonic() + pause > deadline:
                raise
            time.sleep(pause)


class _translated:
    """Errors of the network as Unreachable."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError | http.client.HTTPException):
            raise Unreachable(str(error) or type(error).__name__) from error


def _judge(status: int, answer: bytes) -> None:
    if status >= 500 or status == 429:
        raise Unreachable(f"{status}: {answer[:200].decode('utf-8', 'replace')}")
    if status >= 400:
        raise Refused(status, answer)


def _connection(scheme: str, netloc: str) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    return kind(netloc, timeout=CALL_SECONDS)

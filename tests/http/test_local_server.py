"""The platform of one machine as it serves: the same routes over real sockets, and what only a socket can send."""

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.platform_process import PlatformProcess


@dataclass(frozen=True)
class Reply:
    """The first answer on a connection."""

    status: int
    headers: dict[str, str]
    body: bytes


class Raw:
    """Bytes to the platform and back."""

    def __init__(self, url: str, key: str) -> None:
        self.port = int(url.rpartition(":")[2])
        self.bearer = f"Authorization: Bearer {key}"

    def send(self, *lines: str | bytes, host: str | None = "localhost", body: bytes = b"") -> Reply:
        names = [] if host is None else [f"Host: {host}"]
        head = [
            line.encode() if isinstance(line, str) else line for line in (*lines, *names, "Connection: close", "", "")
        ]
        with socket.create_connection(("127.0.0.1", self.port), timeout=40) as connection:
            connection.sendall(b"\r\n".join(head) + body)
            with connection.makefile("rb") as stream:
                return _reply(stream.read())


def _reply(text: bytes) -> Reply:
    head, _, body = text.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
    return Reply(int(first.split()[1]), headers, body)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Raw]:
    platform = PlatformProcess(tmp_path_factory.mktemp("server") / "data").start()
    try:
        yield Raw(platform.url, platform.key)
    finally:
        platform.stop()


@pytest.mark.parametrize("path", ["/", "/health", "/api/agents", "/api/executions/x_x/stream"])
@pytest.mark.parametrize("host", ["evil.example.com", "localhost.evil.example.com", None])
def test_another_name_leads_nowhere(raw: Raw, path: str, host: str | None) -> None:
    assert raw.send(f"GET {path} HTTP/1.1", raw.bearer, host=host).status in (400, 403)


def test_its_own_names_lead_there(raw: Raw) -> None:
    for host in ("localhost", f"127.0.0.1:{raw.port}", "[::1]"):
        assert raw.send("GET /api/agents HTTP/1.1", raw.bearer, host=host).status == 200


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET /api/agents?q=\xff HTTP/1.1", 400),
        (b"GET /api/agents/\xff HTTP/1.1", 400),
        (b"GET /api/agents/%ff%fe HTTP/1.1", 404),
        (b"GET /api/agents/..%2f..%2fetc%2fpasswd HTTP/1.1", 404),
        (b"GET /api/agents/../../etc/passwd HTTP/1.1", 404),
        (b"GET /api/agents?q=%ff%00 HTTP/1.1", 200),
        (b"TRACE /api/agents HTTP/1.1", 405),
        (b"BREW /api/agents HTTP/1.1", 400),
    ],
)
def test_odd_request_lines_are_refused(raw: Raw, line: bytes, status: int) -> None:
    assert raw.send(line, raw.bearer).status == status


def test_two_lengths_are_refused(raw: Raw) -> None:
    smuggled = "Content-Length: 5", "Transfer-Encoding: chunked"

    assert raw.send("POST /api/auth/guest HTTP/1.1", *smuggled, body=b"0\r\n\r\nGET /").status == 400
    assert raw.send("POST /api/auth/guest HTTP/1.1", "Content-Length: 1", "Content-Length: 2", body=b"xx").status == 400


def test_a_body_in_chunks_arrives(raw: Raw) -> None:
    draft = json.dumps({"name": "in chunks", "finalPrompt": "x"}).encode()
    parts = [draft[:10], draft[10:]]
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"

    made = raw.send(
        "POST /api/agents HTTP/1.1",
        raw.bearer,
        "Content-Type: application/json",
        "Transfer-Encoding: chunked",
        body=body,
    )

    assert (made.status, json.loads(made.body)["name"]) == (201, "in chunks")


def test_a_body_without_end_is_cut_off_at_the_limit(raw: Raw) -> None:
    head = "POST /api/agents HTTP/1.1", raw.bearer, "Content-Type: application/json", "Transfer-Encoding: chunked"
    chunk, end = b"%x\r\n%s\r\n" % (2**16, b" " * 2**16), b"2\r\n{}\r\n0\r\n\r\n"

    assert raw.send(*head, body=chunk * 16 + end).status == 413
    assert raw.send(*head, body=chunk * 15 + end).status == 422


DRAFT = b'{"name": "half", "finalPrompt": "x"}'


@pytest.mark.parametrize(
    ("length", "body"),
    [("Content-Length: 99", DRAFT), ("Transfer-Encoding: chunked", b"%x\r\n%s\r\n" % (len(DRAFT), DRAFT))],
    ids=["length", "chunks"],
)
def test_a_body_that_breaks_off_is_not_taken_for_whole(raw: Raw, length: str, body: bytes) -> None:
    lines = ["POST /api/agents HTTP/1.1", "Host: localhost", raw.bearer, "Content-Type: application/json", length]
    with socket.create_connection(("127.0.0.1", raw.port), timeout=40) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        time.sleep(0.3)  # the route is reading by then; sooner, the server would drop what came
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
        time.sleep(0.1)

    listed = json.loads(raw.send("GET /api/agents?limit=100 HTTP/1.1", raw.bearer).body)["items"]
    assert "half" not in {agent["name"] for agent in listed}


def test_the_stream_is_served_beside_the_routes(raw: Raw) -> None:
    refused = raw.send("GET /api/executions/x_nothing/stream HTTP/1.1", raw.bearer)

    assert (refused.status, refused.headers["content-type"]) == (404, "application/problem+json")


def test_a_head_has_no_body(raw: Raw) -> None:
    answer = raw.send("HEAD /health HTTP/1.1")

    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


def test_many_that_send_slowly_keep_nobody_waiting(raw: Raw) -> None:
    head = ["POST /api/agents HTTP/1.1", "Host: localhost", raw.bearer, "Content-Type: application/json"]
    slow = "\r\n".join([*head, "Content-Length: 1000", "", ""]).encode() + b'{"name": '
    connections = [socket.create_connection(("127.0.0.1", raw.port), timeout=40) for _ in range(40)]
    try:
        for connection in connections:
            connection.sendall(slow)
        assert raw.send("GET /api/agents HTTP/1.1", raw.bearer).status == 200
    finally:
        for connection in connections:
            connection.close()
    assert raw.send("GET /api/agents HTTP/1.1", raw.bearer).status == 200


def test_prometheus_is_told_what_was_answered(raw: Raw) -> None:
    assert raw.send("GET /api/agents HTTP/1.1", raw.bearer).status == 200
    told = raw.send("GET /metrics HTTP/1.1")
    assert told.status == 200
    assert b'oma_http_requests_total{method="GET",route="/api/agents",status="200"}' in told.body
    assert b"oma_tick_age_seconds" in told.body

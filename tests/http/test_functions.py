"""functions/main.py as the image starts it: a process of functions-framework in gunicorn for each function."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("auth", "agents", "executions")
START_SECONDS = 60.0


@dataclass
class Answer:
    """A response, read to its end."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Functions:
    """Processes on free ports that share one data folder."""

    def __init__(self, folder: Path) -> None:
        self._log = (folder / "functions.log").open("wb")
        self._ports = {name: free_port() for name in NAMES}
        self._processes = [self._start(name, folder) for name in NAMES]

    def _start(self, name: str, folder: Path) -> subprocess.Popen[bytes]:
        env = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOST": "127.0.0.1",
            "PORT": str(self._ports[name]),
            "FUNCTION_TARGET": name,
            "OMA_DATA": str(folder / "data"),
            "OMA_PUBLIC_URL": "https://agents.example.com",
        }
        start = ["sh", str(ROOT / "functions" / "start.sh")]
        return subprocess.Popen(start, env=env, stdout=self._log, stderr=self._log)

    def call(
        self, name: str, method: str, path: str, body: Any = None, token: str | None = None, **headers: str
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self._ports[name], timeout=60)
        sent = {header.replace("_", "-"): value for header, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None and not isinstance(body, bytes | Iterator):
            body, sent = json.dumps(body).encode(), {"Content-Type": "application/json"} | sent
        try:
            connection.request(method, path, body, sent, encode_chunked=isinstance(body, Iterator))
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        for name in NAMES:
            while True:
                try:
                    if self.call(name, "GET", "/health").status == 200:
                        break
                except OSError:
                    assert time.monotonic() < deadline, f"the function {name} did not start"
                time.sleep(0.05)

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(30)
        self._log.close()


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Functions]:
    started = Functions(tmp_path_factory.mktemp("functions"))
    try:
        started.wait()
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def token(functions: Functions) -> str:
    guest = functions.call("auth", "POST", "/api/auth/guest")
    assert guest.status == 201
    found: str = guest.json["token"]
    return found


def test_bodies_arrive_and_functions_share_one_store(functions: Functions, token: str) -> None:
    made = functions.call("agents", "POST", "/api/agents", {"name": "한글", "finalPrompt": "해 줘"}, token)
    assert (made.status, made.json["name"]) == (201, "한글")

    run = functions.call("agents", "POST", f"/api/agents/{made.json['id']}/executions", {"input": "자료"}, token)
    assert run.status == 202
    read = functions.call("executions", "GET", f"/api/executions/{run.json['id']}", token=token)
    assert (read.status, read.json) == (200, run.json)


def test_a_body_in_chunks_arrives(functions: Functions, token: str) -> None:
    parts = iter([b'{"name": "in chunks", ', b'"finalPrompt": "x"}'])

    made = functions.call(
        "agents", "POST", "/api/agents", parts, token, Content_Type="application/json", Transfer_Encoding="chunked"
    )

    assert (made.status, made.json["name"]) == (201, "in chunks")


def test_a_function_serves_its_own_routes_only(functions: Functions, token: str) -> None:
    answer = functions.call("auth", "GET", "/api/agents", token=token)

    assert (answer.status, answer.json["code"]) == (404, "not_found")
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_bad_bodies_are_refused_by_the_real_server_too(functions: Functions, token: str) -> None:
    def refused(body: bytes) -> int:
        return functions.call("agents", "POST", "/api/agents", body, token, Content_Type="application/json").status

    assert refused(b"[" * 100_000) == 400
    assert refused(b'{"name": "' + b"x" * 2_000_000 + b'"}') == 413
    assert functions.call("agents", "TRACE", "/api/agents", token=token).status == 405


def test_a_body_in_chunks_has_the_same_limit(functions: Functions, token: str) -> None:
    parts = (b"x" * 100_000 for _ in range(20))

    answer = functions.call(
        "agents", "POST", "/api/agents", parts, token, Content_Type="application/json", Transfer_Encoding="chunked"
    )

    assert answer.status == 413


def test_where_the_public_address_is_https_the_cookie_is_secure_and_only_that_page_may_use_it(
    functions: Functions,
) -> None:
    cookie = functions.call("auth", "POST", "/api/auth/guest").headers["Set-Cookie"]
    assert "Secure" in cookie.split("; ")
    pair = cookie.partition(";")[0]

    ours = functions.call("auth", "POST", "/api/auth/links", Cookie=pair, Origin="https://agents.example.com")
    theirs = functions.call("auth", "POST", "/api/auth/links", Cookie=pair, Origin="https://evil.example.com")

    assert (ours.status, theirs.status) == (201, 403)
    assert ours.json["url"].startswith("https://agents.example.com/#signin=")


HEAVY = ("anthropic", "grpc", "google.cloud.firestore", "aiohttp", "uvicorn", "starlette", "a2wsgi", "typer")


def test_an_import_connects_to_nothing_and_loads_no_engine() -> None:
    """The framework's own command loads main.py before it forks: a store opened there would be shared between workers.

    And every cold start pays for what is loaded.
    """
    code = (
        "import sys; sys.path[:0] = ['functions', '.']; import main;"
        "from ohmyagent import wiring; assert wiring.app.cache_info().currsize == 0; assert callable(main.agents);"
        f"loaded = [name for name in {HEAVY} if name in sys.modules]; assert not loaded, loaded"
    )
    env = {"PATH": os.environ["PATH"], "OMA_TARGET": "neither"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr

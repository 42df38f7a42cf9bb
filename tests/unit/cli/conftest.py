"""The command against the real HTTP functions, served on loopback, without runners."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from ohmyagent.cli.client import Client
from ohmyagent.cli.main import oma
from ohmyagent.cli.place import Place
from ohmyagent.cli.problems import Stop
from ohmyagent.use_cases import signing_in
from tests.http.world import Api, made


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *values: object) -> None:
        """Nobody reads it."""


@dataclass
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


@dataclass
class Terminal:
    """Types commands; `api` is the platform behind them."""

    api: Api
    url: str
    key: str

    def oma(self, *words: str, input: str | None = None) -> Said:
        result = CliRunner().invoke(oma, list(words), input=input)
        if isinstance(result.exception, Stop):  # what main() turns into a sentence and an exit code
            return Said(result.exception.code, result.stdout, f"{result.stderr}{result.exception}")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    def client(self) -> Client:
        return Client(lambda: Place(self.url, self.key), "en")


@pytest.fixture
def nowhere(tmp_path, monkeypatch) -> None:
    """A terminal without a platform."""
    for name in ("OMA_URL", "OMA_API_KEY", "OMA_PORT", "PORT", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMA_DATA", str(tmp_path / "empty"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def terminal(tmp_path, monkeypatch, nowhere) -> Iterator[Terminal]:
    """A terminal that OMA_URL connects to a platform, with the owner's key."""
    for api in made(tmp_path):
        with capture_logs(), make_server("127.0.0.1", 0, api.flask.wsgi_app, handler_class=_Quiet) as server:
            serving = threading.Thread(target=server.serve_forever, args=(0.02,))
            serving.start()
            here = api.platform
            key, _ = signing_in.new_api_key(here.store, signing_in.owner(here.store, here.now()), "test", here.now())
            url = f"http://127.0.0.1:{server.server_port}"
            monkeypatch.setenv("OMA_URL", url)
            monkeypatch.setenv("OMA_API_KEY", key)
            yield Terminal(api, url, key)
            server.shutdown()
            serving.join()

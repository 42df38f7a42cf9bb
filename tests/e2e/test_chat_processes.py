"""Two processes of the streaming service on one store: what one begins, the other shows and finishes."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ohmyagent import wiring
from ohmyagent.settings import Settings
from ohmyagent.use_cases import signing_in, talking
from tests.e2e.test_chat_survival import WORDS, Page
from tests.fake_anthropic import FakeAnthropic
from tests.http.chatting import Talker
from tests.ports import free_port
from tests.scripted import script

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60


class Service:
    """One of `services/` as a process of its own."""

    def __init__(self, name: str, environment: dict[str, str], port: int, log: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "uvicorn", "--factory", "--port", str(port), f"services.{name}:app"]
        http = "ohmyagent.gateway.inlet:Protocol" if name == "gateway" else "ohmyagent.chat.wire:Streams"
        command += ["--http", http, "--ws", "ohmyagent.chat.wire:Protocol", "--log-level", "warning"]
        with log.open("ab") as told:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=told, stderr=told)
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            assert self.process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Guest(Talker):
    """Somebody who is signed in already: these services have no way to sign in."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token
        self._opened = []


@pytest.fixture
def cluster(tmp_path: Path, upstream: FakeAnthropic) -> Iterator[tuple[Service, Service, Settings]]:
    ports = [free_port() for _ in range(3)]
    variables = {
        "OMA_DATA": str(tmp_path / "data"), "OMA_GATEWAY_PORT": str(ports[0]),
        "ANTHROPIC_BASE_URL": upstream.url, "ANTHROPIC_API_KEY": "key",
    }  # fmt: skip
    settings = Settings.from_env(variables)
    wiring.local(settings).store.close()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    names = ("gateway", "chat", "chat")
    started: list[Service] = []
    try:
        for name, port in zip(names, ports, strict=True):
            started.append(Service(name, kept | variables, port, tmp_path / "services.log"))
        yield started[1], started[2], settings
    finally:
        for service in started:
            service.end()


def test_a_turn_goes_on_in_the_other_process_and_its_readers_miss_nothing(
    cluster: tuple[Service, Service, Settings],
) -> None:
    one, other, settings = cluster
    app = wiring.local(settings)
    token = signing_in.guest(app.store, "ko", app.now()).token
    here, there = Guest(one.url, token), Guest(other.url, token)
    begun = here.begin(script({"text": WORDS}, hang_mid=4, times=1))
    first = Page(here, begun["conversationId"])
    first.until_shown()
    page = Page(there, begun["conversationId"])
    page.until("turn_started")

    one.kill()
    page.until("turn_ended")

    assert page.text() == WORDS
    assert page.kept[-1]["reason"] == "done"
    assert [event["seq"] for event in page.kept] == [*range(1, len(page.kept) + 1)]
    turn = app.store.get(f"turns/{begun['turn']}")
    assert turn["reason"] == "done"
    app.store.close()
    for reader in (here, there):
        reader.close()


def test_a_stop_reaches_the_process_that_writes(cluster: tuple[Service, Service, Settings]) -> None:
    one, other, settings = cluster
    app = wiring.local(settings)
    signed_in = signing_in.guest(app.store, "ko", app.now())
    here, there = Guest(one.url, signed_in.token), Guest(other.url, signed_in.token)
    begun = here.begin(script({"text": WORDS}, hang_mid=4))
    page = Page(there, begun["conversationId"])
    Page(here, begun["conversationId"]).until_shown()

    talking.stop(app.store, signed_in.user, begun["conversationId"], app.now())
    page.until("turn_ended")

    assert page.kept[-1]["reason"] == "stopped"
    assert WORDS.startswith(page.text().strip())
    app.store.close()
    for reader in (here, there):
        reader.close()

"""The mails of the beta programme by real Firestore triggers.

The official emulator's CloudEvents go to a real functions-framework, which writes the mails; a real SMTP server gets
them.  Between the two stands a recorder, so that a test can bring the same events again, late and in another order.
"""

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ohmyagent import records
from ohmyagent.adapters.local.queue import SqliteQueue
from ohmyagent.adapters.smtp import Server, SmtpMail
from ohmyagent.domain.accounts import User, UserKind
from ohmyagent.domain.beta import BetaRequest, BetaStatus
from ohmyagent.ports import Store
from ohmyagent.use_cases import joining, mailing
from ohmyagent.use_cases.vouching import Office
from tests.contract.emulator import Emulator
from tests.mail_server import MailServer
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
FORM = BetaRequest(purpose="보고서를 쓰려고", consent=True)
TRIGGERS = {"applications": "betaApplications/{id}", "mails": "outbox/{id}"}
SECONDS = 60.0
pytestmark = pytest.mark.emulator


@dataclass
class Event:
    """One CloudEvent as the emulator posted it, and how the function answered."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int = 0


@dataclass
class Triggered:
    """A store whose writes are events, the function that hears them, and the mail server at the end."""

    store: Store
    server: MailServer
    port: int
    events: list[Event] = field(default_factory=list)

    def send(self, event: Event, **changed: str) -> int:
        """Post the event to the function; returns its status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", event.path, event.body, event.headers | changed)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def user(self) -> User:
        user = User(
            id="u_kim", kind=UserKind.GOOGLE, email="kim@example.com", verified_email=True, name="Kim",
            plan="waiting", created_at=datetime.now(UTC),
        )  # fmt: skip
        return records.users.put(self.store, user.id, user)

    def letters(self) -> list[str]:
        return sorted(f"{letter['To']} {letter['Message-ID'].partition('@')[0]}" for letter in self.server.post.letters)

    def mails(self) -> list[tuple[str, str]]:
        found, _ = records.outbox.page(self.store)
        return sorted((mail.kind.value, mail.state.value) for mail in found)

    def until(self, *mails: tuple[str, str]) -> None:
        waited(lambda: self.mails() == sorted(mails), self.mails)


def waited(fine: Callable[[], bool], seen: Callable[[], Any]) -> None:
    deadline = time.monotonic() + SECONDS
    while not fine():
        assert time.monotonic() < deadline, seen()
        time.sleep(0.05)


@contextmanager
def function(port: int, project: str, emulator: Emulator, queue: Path, log: Path) -> Iterator[None]:
    """A real functions-framework process; it is up when it answers."""
    env = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "FUNCTION_TARGET": "written", "PROJECT": project,
        "QUEUE": str(queue), "FIRESTORE_EMULATOR_HOST": emulator.address, "FUNCTION_SIGNATURE_TYPE": "cloudevent",
    }  # fmt: skip
    source = ROOT / "tests" / "contract" / "triggered.py"
    command = [sys.executable, "-m", "functions_framework", "--source", str(source), "--host", "127.0.0.1"]
    with log.open("wb") as output:
        process = subprocess.Popen([*command, "--port", str(port)], env=env, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                break
            except OSError:
                assert time.monotonic() < deadline, log.read_text()
                assert process.poll() is None, log.read_text()
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def recorder(port: int, triggered: Triggered) -> Iterator[None]:
    """What the emulator posts goes on to the function, and is remembered."""

    class Relay(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            event = Event(self.path, headers, body)
            event.status = triggered.send(event)
            triggered.events.append(event)
            self.send_response(event.status)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Relay)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def postman(store: Store, queue: SqliteQueue, url: str) -> Iterator[None]:
    """Whoever works off the queue: each mail by SMTP."""
    office = Office("https://agents.example.com", (), b"k" * 32)
    mail, stop = SmtpMail(Server.of(url), "Oh My Agent <agent@example.com>"), threading.Event()

    def deliver(task: Any) -> None:
        mailing.deliver(store, mail, task.body["mailId"], office, lambda: datetime.now(UTC))

    thread = threading.Thread(target=queue.run, args=({"mail": deliver}, 1, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        mail.close()


@pytest.fixture
def triggered(emulator: Emulator, firestore: Callable[[], Any], tmp_path: Path) -> Iterator[Triggered]:
    store = firestore()
    project, port = store.client.project, free_port()
    queue = SqliteQueue(tmp_path / "queue.db")
    with (
        MailServer() as server,
        function(port, project, emulator, tmp_path / "queue.db", tmp_path / "function.log"),
        postman(store, queue, server.url),
    ):
        here = Triggered(store, server, port)
        with recorder(emulator.functions_port, here):
            for name, pattern in TRIGGERS.items():
                emulator.trigger(project, name, pattern)
            yield here


def test_writes_alone_send_the_three_mails_and_the_same_events_again_send_none(triggered: Triggered) -> None:
    user = triggered.user()
    application, _ = joining.apply(triggered.store, user, FORM, datetime.now(UTC))
    triggered.until(("beta_received", "sent"), ("beta_notice", "sent"))
    joining.decide(triggered.store, application.id, BetaStatus.APPROVED, "u_boss", datetime.now(UTC))
    triggered.until(("beta_received", "sent"), ("beta_notice", "sent"), ("beta_approved", "sent"))
    letters = triggered.letters()
    assert len(letters) == 3
    assert [letter.partition(" ")[0] for letter in letters] == [
        "boss@example.com",
        "kim@example.com",
        "kim@example.com",
    ]

    # Each document of the three mails was written when it was made, when its sending began and when it was sent
    waited(lambda: len(triggered.events) >= 11, lambda: len(triggered.events))
    assert {event.status for event in triggered.events} == {200}
    late = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    before = triggered.mails()
    for event in [*reversed(triggered.events), *triggered.events]:
        assert triggered.send(event) == 200
        assert triggered.send(event, **{"ce-time": late}) == 200
    time.sleep(1)
    assert (triggered.letters(), triggered.mails()) == (letters, before)


def test_an_event_that_comes_before_the_one_it_follows_makes_the_same_mails(triggered: Triggered) -> None:
    """The first event finds the application decided already, as when it was held up for a day."""
    user = triggered.user()
    now = datetime.now(UTC)
    application, _ = joining.apply(triggered.store, user, FORM, now)
    joining.decide(triggered.store, application.id, BetaStatus.REJECTED, "u_boss", now)
    waited(lambda: len(triggered.letters()) >= 2, triggered.letters)
    waited(lambda: not any(state == "queued" or state == "sending" for _, state in triggered.mails()), triggered.mails)
    for event in reversed(list(triggered.events)):
        assert triggered.send(event) == 200
    assert {kind for kind, _ in triggered.mails()} >= {"beta_received", "beta_rejected"}
    assert len(triggered.letters()) == len(set(triggered.letters())) == len(triggered.mails())

"""Starting the platform: in the foreground, or for the time of one run."""

import ctypes
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import IO, TYPE_CHECKING

from ohmyagent.cli import demonstration, place, screen, words
from ohmyagent.cli.client import Client
from ohmyagent.cli.place import Place
from ohmyagent.cli.problems import Stop, of_domain
from ohmyagent.cli.surroundings import client_of, connect, settings
from ohmyagent.domain.errors import Conflict
from ohmyagent.settings import Caller, Settings

if TYPE_CHECKING:
    from ohmyagent.cli import serve

LOG = "platform.log"
LARGEST_LOG = 10_000_000
STOP_SECONDS = 40
TERMINATED = 128 + signal.SIGTERM
PR_SET_PDEATHSIG = 1
"""prctl(2)"""


def up(*, demo: bool, port: int | None, as_json: bool) -> int:
    """Serve until Ctrl-C; raises Stop when the port or the data folder is taken."""
    from ohmyagent.cli import serve  # heavy: the whole platform

    here = settings() if port is None else _on_port(settings(), port)
    stop, shown = Event(), Event()

    def ready(running: serve.Running) -> None:
        try:
            if as_json:
                screen.data({"url": running.url, "signinLink": running.signin_link()})
            else:
                _welcome(running, demo=demo, stop=stop)
        finally:
            shown.set()

    try:
        with _terminal_kept_clean(here.data):
            code = serve.run(here, ready=ready, say=screen.say)
    except serve.PortTaken:
        raise Stop(words.PORT_TAKEN(port=here.port, next=here.port + 1)) from None
    except Conflict as conflict:
        running = place.local(here.data)
        raise Stop(words.ALREADY_RUNNING(url=running.url)) if running else of_domain(conflict) from None
    stop.set()
    shown.wait(2)  # the thread gives the cursor back before the process ends
    return code


@contextmanager
def platform() -> Iterator[Client]:
    """The platform that runs; where none does, one of its own on a free port, which ends with the block."""
    caller, here = Caller.from_env(), settings()
    if caller.url is not None or place.local(here.data) is not None:
        yield connect()
        return
    screen.say(words.STARTING(), "dim")
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "ohmyagent.cli.main", "up", "--port", "0", "--json"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True,
            preexec_fn=_end_with_parent,
        )  # fmt: skip
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
        try:
            assert child.stdout is not None
            if not child.stdout.readline():
                raise Stop("\n".join([words.DID_NOT_START(), _end_of(log)]))
            yield client_of(here, caller)
        finally:
            _end(child)


def open_page(client: Client, *, as_json: bool) -> None:
    link = client.post("/api/auth/links")
    if as_json:
        screen.data(link)
    else:
        screen.tell(link["url"])


def _welcome(running: "serve.Running", *, demo: bool, stop: Event) -> None:
    screen.say(words.RUNNING_AT(url=running.url), "bold")
    client = Client(lambda: Place(running.url, running.owner_key), words.LANGUAGE)
    if client.get("/config.json")["model"]["mode"] == "demo":
        screen.say(words.DEMO_NOTE(), "yellow")
    if demo:
        demonstration.show(client, stop)
    if not stop.is_set():
        screen.say(words.SIGN_IN())
        screen.tell(running.signin_link(), "cyan")
        screen.say(words.HOW_TO_STOP(), "dim")


def _on_port(here: Settings, port: int) -> Settings:
    """Listening there; the address people use follows, unless the operator gave one."""
    default = f"http://127.0.0.1:{here.port}"
    address = f"http://127.0.0.1:{port}" if here.public_url == default else here.public_url
    return replace(here, port=port, public_url=address)


@contextmanager
def _terminal_kept_clean(data: Path) -> Iterator[None]:
    """On a terminal, what the program logs goes to a file in the data folder; elsewhere it stays on stderr."""
    if not sys.stderr.isatty():
        yield
        return
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = data / LOG
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(data / f"{LOG}.1")
    screen.err.file = sys.stderr
    with log.open("a", encoding="utf-8") as file, redirect_stderr(file):
        yield


def _end_with_parent() -> None:
    """In the child, before it becomes the platform: SIGTERM comes when the command dies, even of `kill -9`."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _end_of(log: IO[bytes]) -> str:
    log.seek(0)
    return screen.clean(log.read().decode("utf-8", "replace")[-2_000:].strip())

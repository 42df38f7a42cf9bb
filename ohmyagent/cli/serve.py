"""The whole platform in one process, for one machine.

The gateway has a port of its own, because sandboxes are connected to it: whatever else the platform serves is out of
their reach.  Both ports stay the same over a restart, so that runs under way find the platform again.
"""

import asyncio
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn
import uvloop

from ohmyagent import logs, records, wiring
from ohmyagent.chat.wire import LARGEST_MESSAGE, Protocol, Streams
from ohmyagent.cli import words
from ohmyagent.cli.clockwork import Clockwork
from ohmyagent.cli.front import Front
from ohmyagent.cli.meters import Meters
from ohmyagent.domain.executions import OWNED
from ohmyagent.gateway import heap, inlet
from ohmyagent.gateway.dialling import Dialler
from ohmyagent.ports import Where
from ohmyagent.settings import Settings
from ohmyagent.use_cases import signing_in

DRAIN_SECONDS = 20.0
SWITCH_SECONDS = 0.0005
"""How long a busy thread keeps the interpreter when another wants it: with Python's own 5 ms a request beside the tick
waits that long after each of its reads (bench/README.md)."""
HOST = "127.0.0.1"


class PortTaken(Exception):
    """Another program listens on that port."""

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} is in use by another program. Choose another: oma up --port {port + 1}")


@dataclass(frozen=True)
class Running:
    """A platform that answers.  `owner_key` is for the command; `signin_link` mints a link that works once."""

    url: str
    owner_key: str
    signin_link: Callable[[], str]


Ready = Callable[[Running], None]
"""Told once, in a thread of its own, that the platform answers."""


def run(
    settings: Settings,
    *,
    ready: Ready | None = None,
    say: Callable[[str], None] = print,
    dialler: Dialler | None = None,
) -> int:
    """Serve until SIGINT or SIGTERM, then let runs under way finish for a while; returns the exit code.

    `ready` is called in a thread of its own once the platform answers.  Only tests bring a `dialler`.
    Raises PortTaken, and Conflict when another platform works on the same data folder.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    with wiring.hold(settings):
        listeners = _listeners(settings)
        ports = [listener.getsockname()[1] for listener in listeners]
        settings = replace(settings, port=ports[0], gateway_port=ports[1], public_url=_public(settings, ports[0]))
        app = replace(wiring.local(settings), sandbox=wiring.sandbox(settings))
        meters = Meters(app)
        logs.configure(settings.target, meters.counted)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(app, listeners, ready, say, Front(app, dialler, meters)))
    return 0


async def _serve(
    app: wiring.Local,
    listeners: list[socket.socket],
    ready: Ready | None,
    say: Callable[[str], None],
    front: Front,
) -> None:
    clockwork = Clockwork(app)
    servers = [_Server(_config(front.main, http=Streams)), _Server(_config(front.gateway, http=inlet.Protocol))]
    signals = _Signals()
    async with front:
        serving = [asyncio.create_task(s.serve([sock])) for s, sock in zip(servers, listeners, strict=True)]
        while not all(server.started for server in servers):
            await asyncio.sleep(0.005)
        clockwork.start()
        heap.set_aside()
        with _announced(app) as here:
            if ready is not None:
                threading.Thread(target=ready, args=(here,), name="ready", daemon=True).start()
            await signals.first.wait()
            await front.hush()
            await asyncio.to_thread(clockwork.stop)
            await _drain(app, signals, say)
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*serving)


class _Server(uvicorn.Server):
    """Signals are handled once for both servers, here."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Signals:
    """The first SIGINT or SIGTERM asks to stop, the second to stop waiting."""

    def __init__(self) -> None:
        self.first, self.second = asyncio.Event(), asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._came)

    def _came(self) -> None:
        (self.second if self.first.is_set() else self.first).set()


def _config(application: Front | object, http: type[asyncio.Protocol]) -> uvicorn.Config:
    return uvicorn.Config(
        application,  # type: ignore[arg-type]  # an ASGI 3 callable
        interface="asgi3",
        http=http,
        ws=Protocol,
        ws_max_size=LARGEST_MESSAGE,
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=3,
    )


async def _drain(app: wiring.Local, signals: _Signals, say: Callable[[str], None]) -> None:
    """Let runs under way report their end.  What is left goes on for a while, should the platform come back."""
    left = _under_way(app)
    if left:
        say(words.DRAINING(count=left))
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while _under_way(app) and not signals.second.is_set():
                await asyncio.sleep(0.2)


def _under_way(app: wiring.Local) -> int:
    pages = [records.executions.page(app.store, Where("status", "==", status.value))[0] for status in OWNED]
    return sum(map(len, pages))


@contextmanager
def _announced(app: wiring.Local) -> Iterator[Running]:
    """Tell commands on this machine where the platform is, and with which key to speak for its owner."""
    data, url = app.settings.data, app.settings.public_url
    owner = signing_in.reachable(app.store, signing_in.owner(app.store, app.now()), app.settings.mail_to)
    key = _owner_key(app, data / "owner-key")
    address = data / "address"
    _write_private(address, json.dumps({"url": f"http://{HOST}:{app.settings.port}", "pid": os.getpid()}))

    def signin_link() -> str:
        return f"{url}/#signin={signing_in.new_link_code(app.store, owner, app.now())}"

    try:
        yield Running(f"http://{HOST}:{app.settings.port}", key, signin_link)
    finally:
        address.unlink(missing_ok=True)


def _owner_key(app: wiring.Local, path: Path) -> str:
    """The owner's API key, made once and kept for the command; another if the store does not know it (a restore)."""
    if path.is_file():
        key = path.read_text().strip()
        if signing_in.knows_key(app.store, key):
            return key
    owner = signing_in.owner(app.store, app.now())
    key, _ = signing_in.new_api_key(app.store, owner, "oma", app.now())
    _write_private(path, key)
    return key


def _write_private(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    fresh.rename(path)


def _listeners(settings: Settings) -> list[socket.socket]:
    """The platform's listener and the gateway's; the latter keeps the port it had last time, if it can."""
    main = _listen(settings.port)
    kept = settings.data / "gateway-port"
    wanted = settings.gateway_port or (int(kept.read_text()) if kept.is_file() else 0)
    try:
        gateway = _listen(wanted)
    except PortTaken:
        if settings.gateway_port:
            raise
        gateway = _listen(0)
    _write_private(kept, str(gateway.getsockname()[1]))
    return [main, gateway]


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port), backlog=1024)
    except OSError:
        raise PortTaken(port) from None


def _public(settings: Settings, port: int) -> str:
    """The address people use; a default one follows the port that was really bound."""
    default = f"http://{HOST}:{settings.port}"
    return f"http://{HOST}:{port}" if settings.public_url == default else settings.public_url

"""A gateway that listens on a free port, with a real store: what the tests and benches of the gateway drive."""

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn

from ohmyagent import records
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.domain.costs import Model, ModelMode, ModelTable, Price
from ohmyagent.domain.text import digest
from ohmyagent.domain.usage import Ledger
from ohmyagent.gateway.app import Gateway
from ohmyagent.gateway.inlet import Protocol
from ohmyagent.gateway.limits import Limits
from ohmyagent.gateway.upstreams import Upstream
from ohmyagent.use_cases.metering import token_for

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PRICE = Price(input="2", output="10", cache_read="0.1", cache_write="2.5")
MODEL = Model(
    id="claude-sonnet-5-5", name="Sonnet", aliases=("sonnet",), upstream="first", mode=ModelMode.API,
    context=200_000, max_output=64_000, price=PRICE,
)  # fmt: skip
OTHER = MODEL.replace(id="other-model", name="Other", aliases=("other",), upstream="second")
UNPRICED = MODEL.replace(id="unpriced-model", name="Unpriced", aliases=(), price=None)
MODELS = ModelTable((MODEL, OTHER, UNPRICED), default="sonnet")


class Served:
    """An ASGI application under uvicorn, served as the gateway is, in a thread of its own."""

    def __init__(self, app: Any, http: type[asyncio.Protocol] = Protocol) -> None:
        config = uvicorn.Config(
            app, port=0, http=http, ws="none", log_level="critical", lifespan="on", timeout_graceful_shutdown=5
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the server did not start")
            self._thread.join(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._thread.join(60)

    def stop(self) -> None:
        """Begin to stop: calls under way may end."""
        self._server.should_exit = True

    @property
    def url(self) -> str:
        host, port = self._server.servers[0].sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"


@dataclass
class GatewayService:
    """`run()` opens the ledger of one run and returns its token; `ledger(token)` is how it stands."""

    folder: Path
    upstreams: Mapping[str, Upstream]
    limits: Limits = field(default_factory=Limits)
    models: ModelTable = MODELS
    store: Any = None

    def __post_init__(self) -> None:
        self.store = self.store or SqliteStore(self.folder / "test.sqlite")
        self.gateway = Gateway(self.store, self.models, self.upstreams, now=lambda: NOON, limits=self.limits)

    def run(self, name: str = "x1", cap: int = 1_000_000, **changes: Any) -> str:
        token = token_for(name, "secret" * 4)
        ledger = Ledger(
            id=name, user_id="u1", agent_id="a1", token_digest=digest(token), epoch=1, cap=cap,
            models=tuple(model.id for model in self.models.models), expires_at=NOON + timedelta(hours=1),
        ).replace(**changes)  # fmt: skip
        records.ledgers.put(self.store, name, ledger)
        return token

    def ledger(self, token: str) -> Ledger:
        return records.ledgers.get(self.store, token.partition(".")[0])


async def eventually(check: Any, seconds: float = 30.0) -> None:
    """Wait until `check()` is true; raises TimeoutError with what it last was."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not check():
        if loop.time() > end:
            raise TimeoutError(f"still {check()!r}")
        await asyncio.sleep(0.01)

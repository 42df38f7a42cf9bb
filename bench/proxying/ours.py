"""Our gateway as the bench's system under test.  python -m bench.proxying.ours PORT UPSTREAM FOLDER (metered|bare)"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn

from ohmyagent import records
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.domain.costs import Model, ModelMode, ModelTable, Price
from ohmyagent.domain.text import digest
from ohmyagent.domain.usage import Ledger
from ohmyagent.gateway.app import Gateway
from ohmyagent.gateway.heap import set_aside
from ohmyagent.gateway.inlet import Protocol
from ohmyagent.gateway.upstreams import Upstream
from ohmyagent.records.indexes import INDEXES
from ohmyagent.use_cases.metering import Call, token_for

RUNS = 32
MODEL = Model(
    id="claude-sonnet-5-5", name="Sonnet", upstream="u", mode=ModelMode.API, context=200_000, max_output=64_000,
    price=Price(input="2", output="10", cache_read="0.1", cache_write="2.5"),
)  # fmt: skip


class Unmetered:
    """In the till's place: what is left is parsing, screening, forwarding and tapping."""

    _call = Call(id="c", ledger_id="x", max_tokens=1000, reserved=0)

    async def check(self, *_: Any) -> str:
        return "x"

    async def reserve(self, token: str, model: Model, size: int, max_tokens: int, *_: Any, **__: Any) -> Call:
        return self._call

    async def live(self, *_: Any) -> None:
        return None

    async def settle(self, *_: Any) -> None:
        return None

    async def aclose(self) -> None:
        return None


def token(number: int) -> str:
    return token_for(f"x{number}", "s" * 32)


def opened(folder: Path) -> SqliteStore:
    """A store with the ledgers of 32 runs, each with more money than the bench can spend."""
    store = SqliteStore(folder / "bench.sqlite", indexes=INDEXES)
    for number in range(RUNS):
        ledger = Ledger(
            id=f"x{number}", user_id="u1", agent_id="a1", token_digest=digest(token(number)), epoch=1,
            models=(MODEL.id,), cap=10**12, expires_at=datetime.now(UTC) + timedelta(days=1),
        )  # fmt: skip
        records.ledgers.put(store, ledger.id, ledger)
    return store


def main(port: int, upstream: str, folder: Path, mode: str) -> None:
    store, models = opened(folder), ModelTable((MODEL,), default=MODEL.id)
    gateway = Gateway(store, models, {"u": Upstream("u", upstream, key="k")}, now=lambda: datetime.now(UTC))
    if mode == "bare":
        gateway._till = Unmetered()  # type: ignore[assignment]
    set_aside()
    uvicorn.run(
        gateway,
        port=port,
        loop="uvloop",
        http=Protocol,
        ws="none",
        log_level="error",
        access_log=False,
        proxy_headers=False,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4])

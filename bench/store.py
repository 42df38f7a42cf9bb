"""What one call of the store costs: SQLite by default, Firestore's client with `--emulator HOST:PORT`.

CPU is that of this process, and comparable between busy machines; the wall times are not.
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import uuid4

from ohmyagent.adapters.gcp.store import FirestoreStore
from ohmyagent.adapters.local.queue import SqliteQueue
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.ports import Query, Store, Task, Transaction, Where
from ohmyagent.records.indexes import INDEXES

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DOCUMENTS = 3000


def execution(number: int) -> dict[str, Any]:
    """A document of about 600 bytes, with a place in four indexes."""
    return {
        "userId": f"u{number % 30}",
        "agentId": f"a{number % 90}",
        "status": "running",
        "createdAt": NOON + timedelta(seconds=number),
        "lease": {"expiresAt": NOON, "epoch": 1, "by": "runner"},
        "totals": {"inputTokens": 1200, "outputTokens": 340, "costUsd": 0.0123},
        "prompt": "Look at the new orders and write a summary of them. " * 6,
    }


def measured(name: str, call: Callable[[int], object], times: int) -> None:
    walls = []
    cpu = time.process_time()
    for number in range(times):
        begun = time.perf_counter()
        call(number)
        walls.append(time.perf_counter() - begun)
    cpu = time.process_time() - cpu
    cuts = quantiles(walls, n=100)
    print(f"{name:34} {cuts[49] * 1e6:9.0f} {cuts[98] * 1e6:9.0f} {cpu / times * 1e6:9.0f}")


def touch(store: Store, number: int) -> None:
    """What a heartbeat does: read one document, write it back."""
    path = f"executions/e{number % DOCUMENTS}"

    def work(tx: Transaction) -> None:
        lease = tx.get(path)["lease"]
        tx.update(path, {"lease": {**lease, "epoch": lease["epoch"] + 1}})

    store.transact(work)


def bench(store: Store, times: int) -> None:
    for number in range(DOCUMENTS):
        store.create(f"executions/e{number}", execution(number))
    mine = Query("executions", (Where("userId", "==", "u7"),), (("createdAt", "desc"),), 20)
    measured("get", lambda n: store.get(f"executions/e{n % DOCUMENTS}"), times)
    measured("create, no index", lambda n: store.create(f"plain/p{n}", execution(n)), times)
    measured("create, four indexes", lambda n: store.create(f"executions/f{n}", execution(n)), times)
    measured("transaction, no index", lambda n: touch_plain(store, n), times)
    measured("transaction, four indexes", lambda n: touch(store, n), times)
    measured("query of 20", lambda n: store.query(mine), max(20, times // 10))


def touch_plain(store: Store, number: int) -> None:
    path = f"plain/p{number}"
    store.transact(lambda tx: tx.update(path, {"n": len(tx.get(path))}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emulator", metavar="HOST:PORT")
    parser.add_argument("--times", type=int, default=5000)
    arguments = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    print(f"{machine}, Python {platform.python_version()}")
    print(f"{'microseconds a call':34} {'p50':>9} {'p99':>9} {'cpu':>9}")
    if arguments.emulator:
        os.environ["FIRESTORE_EMULATOR_HOST"] = arguments.emulator
        bench(FirestoreStore(f"bench-{uuid4().hex[:12]}"), arguments.times)
        return
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "oma.db", feed=frozenset({"executions"}), indexes=INDEXES)
        bench(store, arguments.times)
        queue = SqliteQueue(Path(folder) / "oma.db")
        measured("enqueue", lambda n: queue.enqueue(Task("launch", f"l{n}")), arguments.times)
        store.close()


if __name__ == "__main__":
    main()

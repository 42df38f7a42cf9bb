"""Every Store test runs on SQLite and on the official Firestore emulator."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.records.indexes import INDEXES
from tests.contract import emulator as emulators
from tests.contract.emulator import Emulator

FEED = frozenset({"mail", "executions"})


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    if emulators.jar() is None and os.environ.get("REQUIRE_EMULATOR") != "1":
        pytest.skip("the Firestore emulator is not installed (Google Cloud SDK and Java)")
    with emulators.running(tmp_path_factory.mktemp("emulator") / "log") as running:
        yield running


@pytest.fixture
def firestore(emulator: Emulator) -> Iterator[Callable[[], Any]]:
    """A store on an empty database of its own."""
    import grpc  # noqa: F401  the library reads the address below when a client is made

    from ohmyagent.adapters.gcp.store import FirestoreStore

    with ExitStack() as stack, pytest.MonkeyPatch.context() as environment:
        environment.setenv("FIRESTORE_EMULATOR_HOST", emulator.address)

        def make() -> FirestoreStore:
            store = FirestoreStore(f"oma-{uuid4().hex[:16]}")
            stack.callback(store.close)
            return store

        yield make


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.emulator)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    if request.param == "firestore":
        yield request.getfixturevalue("firestore")()
        return
    local = SqliteStore(tmp_path / "oma.db", feed=FEED, indexes=INDEXES)
    yield local
    local.close()

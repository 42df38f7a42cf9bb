"""Every Store test runs on SQLite and on the official Firestore emulator."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ohmyagent.adapters.gcp.files import BucketFiles
from ohmyagent.adapters.gcp.vault import KmsVault
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.records.indexes import INDEXES
from tests.contract import emulator as emulators
from tests.contract.emulator import Emulator
from tests.googleapi.identity import Issuer
from tests.googleapi.kms import KmsStandIn
from tests.googleapi.storage import StorageStandIn
from tests.googleapi.wire import Wire

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


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def wire() -> Iterator[Wire]:
    """Services are added before `start`, which the fixtures of adapters do."""
    made = Wire()
    yield made
    made.stop()


@pytest.fixture
def storage(issuer: Issuer) -> Iterator[StorageStandIn]:
    made = StorageStandIn("demo-bucket", issuer.public_key)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def bucket(storage: StorageStandIn, issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BucketFiles:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(issuer.account_file(tmp_path / "account.json")))
    return BucketFiles("demo-bucket", storage.url)


@pytest.fixture
def kms(wire: Wire) -> KmsStandIn:
    made = KmsStandIn(wire, "projects/p/locations/l/keyRings/r/cryptoKeys/k")
    wire.start()
    return made


@pytest.fixture
def kms_vault(wire: Wire, kms: KmsStandIn) -> KmsVault:
    return KmsVault(kms.name, wire.address)

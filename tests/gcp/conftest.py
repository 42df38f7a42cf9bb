"""The whole platform in gcp mode, once for a module, with a scriptable model."""

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest

from ohmyagent.adapters.gcp.store import FirestoreStore
from tests.contract import emulator as emulators
from tests.fake_anthropic import FakeAnthropic
from tests.gcp.cloud import Cloud, running
from tests.mail_server import MailServer


@pytest.fixture(scope="session")
def upstream() -> Iterator[FakeAnthropic]:
    with FakeAnthropic() as fake:
        yield fake


@pytest.fixture(scope="session")
def letters() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def direct(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[FirestoreStore]:
    """The platform's own database, past the platform."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", cloud.emulator.address)
    store = FirestoreStore(cloud.project)
    yield store
    store.close()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory, upstream: FakeAnthropic, letters: MailServer) -> Iterator[Cloud]:
    if emulators.jar() is None and os.environ.get("REQUIRE_EMULATOR") != "1":
        pytest.skip("the Firestore emulator is not installed (Google Cloud SDK and Java)")
    folder = tmp_path_factory.mktemp("cloud")
    project = f"oma-{uuid4().hex[:12]}"
    with emulators.running(folder / "emulator.log") as emulator:
        more = {"ANTHROPIC_BASE_URL": upstream.url, "ANTHROPIC_API_KEY": "test-key"}
        more |= {"SMTP_URL": letters.url, "MAIL_FROM": "agent@example.com"}
        with running(folder, emulator, project, **more) as cloud:
            cloud.guest()
            yield cloud

"""What unit tests share: a fixed noon, and the platform's parts without its processes."""

from datetime import UTC, datetime

import pytest

from ohmyagent.adapters.local.queue import SqliteQueue
from ohmyagent.adapters.local.store import SqliteStore
from tests.world import World


@pytest.fixture
def noon() -> datetime:
    return datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def world(tmp_path, noon) -> World:
    return World(SqliteStore(tmp_path / "oma.db"), SqliteQueue(tmp_path / "oma.db"), tmp_path / "files", noon)

"""What unit tests share: a fixed noon, and the platform's parts without its processes."""

from datetime import UTC, datetime

import pytest

from ohmyagent.adapters.local.queue import SqliteQueue
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.ports import Page, Query
from ohmyagent.records.indexes import missing_index
from tests.world import World


class IndexedStore(SqliteStore):
    """Refuses a query that Firestore would refuse, for want of a composite index."""

    def query(self, query: Query) -> Page:
        assert missing_index(query) is None, f"{query} needs {missing_index(query)}"
        return super().query(query)


@pytest.fixture
def noon() -> datetime:
    return datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def world(tmp_path, noon) -> World:
    return World(IndexedStore(tmp_path / "oma.db"), SqliteQueue(tmp_path / "oma.db"), tmp_path / "files", noon)

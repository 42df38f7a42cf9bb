"""A world for each test of the designer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.designer.evaluation import NOON
from tests.designer.house import world_in
from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = world_in(tmp_path, NOON)
    yield world
    world.store.close()

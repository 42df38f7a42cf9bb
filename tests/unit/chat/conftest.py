"""Tests that end in the middle of a conversation leave nobody watching."""

from collections.abc import Iterator

import pytest

from tests.world import World


@pytest.fixture(autouse=True)
def nobody_watches(world: World) -> Iterator[None]:
    yield
    world.store.watchers.close()

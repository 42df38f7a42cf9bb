"""Every test of the HTTP functions has a platform of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http.world import Api, made


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    yield from made(tmp_path)

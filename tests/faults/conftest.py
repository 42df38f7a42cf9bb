"""Histories are full of warnings that are meant to be there."""

from collections.abc import Iterator

import pytest
import structlog

from tests.faults.__main__ import dropped


@pytest.fixture(autouse=True)
def _no_logs() -> Iterator[None]:
    structlog.configure(processors=[dropped])
    yield
    structlog.reset_defaults()

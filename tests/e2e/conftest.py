"""Platforms for the tests that run the real thing."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.browsing import chromium
from tests.fake_anthropic import FakeAnthropic
from tests.platform_process import PlatformProcess


@pytest.fixture
def launch(tmp_path) -> Iterator[Callable[..., PlatformProcess]]:
    """Starts platforms with the environment given; all of them are gone after the test."""
    started: list[PlatformProcess] = []

    def start(name: str = "data", **environment: str) -> PlatformProcess:
        platform = PlatformProcess(tmp_path / name, environment)
        started.append(platform)
        return platform.start()

    yield start
    for platform in started:
        platform.end()


@pytest.fixture
def platform(launch) -> PlatformProcess:
    """A platform with the demo model."""
    return launch()


@pytest.fixture
def upstream() -> Iterator[FakeAnthropic]:
    """A scriptable model."""
    with FakeAnthropic() as fake:
        yield fake


@pytest.fixture
def scripted(launch, upstream) -> PlatformProcess:
    """A platform whose Claude is the scriptable model."""
    return launch(ANTHROPIC_BASE_URL=upstream.url, ANTHROPIC_API_KEY="test-key")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformProcess]:
    """One platform with the demo model for all visitors of a module."""
    platform = PlatformProcess(tmp_path_factory.mktemp("house") / "data", {})
    yield platform.start()
    platform.end()

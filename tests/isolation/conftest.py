"""The sandbox's files, set up once, and who starts the runner."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ohmyagent.runner.install import install
from ohmyagent.runner.installation import Installation, InstallationBroken, default_home
from ohmyagent.runner.probe import probe
from tests.isolation import harness


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker("sandbox")


@pytest.fixture(scope="session")
def home() -> str:
    """A filled sandbox folder; skips, with the reason, on a host where no sandbox can be made."""
    claude = os.environ.get("OMA_CLAUDE") or _installed_claude()
    if claude is None:
        pytest.skip("the Claude CLI is not set up here (make setup, or OMA_CLAUDE=path)")
    installation = install(default_home(), claude)
    report = probe(installation.home)
    if not report.works:
        pytest.skip(f"no sandbox on this host: {report.reason}")
    return installation.home


def _installed_claude() -> str | None:
    try:
        return Installation.at(default_home()).claude
    except InstallationBroken:
        return None


@pytest.fixture(scope="session", params=["root", "ordinary"])
def identity(request: pytest.FixtureRequest) -> Iterator[harness.Identity]:
    """Both ways to start a runner; as an ordinary user only the one that is open to it."""
    if request.param == "ordinary":
        with harness.ordinary() as found:
            yield found
    elif os.geteuid() != 0:
        pytest.skip("the tests do not run as root")
    else:
        yield harness.own()


@pytest.fixture(scope="session")
def anyone() -> harness.Identity:
    """Whoever runs the tests, where it makes no difference."""
    return harness.own()

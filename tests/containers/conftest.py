"""The image, built once, and a container of it for each strategy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers import place
from tests.containers.place import Container


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker("containers")
            item.add_marker("long")
            item.add_marker(pytest.mark.timeout(3600))


@pytest.fixture(scope="session")
def wired() -> Iterator[str]:
    """A namespace with one wire; skips, with the reason, where no container can be had."""
    reason = place.lacking()
    if reason:
        pytest.skip(reason)
    with place.wire() as path:
        yield path


@pytest.fixture(scope="session")
def network(wired: str) -> str:
    """The same, after the runner's image was built."""
    place.build()
    return wired


@pytest.fixture(scope="session")
def confined(network: str) -> Iterator[Container]:
    """A container as a cloud gives it: it may make no namespaces."""
    with place.container(network) as made:
        yield made


@pytest.fixture(scope="session")
def privileged(network: str) -> Iterator[Container]:
    """A container that may make namespaces, and whose root may look into them and choose their cores."""
    options = (
        "--cap-add",
        "SYS_ADMIN,SYS_PTRACE,SYS_NICE",
        "--security-opt",
        "seccomp=unconfined",
        "--security-opt",
        "unmask=ALL",
    )
    with place.container(network, *options) as made:
        yield made


@pytest.fixture(scope="session", params=["confined", "privileged"])
def either(request: pytest.FixtureRequest) -> Container:
    """Each of the two."""
    found: Container = request.getfixturevalue(request.param)
    return found

"""The order of the tests; and a second try in a browser, told in full (docs/decisions/2026-11-20-second-tries.md)."""

import os

import pytest
from hypothesis import HealthCheck, settings

if os.environ.get("CI") != "true":  # there Hypothesis does so by itself, and takes the same examples each time
    settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("patient")

LATE = ["^AssertionError", "^TimeoutError: "]
"""What a page raises that was late; a hanging test, a broken set-up or a bug in a test is none of them."""


LONGEST_FIRST = ("e2e", "isolation", "faults")
"""Folders whose modules take minutes: at the end, one of them would leave the other worker with nothing to do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not {*LONGEST_FIRST} & {*item.path.relative_to(item.config.rootpath).parts})
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=LATE))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A second try begins with a platform and a browser of its own: the first may have left them in any state."""
    if getattr(item, "execution_count", 1) > 1 and isinstance(item, pytest.Function):
        for definitions in item._fixtureinfo.name2fixturedefs.values():
            for definition in definitions:
                if definition.scope in ("module", "package"):
                    definition.finish(item._request)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Nothing is hidden: each test that failed once, and how."""
    first = terminalreporter.stats.get("rerun", [])
    if first:
        names = sorted({report.nodeid for report in first})
        terminalreporter.section(f"{len(names)} tests needed a second try: {', '.join(names)}", sep="!", red=True)
        for report in first:
            terminalreporter.write_sep("_", f"first try of {report.nodeid}, {report.when}")
            terminalreporter.write_line(report.longreprtext)

"""The plans of both environments, made once."""

from __future__ import annotations

import pytest

from tests.infra import terraform
from tests.infra.terraform import Plan


@pytest.fixture(scope="session", params=terraform.ENVIRONMENTS)
def planned(request: pytest.FixtureRequest) -> dict[str, Plan]:
    """By name of the run, of each environment; fails when Terraform's own assertions do."""
    if reason := terraform.lacking():
        pytest.skip(reason)
    found, wrong = terraform.plans(request.param)
    assert not wrong, wrong
    return found


@pytest.fixture(scope="session")
def plan(planned: dict[str, Plan]) -> Plan:
    """With domains, federation and budget."""
    return planned["everything"]

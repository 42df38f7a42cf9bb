"""What docs/deploy.md says it costs is what the prices say, and stays within what was aimed at."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "infra"))

import costs  # noqa: E402 - a script beside Terraform, not a package

DEPLOY = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
AIM = 8.0


def test_the_page_has_the_tables_that_the_prices_give() -> None:
    assert costs.page().strip() in DEPLOY


@pytest.mark.parametrize("tier", costs.tables()[0]["tiers"])
def test_a_hundred_users_cost_no_more_than_eight_dollars_a_month_without_tokens(tier: str) -> None:
    assert 0 < costs.total(costs.SMALL, costs.tables()[0]["tiers"][tier]) <= AIM


def test_nothing_runs_while_nobody_uses_it() -> None:
    """An instance that is kept would cost more than all the rest."""
    import yaml

    found = yaml.safe_load((ROOT / "infra" / "terraform" / "deployables.yaml").read_text(encoding="utf-8"))
    kept = [name for kind in ("functions", "services") for name, one in found[kind].items() if one.get("min")]
    assert found["defaults"]["min"] == 0
    assert kept == []


def test_the_prices_have_a_date() -> None:
    assert isinstance(costs.tables()[0]["date"], datetime.date)


def test_a_run_costs_what_its_seconds_cost() -> None:
    """By hand: 3,000 runs of 120 s on one vCPU are 360,000 vCPU-s, of which 240,000 are free, at $0.000018."""
    rows = {what: cost for what, _, cost in costs.lines(costs.SMALL, 1.0, *costs.tables())}
    assert rows["Runs"] == pytest.approx(120_000 * 0.000018)
    assert costs.total(costs.LARGE, 1.0) > 100 * costs.total(costs.SMALL, 1.0)

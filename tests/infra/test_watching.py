"""What Google counts by is what the program says."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from tests.infra.terraform import Plan

PROGRAM = Path(__file__).resolve().parents[2] / "ohmyagent"
FIELD = re.compile(r"jsonPayload\.(\w+)")
PHRASE = re.compile(r'jsonPayload\.message="([^"]+)"')


def lines_of(phrase: str) -> list[set[str]]:
    """The names of the values in each line of the log that begins so; `**found` counts by the function around it."""
    found = []
    for file in PROGRAM.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for around in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            for call in (node for node in ast.walk(around) if isinstance(node, ast.Call)):
                if call.args and isinstance(call.args[0], ast.Constant) and call.args[0].value == phrase:
                    spread = any(word.arg is None for word in call.keywords)
                    names = {word.arg for word in call.keywords if word.arg}
                    found.append(names | (_keys(around) if spread else set()))
    return found


def _keys(around: ast.FunctionDef) -> set[str]:
    keys = (key for node in ast.walk(around) if isinstance(node, ast.Dict) for key in node.keys)
    return {key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}


def test_every_metric_counts_a_line_that_the_program_writes_with_the_values_that_it_has(plan: Plan) -> None:
    metrics = list(plan.all("google_logging_metric"))
    assert len(metrics) >= 4
    for metric in metrics:
        text = metric.values["filter"]
        (phrase,) = PHRASE.findall(text)
        wanted = set(FIELD.findall(text + str(metric.values.get("value_extractor")))) - {"message"}
        wanted |= set(FIELD.findall(" ".join((metric.values.get("label_extractors") or {}).values())))
        assert any(wanted <= names for names in lines_of(phrase)), f"{phrase}: {wanted}"


def test_a_line_that_nobody_writes_is_found_out() -> None:
    assert lines_of("run began") == []
    assert not any({"nonsense"} <= names for names in lines_of("run ended"))


@pytest.mark.parametrize(
    "page", sorted((PROGRAM.parent / "docs" / "incidents").glob("*.md")), ids=lambda page: page.stem
)
def test_what_a_page_searches_the_logs_for_is_in_them(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    wanted = set(FIELD.findall(text)) - {"message"}
    for phrase in PHRASE.findall(text):
        assert any(wanted <= names for names in lines_of(phrase)), f"{phrase}: {wanted}"


def test_the_dashboard_shows_what_it_should(plan: Plan) -> None:
    (board,) = plan.all("google_monitoring_dashboard")
    tiles = json.loads(board.values["dashboard_json"])["mosaicLayout"]["tiles"]
    text = " ".join(tile["widget"]["title"].lower() for tile in tiles)
    shown = ("runs by state", "lateness p50", "lateness p99", "ticks", "queue age", "5xx", "api p99", "spend", "mails")
    assert [word for word in shown if word not in text] == []
    queries = [data["timeSeriesQuery"] for tile in tiles for data in tile["widget"]["xyChart"]["dataSets"]]
    assert all(query.keys() <= {"timeSeriesFilter", "prometheusQuery"} and query for query in queries)


def test_a_sum_of_costs_is_taken_where_distributions_have_one(plan: Plan) -> None:
    """A threshold on a distribution would be refused: its sum is there in PromQL only."""
    distributions = {
        metric.values["name"]
        for metric in plan.all("google_logging_metric")
        if metric.values["metric_descriptor"][0]["value_type"] == "DISTRIBUTION"
    }
    assert "oma/run_cost" in distributions
    for policy in plan.all("google_monitoring_alert_policy"):
        for threshold in policy.values["conditions"][0].get("condition_threshold") or ():
            summed = "REDUCE_SUM" in str(threshold["aggregations"])
            assert not (summed and any(f'/{name}"' in threshold["filter"] for name in distributions))

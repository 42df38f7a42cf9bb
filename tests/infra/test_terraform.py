"""Terraform itself: format, types, and every rule of the offline checker."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.infra import terraform
from tests.infra.terraform import ENVIRONMENTS, KIT, TERRAFORM, Plan


def test_the_files_are_formatted() -> None:
    if reason := terraform.lacking(kit=False):
        pytest.skip(reason)
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-recursive", str(TERRAFORM)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_terraform_takes_it() -> None:
    if reason := terraform.lacking():
        pytest.skip(reason)
    done = terraform.offline("validate")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_strict_checker_finds_nothing() -> None:
    if reason := terraform.lacking():
        pytest.skip(reason)
    done = subprocess.run(
        [sys.executable, str(KIT / "tfcheck.py"), "--strict", str(TERRAFORM)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_environment_is_nothing_but_values_for_the_one_configuration() -> None:
    names = {file.name.partition(".")[0] for file in (TERRAFORM / "environments").iterdir()}
    assert names == set(ENVIRONMENTS)
    assert not list((TERRAFORM / "environments").glob("**/*.tf"))


def test_the_environments_differ_in_what_they_say_they_do(planned: dict[str, Plan]) -> None:
    condition = next(planned["everything"].all("google_iam_workload_identity_pool_provider"))
    branch = condition.values["attribute_condition"].rpartition("refs/heads/")[2].rstrip("'")
    most = planned["everything"].one("google_cloud_run_v2_service", "agents").values["template"][0]["scaling"]
    assert (branch, most[0]["max_instance_count"]) in {("main", 10), ("staging", 2)}


def test_its_own_tests_pass(planned: dict[str, Plan]) -> None:
    assert {"everything", "with_the_shield"} <= planned.keys()


def test_the_load_balancer_is_made_only_when_it_is_asked_for(planned: dict[str, Plan]) -> None:
    assert not list(planned["everything"].all("google_compute_security_policy"))


def test_the_database_is_where_it_can_stay_and_cannot_be_lost(plan: Plan) -> None:
    (database,) = plan.all("google_firestore_database")
    assert database.values["location_id"] == "asia-northeast3"
    assert database.values["point_in_time_recovery_enablement"] == "POINT_IN_TIME_RECOVERY_ENABLED"
    assert database.values["delete_protection_state"] == "DELETE_PROTECTION_ENABLED"
    (backup,) = plan.all("google_firestore_backup_schedule")
    assert backup.values["daily_recurrence"]


def test_there_are_six_alerts_of_one_condition_each_and_each_has_its_page(plan: Plan) -> None:
    policies = list(plan.all("google_monitoring_alert_policy"))
    assert [len(policy.values["conditions"]) for policy in policies] == [1] * 6
    pages = {policy.values["documentation"][0]["content"].rpartition("/")[2] for policy in policies}
    assert pages == {file.name for file in (terraform.ROOT / "docs" / "incidents").glob("*.md")}

"""Who may reach what: read from the values that Terraform would make, and each rule shown to find what it is for."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from tests.infra import deployables, security
from tests.infra.terraform import Plan, Resource

Change = Callable[[Plan], Plan]


def rules(plan: Plan) -> dict[str, list[str]]:
    return {
        "classes": security.classes(plan, deployables.processes()),
        "runner": security.runner(plan),
        "secrets": security.secrets(plan, deployables.declared()["accounts"]),
        "everybody": security.everybody(plan),
        "logs": security.logs(plan),
        "federation": security.federation(plan),
    }


def test_nothing_can_be_reached_by_whom_it_is_not_for(plan: Plan) -> None:
    assert [fault for faults in rules(plan).values() for fault in faults] == []


def test_nothing_public_is_reached_around_the_shield(planned: dict[str, Plan]) -> None:
    plan = planned["with_the_shield"]
    assert security.classes(plan, deployables.processes()) == []
    assert not list(plan.all("google_cloud_run_domain_mapping"))
    around = changed(plan, "google_cloud_run_v2_service", lambda it: it.update(ingress="INGRESS_TRAFFIC_ALL"), "chat")
    assert security.classes(around, deployables.processes()) != []


def test_everything_behind_the_shield_has_its_limit(planned: dict[str, Plan]) -> None:
    backends = planned["with_the_shield"].all("google_compute_backend_service")
    limited = {one.key for one in backends if "security_policy" not in one.values}  # known only when it is made
    assert limited == {name for name, process in deployables.processes().items() if process["class"] == "public"}


def test_the_shield_leads_every_path_to_where_hosting_would(planned: dict[str, Plan]) -> None:
    (front,) = (one for one in planned["with_the_shield"].all("google_compute_url_map") if one.values["host_rule"])
    rules = [rule["paths"] for matcher in front.values["path_matcher"] for rule in matcher["path_rule"]]
    led = deployables.led()
    # Terraform goes through a map by its keys, here the services, whose addresses are known only when they are made
    assert rules == [sorted(path for path, to in led.items() if to == name) for name in sorted(set(led.values()))]


def test_the_three_classes_are_all_there(plan: Plan) -> None:
    classes = {service.values["labels"]["class"] for service in plan.all("google_cloud_run_v2_service")}
    assert {"public", "token"} <= classes


def test_each_process_runs_as_an_account_of_its_own_kind(plan: Plan) -> None:
    emails = plan.accounts()
    for name, process in deployables.processes().items():
        service = plan.one("google_cloud_run_v2_service", name)
        assert service.values["template"][0]["service_account"] == emails[f"oma-{process['account']}"], name


def changed(plan: Plan, type: str, change: Callable[[dict[str, Any]], object], key: str = "") -> Plan:
    """The plan with one thing otherwise."""
    target = next(one for one in plan.all(type) if key in ("", one.key))
    values = deepcopy(target.values)
    change(values)
    return replace(
        plan, resources=tuple(replace(one, values=values) if one is target else one for one in plan.resources)
    )


def added(plan: Plan, type: str, **values: Any) -> Plan:
    return replace(plan, resources=(*plan.resources, Resource(f"{type}.planted", type, values)))


def runner_of(plan: Plan) -> str:
    return f"serviceAccount:{plan.accounts()['oma-agent-runner']}"


PLANTED: dict[str, tuple[str, Change]] = {
    "a role for the runner": (
        "runner",
        lambda plan: added(plan, "google_project_iam_member", member=runner_of(plan), role="roles/viewer"),
    ),
    "a role for the runner in a binding": (
        "runner",
        lambda plan: added(plan, "google_storage_bucket_iam_binding", members=[runner_of(plan)], role="roles/viewer"),
    ),
    "a NAT": ("runner", lambda plan: added(plan, "google_compute_router_nat", name="out")),
    "a default route": (
        "runner",
        lambda plan: added(plan, "google_compute_route", dest_range="0.0.0.0/0"),
    ),
    "a gateway that the internet reaches": (
        "classes",
        lambda plan: changed(
            plan, "google_cloud_run_v2_service", lambda it: it.update(ingress="INGRESS_TRAFFIC_ALL"), "gateway"
        ),
    ),
    "a second invoker": (
        "classes",
        lambda plan: added(
            plan,
            "google_cloud_run_v2_service_iam_member",
            name="runner",
            member=runner_of(plan),
            role="roles/run.invoker",
        ),
    ),
    "a reader of every secret": (
        "secrets",
        lambda plan: added(
            plan,
            "google_project_iam_member",
            member=f"serviceAccount:{plan.accounts()['oma-api']}",
            role="roles/secretmanager.secretAccessor",
        ),
    ),
    "a secret in the state": ("secrets", lambda plan: added(plan, "google_secret_manager_secret_version")),
    "a bucket for everybody": (
        "everybody",
        lambda plan: added(
            plan, "google_storage_bucket_iam_member", member="allUsers", role="roles/storage.objectViewer"
        ),
    ),
    "an exclusion of something else": (
        "logs",
        lambda plan: changed(plan, "google_logging_project_exclusion", lambda it: it.update(filter="severity<INFO")),
    ),
    "any branch": (
        "federation",
        lambda plan: changed(
            plan,
            "google_iam_workload_identity_pool_provider",
            lambda it: it.update(attribute_condition="assertion.repository == 'example/oh-my-agent'"),
        ),
    ),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_each_rule_finds_what_it_is_for(plan: Plan, planted: str) -> None:
    rule, change = PLANTED[planted]
    assert rules(change(plan))[rule] != []

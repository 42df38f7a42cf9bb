"""What must be true of a plan for the platform to be safe: each rule returns what breaks it."""

from __future__ import annotations

from typing import Any

from tests.infra.terraform import Plan

INGRESS = {
    "public": "INGRESS_TRAFFIC_ALL",
    "oidc": "INGRESS_TRAFFIC_INTERNAL_ONLY",
    "token": "INGRESS_TRAFFIC_INTERNAL_ONLY",
}
SHIELDED = INGRESS | {"public": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"}
DOOR = "199.36.153.8/30"
TELLING = ("/api/auth/validate/", "/ws/", "/api/beta/decisions/", "/api/mail/unsubscribe/")
EVERYBODY = {"allUsers", "allAuthenticatedUsers"}


def classes(plan: Plan, processes: dict[str, dict[str, Any]]) -> list[str]:
    """A service that can be reached otherwise, or by others, than its class says.

    Where a load balancer stands before them, what is public is reached by way of it only.
    """
    ingress = SHIELDED if any(plan.all("google_compute_security_policy")) else INGRESS
    found = {one.values["name"]: one for one in plan.all("google_cloud_run_v2_service")}
    wrong = [f"{name} is not made" for name in processes.keys() - found.keys()]
    for name, service in found.items():
        kind = processes[name]["class"]
        if service.values["ingress"] != ingress[kind]:
            wrong.append(f"{name} of class {kind} has ingress {service.values['ingress']}")
        if service.values.get("invoker_iam_disabled"):
            wrong.append(f"{name} asks nobody who they are")
        expected = {f"serviceAccount:{plan.accounts()['oma-invoker']}"} if kind == "oidc" else {"allUsers"}
        if (invokers := _invokers(plan, name)) != expected:
            wrong.append(f"{name} of class {kind} is invoked by {sorted(invokers)}")
    return wrong


def _invokers(plan: Plan, service: str) -> set[str]:
    grants = plan.all("google_cloud_run_v2_service_iam_member")
    return {str(grant.values["member"]) for grant in grants if grant.values["name"] == service}


def runner(plan: Plan) -> list[str]:
    """Any role of the runner's account, and any way out of its network but Google's front door."""
    member = f"serviceAccount:{plan.accounts()['oma-agent-runner']}"
    wrong = [f"the runner has {role} by {where}" for who, role, where in plan.grants() if who == member]
    (job,) = plan.all("google_cloud_run_v2_job")
    (template,) = job.values["template"][0]["template"]
    if template["service_account"] != plan.accounts()["oma-agent-runner"]:
        wrong.append("the runner does not run as its own account")
    if template["max_retries"] != 0:
        wrong.append("Cloud Run repeats runs")
    if template["vpc_access"][0]["egress"] != "ALL_TRAFFIC":
        wrong.append("the runner's traffic does not go through its network")
    (container,) = template["containers"]
    wrong += [f"the runner is given {env['name']}" for env in container["env"] if env["name"] != "OMA_RUNNER_URL"]
    return wrong + _ways_out(plan)


def _ways_out(plan: Plan) -> list[str]:
    wrong = [f"there is {one.address}" for one in plan.resources if one.type.startswith("google_compute_router")]
    wrong += [one.address for one in plan.all("google_compute_route") if one.values["dest_range"] != DOOR]
    (network,) = plan.all("google_compute_network")
    if not network.values["delete_default_routes_on_create"]:
        wrong.append("the network has a default route")
    walls = [one.values for one in plan.all("google_compute_firewall")]
    open_to = {to for wall in walls for to in wall["destination_ranges"] or () if wall["allow"]}
    if open_to != {DOOR}:
        wrong.append(f"the firewall lets out to {sorted(open_to)}")
    if not any(wall["deny"] and wall["destination_ranges"] == ["0.0.0.0/0"] for wall in walls):
        wrong.append("the firewall stops nothing")
    return wrong


def secrets(plan: Plan, accounts: dict[str, dict[str, Any]]) -> list[str]:
    """A secret that somebody reads who does not use it, or that is in Terraform."""
    emails = plan.accounts()
    wrong = [f"{one.address} is in the state" for one in plan.all("google_secret_manager_secret_version")]
    allowed = {
        (f"serviceAccount:{emails[f'oma-{name}']}", secret)
        for name, account in accounts.items()
        for secret in account.get("secrets", [])
    }
    given = {
        (one.values["member"], one.key.rpartition(" ")[2])
        for one in plan.all("google_secret_manager_secret_iam_member")
    }
    wrong += [f"{who} reads {secret}" for who, secret in given - allowed]
    deployer = f"serviceAccount:{emails['oma-deployer']}"
    wide = [who for who, role, where in plan.grants() if "secretmanager" in role and "secret_iam_member" not in where]
    wrong += [f"{who} reads every secret" for who in wide if who != deployer]
    for service in plan.all("google_cloud_run_v2_service"):
        account = next(
            name for name, mail in emails.items() if mail == service.values["template"][0]["service_account"]
        )
        mounted = {env["name"] for env in service.values["template"][0]["containers"][0]["env"] if env["value_source"]}
        extra = mounted - set(accounts[account.removeprefix("oma-")].get("secrets", []))
        wrong += [f"{service.values['name']} is given {name}" for name in extra]
    return wrong


def everybody(plan: Plan) -> list[str]:
    """Something that anybody may use and that is no service."""
    return [
        f"{who} has {role} by {where}"
        for who, role, where in plan.grants()
        if who in EVERYBODY and not (role == "roles/run.invoker" and who == "allUsers")
    ]


def logs(plan: Plan) -> list[str]:
    """The request logs of routes whose address holds a token are not kept: of a session, or of a link that acts."""
    filters = [one.values["filter"] for one in plan.all("google_logging_project_exclusion")]
    left_out = [text for text in filters if "run.googleapis.com/requests" in text]
    kept = [path for path in TELLING if not any(f'"{path}"' in text for text in left_out)]
    return [f"the logs keep the addresses of {path}" for path in kept]


def federation(plan: Plan) -> list[str]:
    """GitHub is believed for one repository and one branch."""
    wrong = [one.address for one in plan.all("google_service_account_key")]
    for provider in plan.all("google_iam_workload_identity_pool_provider"):
        condition = provider.values["attribute_condition"]
        if (
            "assertion.repository == 'example/oh-my-agent'" not in condition
            or "assertion.ref == 'refs/heads/" not in condition
        ):
            wrong.append(f"GitHub is believed for {condition}")
    return wrong

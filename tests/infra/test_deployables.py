"""One map says what runs; the code, the site's rewrites and the map are the same set."""

from __future__ import annotations

import json

from ohmyagent.http.groups import GROUPS, INTERNAL
from ohmyagent.records.indexes import firestore_indexes_json
from tests.infra import deployables
from tests.infra.deployables import ROOT


def test_functions_in_the_map_and_in_the_code_are_the_same_with_the_same_signatures() -> None:
    mapped = {name: made.get("signature", "http") for name, made in deployables.declared()["functions"].items()}
    assert mapped == deployables.targets()


def test_the_site_leads_to_the_public_functions_and_to_nothing_else() -> None:
    public = {
        name
        for name, process in deployables.processes().items()
        if process["kind"] == "function" and process["class"] == "public"
    }
    assert deployables.rewritten() == public


def test_services_in_the_map_and_in_the_code_are_the_same() -> None:
    files = {file.stem for file in (ROOT / "services").glob("*.py")} - {"__init__"}
    assert set(deployables.declared()["services"]) == files


def test_every_kind_of_task_has_a_queue_and_every_queue_a_kind() -> None:
    assert set(deployables.declared()["queues"]) == deployables.task_kinds()


def test_every_process_runs_as_an_account_of_the_map_and_every_account_is_used() -> None:
    found = deployables.declared()
    used = {process["account"] for process in deployables.processes().values()} | {found["job"]["name"]}
    assert used == set(found["accounts"])


def test_only_the_tick_has_a_schedule() -> None:
    scheduled = {
        name: process["schedule"] for name, process in deployables.processes().items() if "schedule" in process
    }
    assert scheduled in ({}, {"tick": "* * * * *"})


def test_the_generated_indexes_are_those_of_the_program() -> None:
    written = json.loads((ROOT / "firestore.indexes.json").read_text(encoding="utf-8"))
    assert written == firestore_indexes_json()


def test_who_writes_or_takes_signed_links_is_given_the_key() -> None:
    """Notices (changes), ways to stop mails (deliver); decisions (admin), stopping (account)."""
    found = deployables.declared()
    accounts = {found["functions"][name]["account"] for name in ("changes", "deliver", "admin", "account")}
    given = {name for name, account in found["accounts"].items() if "OMA_LINK_KEY" in account.get("secrets", [])}
    assert given == accounts


def test_who_has_no_use_for_sealed_secrets_cannot_open_them() -> None:
    """`http/groups.py` says which function has which routes; only these of the public ones seal or unseal."""
    found = deployables.declared()
    open_to = {name for name, account in found["accounts"].items() if account.get("vault")}
    assert open_to == {"api", "tick", "deliver", "gateway"}
    for name in ("account", "catalogue", "admin"):
        modules = [blueprint.partition(".")[0] for blueprint in GROUPS[name]]
        sources = [(ROOT / "ohmyagent" / "http" / f"{module}.py").read_text(encoding="utf-8") for module in modules]
        assert not [module for module, source in zip(modules, sources, strict=True) if ".vault" in source], name


def test_who_is_called_by_the_platform_alone_is_closed_by_iam() -> None:
    """Cloud Run takes signatures of identity tokens away: where anybody may call, anybody could write such a token."""
    found = deployables.declared()["functions"]
    closed = {name for name, function in found.items() if function["class"] == "oidc"}
    assert set(INTERNAL) | {"changes"} == closed

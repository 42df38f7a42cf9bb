"""Nobody sees another's data: whatever has an owner is, for anybody else, not there."""

import hashlib
import io
import re
from typing import Any

import pytest
from flask import Flask

from ohmyagent import records
from ohmyagent.domain.conversations import Saying
from ohmyagent.http.groups import GROUPS, blueprints
from ohmyagent.http.operations import Access, operation_of
from ohmyagent.http.routing import routed
from ohmyagent.use_cases import talking
from tests.http.world import DRAFT, Api, Person

BODY = b"a,b\n"
SECRET = {"value": "canary-7f3a9b2c", "hosts": ["api.example.com"]}
BODIES: dict[str, Any] = {
    "agents.replace": {"json": DRAFT},
    "agents.change": {"json": {"name": "x"}},
    "agents.rollback": {"json": {"version": 1}},
    "execution_requests.request": {"json": {}},
    "secrets.put": {"json": SECRET},
}
DRAFTED = 2
BODIES |= {
    "drafts.change": {"json": {"revision": DRAFTED, "agent": {"name": "x"}}},
    "drafts.save": {"json": {"revision": DRAFTED}},
    "drafts.rehearse": {"json": {"revision": DRAFTED}},
}
DELETED_FIRST = {"agents.restore"}


def owned() -> list[tuple[str, str, str]]:
    """Every route of signed-in users that names something: endpoint, method, rule."""
    flask: Flask = routed(blueprints(GROUPS))
    return [
        (rule.endpoint, method, rule.rule)
        for rule in flask.url_map.iter_rules()
        if (found := operation_of(flask.view_functions[rule.endpoint])) and found.access is Access.USER
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if rule.arguments
    ]


def world_of(api: Api, endpoint: str) -> tuple[Person, dict[str, str]]:
    """Somebody with an agent, a file and a run that left one."""
    person = api.guest()
    agent_id = person.agent(network={"allow": SECRET["hosts"]})["id"]
    assert person.put(f"/api/agents/{agent_id}/secrets/key", json=SECRET).status_code == 200
    hook_id = person.post(f"/api/agents/{agent_id}/hooks").json["id"]
    person.post(f"/api/agents/{agent_id}/files", data={"file": (io.BytesIO(BODY), "a.csv")})
    run = person.run(agent_id)["id"]
    if endpoint.startswith("executions.") and endpoint != "executions.cancel":
        runner = api.claimed(run)
        file = {"path": "a.csv", "bytes": len(BODY), "sha256": hashlib.sha256(BODY).hexdigest()}
        runner.post("finish", outcome="failed", errorCode="agent", lastSeq=0, artifacts=[file])
    upload_id = person.post("/api/uploads", data={"file": (io.BytesIO(BODY), "a.csv")}).json["id"]
    conversation_id = asked(api, person, agent_id)
    failing = person.agent(name="실패")["id"]
    api.ended(person.run(failing)["id"])
    mail_id = person.get("/api/outbox").json["items"][0]["id"]
    if endpoint in DELETED_FIRST:
        person.delete(f"/api/agents/{agent_id}")
    key_id = person.post("/api/api-keys", json={"name": "k"}).json["id"]
    ids = {
        "agent_id": agent_id,
        "execution_id": run,
        "hook_id": hook_id,
        "mail_id": mail_id,
        "upload_id": upload_id,
        "conversation_id": conversation_id,
        "key_id": key_id,
    }
    return person, ids | {"path": "a.csv", "name": "key"}


def asked(api: Api, person: Person, agent_id: str) -> str:
    """A conversation about the agent, with an answer under way and a draft."""
    store = api.platform.store
    user = records.users.get(store, person.id)
    saying = Saying(agent_id=agent_id, text="고쳐 줘")
    begun = talking.begin(store, api.platform.models, user, saying, owner="p_1", language="ko", now=api.platform.now())
    id = begun.turn.conversation_id
    changed = {"revision": person.get(f"/api/conversations/{id}/draft").json["revision"], "agent": {"name": "새 이름"}}
    assert person.patch(f"/api/conversations/{id}/draft", json=changed).json["revision"] == DRAFTED
    return id


def address(rule: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        for kind in ("id:", "path:"):
            rule = rule.replace(f"<{kind}{name}>", value)
    assert "<" not in rule, rule
    return rule


@pytest.mark.parametrize(("endpoint", "method", "rule"), owned(), ids=lambda value: str(value))
def test_what_is_anothers_is_not_there(api: Api, endpoint: str, method: str, rule: str) -> None:
    owner, names = world_of(api, endpoint)
    stranger = api.guest()
    path = address(rule, names)
    body = BODIES.get(endpoint) or (
        {"data": {"file": (io.BytesIO(BODY), "b.csv")}} if endpoint.startswith("workspace.upload") else {}
    )
    before = api.dump()

    refused = stranger.call(method, path, **body)

    assert (refused.status_code, refused.json["code"]) == (404, "not_found")
    assert api.dump() == before
    body = {"data": {"file": (io.BytesIO(BODY), "b.csv")}} if "data" in body else body
    assert owner.call(method, path, **body).status_code < 300, "the owner's own call must work, or this proves nothing"


@pytest.mark.parametrize(("endpoint", "method", "rule"), owned(), ids=lambda value: str(value))
def test_nobody_is_asked_to_sign_in_first(api: Api, endpoint: str, method: str, rule: str) -> None:
    answer = api.anybody().open(re.sub("<[^>]+>", "x_x", rule), method=method)

    assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_lists_and_sums_show_only_ones_own(api: Api) -> None:
    owner, names = world_of(api, "executions.read")
    stranger = api.guest()

    for path in (
        "/api/agents",
        "/api/executions",
        f"/api/executions?agentId={names['agent_id']}",
        "/api/usage",
        "/api/outbox",
    ):
        assert owner.get(path).json["items"], path
        assert stranger.get(path).json["items"] == [], path


def test_another_users_cursor_is_refused(api: Api) -> None:
    owner, stranger = api.guest(), api.guest()
    owner.agent()
    owner.agent()
    cursor = owner.get("/api/agents?limit=1").json["nextCursor"]

    answer = stranger.get(f"/api/agents?limit=1&cursor={cursor}")

    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "cursor")

"""Agents over HTTP."""

import io
from datetime import timedelta
from urllib.parse import quote

import pytest

from tests.http.world import DRAFT, Api


def test_a_new_agent_has_the_defaults_and_no_inner_fields(api: Api) -> None:
    person = api.guest()

    made = person.post("/api/agents", json=DRAFT)

    assert made.status_code == 201
    assert made.headers["ETag"] == '"1"'
    agent = made.json
    assert (agent["name"], agent["finalPrompt"], agent["userId"]) == (*DRAFT.values(), person.id)
    assert (agent["status"], agent["model"], agent["version"]) == ("active", "haiku", 1)
    assert agent["totalTokenUsage"] == {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0}
    assert agent["createdAt"] == "2026-11-20T12:00:00.000Z"
    assert not {"requestDigest", "deletedAt"} & set(agent)
    assert person.get(f"/api/agents/{agent['id']}").json == agent


def test_korean_is_not_escaped(api: Api) -> None:
    assert "경쟁사 뉴스".encode() in api.guest().post("/api/agents", json=DRAFT).data


def test_the_same_key_is_the_same_agent_and_another_body_is_refused(api: Api) -> None:
    person, other = api.guest(), api.guest()
    key = {"Idempotency-Key": "once"}

    first = person.post("/api/agents", json=DRAFT, headers=key)
    again = person.post("/api/agents", json=DRAFT, headers=key)
    changed = person.post("/api/agents", json=DRAFT | {"name": "다른 이름"}, headers=key)
    others = other.post("/api/agents", json=DRAFT, headers=key)

    assert again.json == first.json
    assert (changed.status_code, changed.json["code"]) == (422, "idempotency_key_reused")
    assert others.json["id"] != first.json["id"]
    assert len(person.get("/api/agents").json["items"]) == 1


def test_a_list_goes_on_where_it_ended(api: Api) -> None:
    person = api.guest()
    for number in range(5):
        api.clock.time += timedelta(seconds=1)
        person.agent(name=f"agent {number}")

    names, cursor = [], ""
    while True:
        page = person.get(f"/api/agents?limit=2{cursor}").json
        names += [agent["name"] for agent in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"

    assert names == [f"agent {number}" for number in (4, 3, 2, 1, 0)]


def test_a_list_is_filtered_by_status_tag_and_words(api: Api) -> None:
    person = api.guest()
    person.agent(name="뉴스", tags=["아침"], status="paused")
    person.agent(name="Sales", description="매주 월요일")

    def found(query: str) -> list[str]:
        return [agent["name"] for agent in person.get(f"/api/agents?{query}").json["items"]]

    assert found("status=paused") == ["뉴스"]
    assert found(f"tag={quote('아침')}") == ["뉴스"]
    assert found(f"q={quote('월요일')}") == ["Sales"]
    assert found("q=SALES") == ["Sales"]
    assert found("status=draft") == []


def test_put_replaces_and_patch_merges(api: Api) -> None:
    person = api.guest()
    agent = person.agent(description="old", limits={"maxTurns": 5, "timeoutSeconds": 60})
    path = f"/api/agents/{agent['id']}"

    patched = person.patch(path, json={"description": "new", "limits": {"maxTurns": 6}}).json
    assert (patched["description"], patched["version"]) == ("new", 2)
    assert (patched["limits"]["maxTurns"], patched["limits"]["timeoutSeconds"]) == (6, 60)

    replaced = person.put(path, json=DRAFT).json
    assert (replaced["description"], replaced["limits"]["maxTurns"], replaced["version"]) == ("", 30, 3)
    assert replaced["slug"] == agent["slug"]


def test_a_merge_patch_may_say_that_it_is_one(api: Api) -> None:
    person = api.guest()
    path = f"/api/agents/{person.agent()['id']}"

    patched = person.patch(path, data=b'{"name": "x"}', headers={"Content-Type": "application/merge-patch+json"})

    assert patched.json["name"] == "x"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("tag", ['"1"', '"3"', 'W/"2"', "2", '"x"', '"1", "2"', '"²"'])
def test_a_stale_etag_changes_nothing(api: Api, method: str, tag: str) -> None:
    person = api.guest()
    path = f"/api/agents/{person.agent()['id']}"
    current = person.patch(path, json={"name": "second"})
    assert current.headers["ETag"] == '"2"'
    before = api.dump()

    stale = person.call(method, path, headers={"If-Match": tag.encode().decode("latin-1")}, json=DRAFT)

    assert (stale.status_code, stale.json["code"]) == (412, "stale")
    assert api.dump() == before


@pytest.mark.parametrize("tag", ['"1"', "*"])
def test_the_present_etag_lets_a_change_through(api: Api, tag: str) -> None:
    person = api.guest()
    path = f"/api/agents/{person.agent()['id']}"

    assert person.patch(path, json={"name": "x"}, headers={"If-Match": tag}).json["version"] == 2


def test_a_slug_is_unique_within_a_user(api: Api) -> None:
    person, other = api.guest(), api.guest()
    person.agent(slug="news")

    assert person.post("/api/agents", json=DRAFT | {"slug": "news"}).status_code == 409
    assert other.post("/api/agents", json=DRAFT | {"slug": "news"}).status_code == 201


def test_a_deleted_agent_is_out_of_sight_until_it_is_restored(api: Api) -> None:
    person = api.guest()
    path = f"/api/agents/{person.agent()['id']}"

    assert person.delete(path).status_code == 204
    assert person.get(path).status_code == 404
    assert person.get("/api/agents").json["items"] == []

    restored = person.post(f"{path}/restore")
    assert (restored.status_code, restored.json["status"]) == (200, "paused")
    assert person.post(f"{path}/restore").status_code == 409


def test_after_thirty_days_it_is_gone_for_good(api: Api) -> None:
    person = api.guest()
    path = f"/api/agents/{person.agent()['id']}"
    person.delete(path)

    api.clock.time += timedelta(days=30, seconds=1)

    assert api.again(person).post(f"{path}/restore").status_code == 404


def test_every_version_is_kept_and_can_come_back(api: Api) -> None:
    person = api.guest()
    path = f"/api/agents/{person.agent(name='first')['id']}"
    person.patch(path, json={"name": "second"})

    back = person.post(f"{path}/rollback", json={"version": 1})

    assert (back.json["name"], back.json["version"]) == ("first", 3)
    versions = person.get(f"{path}/versions").json["items"]
    assert [(v["version"], v["draft"]["name"]) for v in versions] == [(3, "first"), (2, "second"), (1, "first")]
    assert person.post(f"{path}/rollback", json={"version": 9}).status_code == 404


FILE = """---
name: competitor-news
description: 매일 아침 경쟁사 뉴스를 요약한다
tools: Read, Write
model: haiku
x-unknown: kept
---
지시문
"""


def test_an_imported_file_is_exported_as_it_was(api: Api) -> None:
    person = api.guest()

    made = person.post("/api/agents/import", data=FILE.encode(), headers={"Content-Type": "text/markdown"})
    assert (made.status_code, made.json["status"], made.json["slug"]) == (201, "paused", "competitor-news")

    export = person.get(f"/api/agents/{made.json['id']}/export")
    assert export.data == FILE.encode()
    assert export.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert export.headers["Content-Disposition"].startswith('attachment; filename="competitor-news.md"')


def test_a_file_may_come_as_a_form(api: Api) -> None:
    person = api.guest()

    form = {"file": (io.BytesIO(FILE.encode()), "news.md")}
    made = person.post("/api/agents/import", data=form)
    assert made.json["finalPrompt"].strip() == "지시문"


def test_what_is_wrong_with_a_file_is_named(api: Api) -> None:
    person = api.guest()
    text = FILE.replace("model: haiku", "model: haiku\noma:\n  limits: {timeout: never}")

    refused = person.post("/api/agents/import", data=text.encode(), headers={"Content-Type": "text/markdown"})

    assert refused.status_code == 422
    assert refused.json["errors"][0]["field"] == "oma.limits.timeout"


def test_a_file_replaces_an_agent_but_not_its_status(api: Api) -> None:
    person = api.guest()
    path = f"/api/agents/{person.agent()['id']}"

    replaced = person.put(path, data=FILE.encode(), headers={"Content-Type": "text/markdown", "If-Match": '"1"'})

    assert (replaced.status_code, replaced.json["version"], replaced.json["status"]) == (200, 2, "active")
    assert replaced.json["slug"] == "competitor-news"
    assert person.get(f"{path}/export").data == FILE.encode()

"""The user's clicks on cards: change, save, try, price."""

import io
import json
from typing import Any

from ohmyagent import records
from ohmyagent.domain.conversations import Conversation, Saying
from ohmyagent.use_cases import drafting, showing
from ohmyagent.use_cases.talking import begin, events
from tests.http.world import NOON, Api, Person

WISH = {"name": "뉴스 요약", "finalPrompt": "뉴스를 요약해 줘", "schedule": {"cron": "0 9 * * 1-5"}}
TALK = "/api/conversations/v_talk"


def talking(api: Api) -> Person:
    person = api.guest()
    talk = Conversation(id="v_talk", user_id=person.id, title="대화", created_at=NOON, updated_at=NOON)
    records.conversations.put(api.platform.store, talk.id, talk)
    return person


def changed(person: Person, revision: int, **agent: Any) -> dict[str, Any]:
    answer = person.patch(f"{TALK}/draft", json={"revision": revision, "agent": agent})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def shown(api: Api) -> list[tuple[str, dict[str, Any]]]:
    lines = events.log(api.platform.store, "v_talk", 0, limit=100).lines
    return [(event["kind"], event["data"]) for event in (json.loads(line.text) for line in lines)]


def test_a_draft_is_changed_tried_priced_and_saved_by_clicks(api: Api) -> None:
    person = talking(api)
    draft = changed(person, 0, **WISH)
    assert (draft["revision"], draft["agentId"], draft["missing"]) == (1, None, [])
    assert draft["scheduleText"]["ko"] == "평일 오전 9시 (KST)"
    price = person.get(f"{TALK}/price?revision=1").json
    assert (price["basis"], price["perRun"], price["runs"]) == ("none", None, 21)

    tried = person.post(f"{TALK}/rehearsals", json={"revision": 1, "allow": ["news.example.com"]})
    assert tried.status_code == 202, tried.text
    assert (tried.json["rehearsal"], tried.json["trigger"]) == (True, "chat")
    api.claimed(tried.json["id"])
    api.ended(tried.json["id"])
    draft = person.get(f"{TALK}/draft").json
    assert (draft["revision"], draft["agent"]["network"]["allow"]) == (2, ["news.example.com"])

    made = person.post(f"{TALK}/draft/save", json={"revision": 2, "activate": True})
    assert made.status_code == 201, made.text
    assert (made.json["status"], made.json["id"]) == ("active", tried.json["agentId"])
    assert made.json["nextRunAt"] == "2026-11-23T00:00:00.000Z"
    again = person.post(f"{TALK}/draft/save", json={"revision": 2, "activate": True})
    assert (again.json["id"], again.json["version"]) == (made.json["id"], 1)
    assert len(person.get("/api/agents").json["items"]) == 1
    kinds = [kind for kind, _ in shown(api)]
    assert kinds == ["draft", "draft", "rehearsal", "rehearsal", "draft", "agent", "draft", "agent"]
    assert shown(api)[5][1]["agentId"] == made.json["id"]


def test_what_is_stale_wrong_or_not_yours_is_refused_with_its_field(api: Api) -> None:
    person = talking(api)
    changed(person, 0, **WISH)
    assert person.patch(f"{TALK}/draft", json={"revision": 0, "agent": {"name": "x"}}).status_code == 409
    assert person.post(f"{TALK}/draft/save", json={"revision": 0}).status_code == 409
    assert person.get(f"{TALK}/price?revision=7").status_code == 409
    wrong = person.patch(f"{TALK}/draft", json={"revision": 1, "agent": {"network": {"allow": ["127.0.0.1"]}}})
    assert wrong.status_code == 422
    assert wrong.json["errors"][0]["field"] == "agent.network.allow.0"
    stranger = api.guest()
    for method, path, body in (
        ("GET", "/draft", None),
        ("PATCH", "/draft", {"revision": 1, "agent": {}}),
        ("POST", "/draft/save", {"revision": 1}),
        ("POST", "/rehearsals", {"revision": 1}),
        ("GET", "/price", None),
    ):
        answer = stranger.call(method, TALK + path, json=body) if body else stranger.call(method, TALK + path)
        assert answer.status_code == 404


def test_a_key_that_may_not_run_starts_no_trial_run(api: Api) -> None:
    person = talking(api)
    changed(person, 0, **WISH)
    for scopes, status in ((["read", "write"], 403), (["run"], 403), (["write", "run"], 202)):
        key = person.post("/api/api-keys", json={"name": "k", "scopes": scopes}).json["key"]
        tried = Person(api.flask, key, person.id).post(f"{TALK}/rehearsals", json={"revision": 1})
        assert tried.status_code == status, tried.text


def test_a_trial_run_is_started_once_for_each_key(api: Api) -> None:
    person = talking(api)
    changed(person, 0, **WISH)
    key = {"Idempotency-Key": "click-1"}
    first = person.post(f"{TALK}/rehearsals", json={"revision": 1}, headers=key).json
    assert person.post(f"{TALK}/rehearsals", json={"revision": 1}, headers=key).json["id"] == first["id"]
    second = person.post(f"{TALK}/rehearsals", json={"revision": 1}, headers={"Idempotency-Key": "click-2"})
    assert second.status_code == 409


def test_an_unfinished_draft_cannot_be_saved_or_tried(api: Api) -> None:
    person = talking(api)
    changed(person, 0, name="이름만")
    for path in ("/draft/save", "/rehearsals"):
        refused = person.post(f"{TALK}{path}", json={"revision": 1})
        assert refused.status_code == 422
        assert [error["field"] for error in refused.json["errors"]] == ["agent.finalPrompt"]


def given(api: Api, person: Person, name: str, body: bytes) -> str:
    """A file that came with a message of the conversation."""
    upload: dict[str, Any] = person.post("/api/uploads", data={"file": (io.BytesIO(body), name)}).json
    user, store = records.users.get(api.platform.store, person.id), api.platform.store
    saying = Saying(conversation_id="v_talk", text="이 파일로 해 줘", files=(upload["id"],))
    begin(store, api.platform.models, user, saying, owner="p_1", language="ko", now=NOON)
    id: str = upload["id"]
    return id


def test_a_file_of_the_conversation_is_there_for_the_trial_run_and_then_for_the_agent(api: Api) -> None:
    person = talking(api)
    given(api, person, "매출.csv", b"week,sales\n1,10\n")
    changed(person, 0, **WISH)

    tried = person.post(f"{TALK}/rehearsals", json={"revision": 1}).json
    spec = api.claimed(tried["id"]).claim["spec"]
    [file] = spec["workspace"]["files"]
    assert (file["path"], file["bytes"], spec["workspace"]["save"]) == ("매출.csv", 16, False)
    assert api.anybody().open(file["url"]).data == b"week,sales\n1,10\n"
    api.ended(tried["id"])

    agent = person.post(f"{TALK}/draft/save", json={"revision": 1}).json
    files = f"/api/agents/{agent['id']}/files"
    assert person.get(files).json["items"] == [{"path": "매출.csv", "bytes": 16}]
    person.delete(f"{files}/매출.csv")
    assert person.post(f"{TALK}/draft/save", json={"revision": 1}).status_code < 300
    assert person.get(files).json["items"] == []


def test_a_card_that_comes_after_the_end_of_its_conversation_leaves_nothing_behind(api: Api) -> None:
    person, here = talking(api), api.platform
    changed(person, 0, **WISH)
    draft = drafting.present(here.store, records.users.get(here.store, person.id), "v_talk", NOON)
    assert person.delete(TALK).status_code == 204
    showing.draft(here.store, draft, NOON)
    assert records.chat_batches("v_talk").page(here.store)[0] == []

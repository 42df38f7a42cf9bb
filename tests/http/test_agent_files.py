"""Agent files over HTTP: replacing an agent by a file, and what an edit leaves of it."""

from tests.http.world import Api, Person

FILE = """\
---
name: news
description: first
skills: [korean-report]
oma: {version: 1, owner_note: keep me}
---
지시문
"""
MARKDOWN = {"Content-Type": "text/markdown; charset=utf-8"}


def imported(person: Person) -> str:
    made = person.post("/api/agents/import", data=FILE.encode(), headers=MARKDOWN)
    assert made.status_code == 201
    return f"/api/agents/{made.json['id']}"


def test_a_file_replaces_an_agent_and_is_exported_as_it_is(api: Api) -> None:
    person = api.guest()
    agent = imported(person)
    person.patch(agent, json={"status": "active"})
    text = FILE.replace("first", "second") + "\n# a line more\n"

    replaced = person.put(agent, data=text.encode(), headers=MARKDOWN)

    assert (replaced.status_code, replaced.json["version"]) == (200, 3)
    assert (replaced.json["description"], replaced.json["status"]) == ("second", "active")
    assert person.get(f"{agent}/export").text == text


def test_a_file_for_an_older_version_is_refused(api: Api) -> None:
    person = api.guest()
    agent = imported(person)
    person.patch(agent, json={"description": "meanwhile"})
    stale = person.put(agent, data=FILE.encode(), headers=MARKDOWN | {"If-Match": '"1"'})
    assert (stale.status_code, stale.json["code"]) == (412, "stale")
    assert person.get(agent).json["description"] == "meanwhile"


def test_a_bad_file_changes_nothing_and_names_the_key_in_korean(api: Api) -> None:
    person = api.guest()
    agent = imported(person)
    bad = FILE.replace("version: 1", "version: 1, limits: {max_turns: many}")
    refused = person.put(agent, data=bad.encode(), headers=MARKDOWN | {"Accept-Language": "ko"})
    assert refused.status_code == 422
    assert refused.json["errors"] == [{"field": "oma.limits.max_turns", "message": "정수여야 합니다"}]
    assert person.get(f"{agent}/export").text == FILE


def test_another_persons_agent_cannot_be_replaced(api: Api) -> None:
    agent = imported(api.guest())
    assert api.guest().put(agent, data=FILE.encode(), headers=MARKDOWN).status_code == 404


def test_an_edit_on_the_page_keeps_the_keys_that_only_the_file_knows(api: Api) -> None:
    person = api.guest()
    agent = imported(person)

    person.patch(agent, json={"description": "edited"})
    person.patch(agent, json={"tools": ["Read"]})

    export = person.get(f"{agent}/export").text
    assert "description: edited" in export
    assert "tools: Read\n" in export
    assert "owner_note: keep me" in export
    assert "korean-report" in export


def test_an_edit_taken_back_brings_the_file_back_to_the_byte(api: Api) -> None:
    person = api.guest()
    agent = imported(person)
    person.patch(agent, json={"description": "edited"})
    person.patch(agent, json={"description": "first"})
    assert person.get(f"{agent}/export").text == FILE

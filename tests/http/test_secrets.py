"""What an agent is entrusted with: a value goes in and comes out nowhere."""

import json
from pathlib import Path

import pytest

from ohmyagent.domain.secrets import MOST_SECRETS
from tests.http.world import Api, Person

CANARY = "canary-7f3a9b2c"
HOSTS = ["api.example.com", "*.example.org"]
SHOWN = {"name", "hosts", "header", "prefix", "createdAt", "updatedAt"}


@pytest.fixture
def person(api: Api) -> Person:
    return api.guest()


@pytest.fixture
def place(person: Person) -> str:
    agent = person.agent(network={"allow": HOSTS})
    return f"/api/agents/{agent['id']}/secrets"


def test_it_is_kept_read_listed_replaced_and_deleted_without_its_value(person: Person, place: str) -> None:
    made = person.put(f"{place}/key", json={"value": CANARY, "hosts": ["api.example.com"]})
    assert (made.status_code, made.json["header"], made.json["prefix"]) == (200, "Authorization", "Bearer ")
    assert set(made.json) == SHOWN
    replaced = person.put(
        f"{place}/key", json={"value": CANARY[::-1], "hosts": ["API.example.com.", "a.example.org"], "header": "X-Key"}
    )
    assert replaced.json["hosts"] == ["api.example.com", "a.example.org"]
    assert replaced.json["createdAt"] == made.json["createdAt"]
    assert person.get(f"{place}/key").json == replaced.json
    assert person.get(place).json == {"items": [replaced.json], "nextCursor": None}
    assert person.delete(f"{place}/key").status_code == 204
    assert person.get(f"{place}/key").status_code == 404
    assert person.get(place).json["items"] == []


def test_its_value_is_in_no_answer_no_file_and_no_log(
    api: Api, person: Person, place: str, capfd: pytest.CaptureFixture[str]
) -> None:
    body = {"value": CANARY, "hosts": ["api.example.com"]}
    answers = [
        person.put(f"{place}/key", json=body), person.get(f"{place}/key"), person.get(place),
        person.get(place.removesuffix("/secrets")), person.get(place.removesuffix("secrets") + "export"),
        person.put(f"{place}/key", json=body | {"hosts": ["evil.example.net"]}),
        person.put(f"{place}/key", json=body | {"header": CANARY + "\n"}),
        person.put(f"{place}/key", json=body | {"unknown": CANARY}),
        person.post(f"{place}/key", json=body), person.put(place, json=body),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 200, 422, 422, 422, 405, 405]
    assert not [answer.text for answer in answers if CANARY in answer.text]
    assert CANARY not in json.dumps(api.dump(), default=str)
    kept = b"".join(file.read_bytes() for file in Path(api.platform.settings.data).rglob("*") if file.is_file())
    assert b'"sealed"' in kept, "the store is somewhere else"
    assert CANARY.encode() not in kept
    logged = "".join(capfd.readouterr())
    assert "/secrets/" in logged, "the log is somewhere else"
    assert CANARY not in logged


def test_two_secrets_never_fill_the_same_header_of_a_host(person: Person, place: str) -> None:
    body = {"value": CANARY, "hosts": ["api.example.com"]}
    assert person.put(f"{place}/one", json=body).status_code == 200
    refused = person.put(f"{place}/two", json=body | {"header": "authorization"})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "header")
    assert person.put(f"{place}/two", json=body | {"header": "X-Key"}).status_code == 200
    assert person.put(f"{place}/three", json=body | {"hosts": ["b.example.org"]}).status_code == 200
    assert person.put(f"{place}/one", json=body).status_code == 200


def test_there_are_so_many_and_no_more(person: Person, place: str) -> None:
    for number in range(MOST_SECRETS):
        body = {"value": CANARY, "hosts": ["api.example.com"], "header": f"X-Key-{number}"}
        assert person.put(f"{place}/key{number}", json=body).status_code == 200
    more = {"value": CANARY, "hosts": ["api.example.com"], "header": "X-Another"}
    assert person.put(f"{place}/another", json=more).json["errors"][0]["field"] == "name"
    assert person.put(f"{place}/key0", json=more).status_code == 200

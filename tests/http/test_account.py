"""The signed-in user's profile."""

from tests.http.world import Api


def test_a_user_changes_what_is_named_and_nothing_else(api: Api) -> None:
    person = api.guest()
    before = person.get("/api/account").json

    after = person.patch("/api/account", json={"name": "김민", "timezone": "Europe/Berlin"})

    assert after.status_code == 200
    assert after.json == before | {"name": "김민", "timezone": "Europe/Berlin"}
    assert person.get("/api/account").json == after.json


def test_nothing_but_the_profile_can_be_changed(api: Api) -> None:
    person = api.guest()

    refused = person.patch("/api/account", json={"plan": "owner", "kind": "owner"})

    assert refused.status_code == 422
    assert {error["field"] for error in refused.json["errors"]} == {"plan", "kind"}
    assert person.get("/api/account").json["plan"] == "guest"

"""Signing in with Google: bound to one browser, once; a guest's work comes along; sessions and keys hold no longer
than they should."""

import io
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ohmyagent import records
from ohmyagent.adapters.identities import GoogleIdentities
from ohmyagent.domain.accounts import Scope
from ohmyagent.ports import Where
from ohmyagent.use_cases import moving, signing_in
from tests.google import CLIENT_ID, Google, serving
from tests.http.world import NOON, PUBLIC_URL, Api, Person, made

OURS = {"Origin": PUBLIC_URL}
ADMIN = "boss@example.com"


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    with serving() as found:
        yield found


@pytest.fixture
def api(tmp_path: Path, google: Google) -> Iterator[Api]:
    for api in made(tmp_path):
        here = api.platform
        settings = replace(here.settings, google_client_id=CLIENT_ID, admin_emails=(ADMIN,))
        yield Api(
            replace(here, settings=settings, identities=GoogleIdentities(CLIENT_ID, google.url)), api.clock, api.jobs
        )


def nonce(browser: FlaskClient) -> str:
    asked = browser.post("/api/auth/nonce", headers=OURS)
    assert asked.status_code == 201
    found: str = asked.json["nonce"]
    return found


def sign_in(browser: FlaskClient, google: Google, headers: dict[str, str] = OURS, **claims: Any) -> TestResponse:
    given = nonce(browser)
    body = {"credential": google.token(given, **claims), "nonce": given}
    return browser.post("/api/auth/google", json=body, headers=headers)


def session_of(browser: FlaskClient) -> Any:
    return browser.get("/api/auth/session").json


def test_a_new_browser_becomes_a_waiting_google_user(api: Api, google: Google) -> None:
    browser = api.browser()

    answer = sign_in(browser, google)

    assert answer.status_code == 200
    user = answer.json["user"]
    assert (user["kind"], user["googleId"], user["email"], user["plan"]) == (
        "google", "1001", "kim@example.com", "waiting",
    )  # fmt: skip
    assert (user["verifiedEmail"], user["name"]) == (True, "김하나")
    assert session_of(browser)["user"] == user
    assert set(answer.json) == {"token", "expiresAt", "user"}


def test_the_same_account_is_the_same_user_whatever_its_address(api: Api, google: Google) -> None:
    first = sign_in(api.browser(), google).json["user"]
    api.browser()
    again = sign_in(api.browser(), google, email="other@example.com", name="다른 이름").json["user"]
    other = sign_in(api.browser(), google, sub="2002", email="kim@example.com").json["user"]

    assert (again["id"], again["email"], again["name"]) == (first["id"], "other@example.com", "김하나")
    assert other["id"] != first["id"], "the address says nothing"


def test_whose_verified_address_administers_does(api: Api, google: Google) -> None:
    def plan(**claims: Any) -> tuple[str, int]:
        browser = api.browser()
        user = sign_in(browser, google, **claims).json["user"]
        return user["plan"], browser.get("/api/admin/beta/applications").status_code

    assert plan(sub="a", email=ADMIN.upper()) == ("admin", 200)
    assert plan(sub="b", email=ADMIN, email_verified=False) == ("waiting", 404)
    assert plan(sub="a", email="boss@elsewhere.example.com") == ("waiting", 404), "no longer"


def test_a_guest_becomes_the_user_with_all_there_is(api: Api, google: Google) -> None:
    browser = api.browser()
    token = browser.post("/api/auth/guest", headers=OURS).json["token"]
    guest = session_of(browser)["user"]
    agent = browser.post("/api/agents", json={"name": "뉴스", "finalPrompt": "요약"}, headers=OURS).json
    run = browser.post(f"/api/agents/{agent['id']}/executions", json={}, headers=OURS).json

    answer = sign_in(browser, google)

    assert (answer.json["user"]["id"], answer.json["user"]["kind"]) == (guest["id"], "google")
    assert [a["id"] for a in browser.get("/api/agents").json["items"]] == [agent["id"]]
    assert [r["id"] for r in browser.get("/api/executions").json["items"]] == [run["id"]]
    old = Person(api.flask, token, guest["id"])
    assert old.get("/api/agents").status_code == 401, "a guest's token is no token of the account"
    assert answer.json["token"] != token


def work_of(api: Api, person: Person) -> dict[str, str]:
    """Something in every corner: files, a secret, hooks, mails, a run under way and one that has ended."""
    agent = person.agent(
        slug="news",
        network={"allow": ["api.example.com"]},
        notify={"email": "always", "webhookUrl": "https://h.example.com/"},
    )
    base = f"/api/agents/{agent['id']}"
    assert person.post(f"{base}/files", data={"file": (io.BytesIO(b"a,b\n"), "a.csv")}).status_code == 201
    secret = {"value": "12345678", "hosts": ["api.example.com"]}
    assert person.put(f"{base}/secrets/key", json=secret).status_code == 200
    hook = person.post(f"{base}/hooks").json
    key = person.get(f"{base}/webhook-secret").json["secret"]
    assert person.post("/api/feedback", json={"text": "좋아요"}).status_code == 201
    assert person.get("/api/account/export").status_code == 200
    ended = person.run(agent["id"], input="첫째")
    api.claimed(ended["id"])
    api.ended(ended["id"])
    live = person.run(agent["id"], input="둘째")
    api.claimed(live["id"])
    return {"agent": agent["id"], "hook": hook["id"], "secret": hook["secret"], "key": key, "ended": ended["id"],
            "live": live["id"]}  # fmt: skip


def owned(api: Api, user_id: str) -> list[str]:
    """The paths of all documents that name the user, but the user's own and what is over with the user."""
    connection = api.platform.store.database.connection()
    rows = connection.execute("SELECT collection || '/' || id, data FROM docs").fetchall()
    over = ("users/", "sessions/", "signinCodes/", "tickets/")
    return sorted(path for path, data in rows if user_id in f"{path}{data}" and not path.startswith(over))


def test_a_guests_work_moves_to_an_account_that_is_there_already(api: Api, google: Google) -> None:
    account = sign_in(api.browser(), google).json
    owner = Person(api.flask, account["token"], account["user"]["id"])
    owner.agent(slug="news")
    guest = api.guest()
    work = work_of(api, guest)
    assert len({path.split("/")[0] for path in owned(api, guest.id)}) > 10, "or the emptiness below proves little"
    spent = guest.get("/api/account/limits").json
    before = owner.get("/api/account/limits").json

    given = guest.post("/api/auth/nonce").json["nonce"]
    answer = guest.post("/api/auth/google", json={"token": google.token(given), "nonce": given})

    assert answer.status_code == 200, answer.text
    assert answer.json["user"]["id"] == owner.id
    assert guest.get("/api/account").status_code == 401
    base = f"/api/agents/{work['agent']}"
    found = owner.get(base).json
    assert (found["userId"], found["slug"]) == (owner.id, work["agent"].replace("_", "-"))
    assert owner.get(f"{base}/files/a.csv").data == b"a,b\n"
    assert [s["name"] for s in owner.get(f"{base}/secrets").json["items"]] == ["key"]
    assert owner.get(f"{base}/webhook-secret").json["secret"] == work["key"]
    assert {r["id"] for r in owner.get("/api/executions").json["items"]} == {work["ended"], work["live"]}
    assert owner.get("/api/outbox").json["items"]
    assert [(entry["act"], entry["by"]) for entry in owner.get("/api/account/audit").json["items"]] == [
        ("exported", "me")
    ]
    after = owner.get("/api/account/limits").json
    for name in ("agents", "runsToday", "spentThisMonthMicroUsd"):
        assert after[name] == before[name] + spent[name], name
    sent = api.anybody().post(f"/api/hooks/{work['hook']}", headers={"Authorization": f"Bearer {work['secret']}"})
    assert sent.status_code in (202, 409), "the hook's own secret still opens"
    assert owned(api, guest.id) == [f"moves/{guest.id}"]
    api.ended(work["live"])
    months = records.months.page(api.platform.store, Where("userId", "==", owner.id))[0]
    assert [month.reservations for month in months] == [()], "the run under way was booked where it was set aside"


def test_a_suspended_guests_work_does_not_go_on_under_another_name(api: Api, google: Google) -> None:
    account = sign_in(api.browser(), google).json
    owner = Person(api.flask, account["token"], account["user"]["id"])
    guest, store = api.guest(), api.platform.store
    guest.agent()
    records.users.put(store, guest.id, records.users.get(store, guest.id).replace(suspended_at=NOON))

    given = guest.post("/api/auth/nonce").json["nonce"]
    answer = guest.post("/api/auth/google", json={"token": google.token(given), "nonce": given})

    assert (answer.status_code, answer.json["user"]["id"]) == (200, owner.id)
    assert owner.get("/api/agents").json["items"] == []
    assert records.users.get(store, guest.id).moved_to is None
    assert guest.get("/api/agents").status_code in (401, 403)


def test_a_move_that_was_cut_off_is_carried_on_and_happens_once(api: Api, google: Google) -> None:
    account = sign_in(api.browser(), google).json["user"]
    guest = api.guest()
    work = work_of(api, guest)
    here = api.platform
    given = guest.post("/api/auth/nonce").json["nonce"]
    broken = replace(here, files=Broken())
    cut_off = Api(broken, api.clock, api.jobs)  # type: ignore[arg-type]

    signed_in = cut_off.anybody().post(
        "/api/auth/google", json={"token": google.token(given), "nonce": given}, headers=guest.headers
    )
    assert signed_in.status_code == 200
    assert guest.get("/api/account").status_code == 401, "the guest is nobody from the sign-in on"
    assert [move.id for move in records.moves.page(here.store)[0]] == [guest.id]
    assert moving.resume(here.store, here.files, here.vault, here.now()) == 1
    assert moving.resume(here.store, here.files, here.vault, here.now()) == 0, "done, until links to bodies have ended"

    assert records.agents.get(here.store, work["agent"]).user_id == account["id"]
    assert owned(api, guest.id) == [f"moves/{guest.id}"]
    api.clock.time = NOON + timedelta(hours=2)
    assert moving.resume(here.store, here.files, here.vault, here.now()) == 1
    assert owned(api, guest.id) == []
    assert records.users.find(here.store, guest.id) is None
    assert list(here.files.listed(f"agents/{guest.id}/")) == []
    assert list(here.files.listed(f"agents/{account['id']}/")) != []


class Broken:
    def __init__(self) -> None:
        """A disk that fails."""

    def exists(self, key: str) -> bool:
        raise OSError("the disk is gone")


def test_a_nonce_works_once(api: Api, google: Google) -> None:
    browser = api.browser()
    given = nonce(browser)
    body = {"credential": google.token(given), "nonce": given}

    assert browser.post("/api/auth/google", json=body, headers=OURS).status_code == 200
    again = browser.post("/api/auth/google", json=body, headers=OURS)

    assert (again.status_code, again.json["code"]) == (401, "unauthenticated")


def test_of_two_at_once_with_one_nonce_one_gets_in(api: Api, google: Google) -> None:
    browser = api.browser()
    given = nonce(browser)
    cookie = browser.get_cookie("__session")
    assert cookie is not None
    body = {"credential": google.token(given), "nonce": given}
    headers = OURS | {"Cookie": f"__session={cookie.value}"}
    answers: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(
                api.anybody().post("/api/auth/google", json=body, headers=headers).status_code
            )
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [200, 401, 401, 401]


def test_a_nonce_is_for_the_browser_that_asked(api: Api, google: Google) -> None:
    """Whoever makes another browser send their own Google token would sign it in as themselves."""
    attacker, victim = api.browser(), api.browser()
    given = nonce(attacker)
    nonce(victim)
    body = {"credential": google.token(given), "nonce": given}

    assert victim.post("/api/auth/google", json=body, headers=OURS).status_code == 401
    assert api.anybody().post("/api/auth/google", json=body).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        lambda google, given: {"credential": google.token("another"), "nonce": given},
        lambda google, given: {"credential": google.token(None), "nonce": given},
        lambda google, given: {"credential": google.token("another"), "nonce": "another"},
        lambda google, given: {"credential": google.token(given, aud="x"), "nonce": given},
        lambda google, given: {"credential": "a.b.c", "nonce": given},
        lambda google, given: {"credential": google.token(given, exp=int(time.time()) - 60), "nonce": given},
    ],
)
def test_a_token_that_does_not_fit_signs_nobody_in(api: Api, google: Google, body: Any) -> None:
    browser = api.browser()
    given = nonce(browser)

    answer = browser.post("/api/auth/google", json=body(google, given), headers=OURS)

    assert answer.status_code == 401
    assert session_of(browser)["valid"] is False


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422), ({"credential": "x"}, 422), ({"nonce": "x"}, 422), ({"credential": 1, "nonce": "x"}, 422),
        ({"credential": "a", "token": "a", "nonce": "x"}, 422), ({"credential": "x" * 9000, "nonce": "x"}, 422),
        ({"credential": "x", "nonce": "x", "g_csrf_token": "x"}, 422), ({"credential": "x", "nonce": ""}, 422),
        ([], 400), ("x", 400), (None, 400),
    ],
)  # fmt: skip
def test_bad_bodies_are_named(api: Api, body: Any, status: int) -> None:
    answer = api.anybody().post("/api/auth/google", data=json.dumps(body), content_type="application/json")

    assert answer.status_code == status


def test_another_sites_page_signs_nobody_in(api: Api, google: Google) -> None:
    browser = api.browser()
    for origin in ("http://evil.example.com", "null", None):
        headers = {"Origin": origin} if origin else {}
        assert sign_in(browser, google, headers=headers).status_code == 403
    assert api.anybody().post("/api/auth/nonce", headers={"Origin": "http://evil.example.com"}).status_code == 403


def test_a_nonce_ends_after_ten_minutes(api: Api, google: Google) -> None:
    browser = api.browser()
    given = nonce(browser)
    api.clock.time = NOON + timedelta(minutes=10)

    body = {"credential": google.token(given), "nonce": given}
    assert browser.post("/api/auth/google", json=body, headers=OURS).status_code == 401


def test_the_cookie_before_a_session_signs_nobody_in(api: Api) -> None:
    browser = api.browser()
    nonce(browser)

    assert browser.get("/api/agents").status_code == 401
    assert session_of(browser) == {"valid": False, "user": None, "expiresAt": None}


def test_without_a_client_id_the_answer_says_what_to_set(tmp_path: Path) -> None:
    for api in made(tmp_path):
        browser = api.browser()
        given = nonce(browser)
        answer = browser.post("/api/auth/google", json={"credential": "x", "nonce": given}, headers=OURS)
        assert (answer.status_code, "GOOGLE_CLIENT_ID" in answer.json["detail"]) == (409, True)
        assert api.anybody().get("/config.json").json["googleClientId"] is None


# Sessions


def test_signing_in_gives_another_token_each_time(api: Api, google: Google) -> None:
    browser = api.browser()
    first = sign_in(browser, google).json["token"]
    second = sign_in(browser, google).json["token"]

    assert first != second
    assert Person(api.flask, first, "").get("/api/account").status_code == 401, "the one before is closed"


def test_signing_out_everywhere_ends_every_session_and_no_key(api: Api, google: Google) -> None:
    one, two = api.browser(), api.browser()
    sign_in(one, google)
    sign_in(two, google)
    key = one.post("/api/api-keys", json={"name": "명령"}, headers=OURS).json["key"]
    link = one.post("/api/auth/links", headers=OURS).json["url"].rpartition("=")[2]

    assert one.post("/api/auth/logout?everywhere=true", headers=OURS).status_code == 204

    assert not session_of(one)["valid"]
    assert not session_of(two)["valid"]
    assert api.anybody().post("/api/auth/link", json={"code": link}).status_code == 401, "nor a link made before"
    assert Person(api.flask, key, "").get("/api/account").status_code == 200


@pytest.mark.parametrize("how", [{"json": {"everywhere": True}}, {"query_string": "everywhere"}])
def test_everywhere_may_stand_in_body_or_address(api: Api, google: Google, how: dict[str, Any]) -> None:
    one, two = api.browser(), api.browser()
    sign_in(one, google)
    sign_in(two, google)

    assert one.post("/api/auth/logout", headers=OURS, **how).status_code == 204
    assert not session_of(two)["valid"]


def test_signing_out_here_leaves_the_others(api: Api, google: Google) -> None:
    one, two = api.browser(), api.browser()
    sign_in(one, google)
    sign_in(two, google)

    one.post("/api/auth/logout", headers=OURS)

    assert (session_of(one)["valid"], session_of(two)["valid"]) == (False, True)


def test_who_was_signed_out_cannot_sign_others_out(api: Api, google: Google) -> None:
    one, two = api.browser(), api.browser()
    token = sign_in(one, google).json["token"]
    sign_in(two, google)
    one.post("/api/auth/logout", headers=OURS)

    Person(api.flask, token, "").post("/api/auth/logout", json={"everywhere": True})

    assert session_of(two)["valid"]


def test_tokens_are_random_and_kept_as_digests(api: Api, google: Google) -> None:
    tokens = {sign_in(api.browser(), google, sub=str(n)).json["token"] for n in range(20)}
    browser = api.browser()
    sign_in(browser, google)
    key = browser.post("/api/api-keys", json={"name": "k"}, headers=OURS).json["key"]

    assert len(tokens) == 20
    assert min(len(token) for token in tokens) >= 43, "256 bits in base64"
    kept = repr(api.dump())
    assert not [token for token in (*tokens, key) if token in kept]


# API keys


def keyed(api: Api, person: Person, *scopes: str) -> Person:
    made = person.post("/api/api-keys", json={"name": "k", "scopes": list(scopes)})
    assert made.status_code == 201, made.text
    assert made.json["key"].startswith("oma_")
    return Person(api.flask, made.json["key"], made.json["id"])


def test_a_key_is_shown_once_listed_and_taken_back(api: Api) -> None:
    person = api.guest()
    key = keyed(api, person, "read")

    (listed,) = person.get("/api/api-keys").json["items"]
    assert listed == {"id": key.id, "name": "k", "scopes": ["read"], "createdAt": "2026-11-20T12:00:00.000Z",
                      "lastUsedAt": None}  # fmt: skip
    assert key.get("/api/account").status_code == 200
    assert person.get("/api/api-keys").json["items"][0]["lastUsedAt"] == "2026-11-20T12:00:00.000Z"
    assert person.delete(f"/api/api-keys/{key.id}").status_code == 204
    assert key.get("/api/account").status_code == 401
    assert person.delete(f"/api/api-keys/{key.id}").status_code == 404


def test_another_users_key_is_not_there(api: Api) -> None:
    owner, stranger = api.guest(), api.guest()
    key = keyed(api, owner, "read")

    assert stranger.get("/api/api-keys").json["items"] == []
    assert stranger.delete(f"/api/api-keys/{key.id}").status_code == 404
    assert key.get("/api/account").status_code == 200


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        (("read",), {"read"}), (("run",), {"run"}), (("write",), {"write"}), (("read", "run"), {"read", "run"}),
        (("read", "run", "write"), {"read", "run", "write", "key", "link"}),
    ],
)  # fmt: skip
def test_a_key_does_what_its_scopes_say_and_nothing_else(api: Api, scopes: tuple[str, ...], allowed: set[str]) -> None:
    person = api.guest()
    agent = person.agent()
    key = keyed(api, person, *scopes)

    found = {
        "read": key.get("/api/agents"),
        "run": key.post(f"/api/agents/{agent['id']}/executions", json={}),
        "write": key.patch(f"/api/agents/{agent['id']}", json={"name": "다른"}),
        "key": key.post("/api/api-keys", json={"name": "more"}),
        "link": key.post("/api/auth/links"),
    }

    assert {name for name, answer in found.items() if answer.status_code < 300} == allowed
    refused = [answer for answer in found.values() if answer.status_code >= 300]
    assert {(answer.status_code, answer.json["code"]) for answer in refused} <= {(403, "forbidden")}


def test_last_use_is_written_once_an_hour(api: Api) -> None:
    person = api.guest()
    key = keyed(api, person, "read")
    writes = []

    for minutes in (0, 1, 59, 61):
        api.clock.time = NOON + timedelta(minutes=minutes)
        key.get("/api/account")
        writes.append(person.get("/api/api-keys").json["items"][0]["lastUsedAt"])

    assert writes == ["2026-11-20T12:00:00.000Z"] * 3 + ["2026-11-20T13:01:00.000Z"]


def test_a_guests_key_ends_with_the_guest(api: Api, google: Google) -> None:
    """Whoever put a guest's session into another's browser must not keep a way in when that person signs in."""
    browser = api.browser()
    token = browser.post("/api/auth/guest", headers=OURS).json["token"]
    key = keyed(api, Person(api.flask, token, ""), "read")
    link = browser.post("/api/auth/links", headers=OURS).json["url"].rpartition("=")[2]

    sign_in(browser, google)

    assert key.get("/api/agents").status_code == 401
    assert api.anybody().post("/api/auth/link", json={"code": link}).status_code == 401


def test_there_are_twenty_keys_at_most(api: Api) -> None:
    person = api.guest()
    for _ in range(20):
        keyed(api, person, "read")

    assert person.post("/api/api-keys", json={"name": "one more"}).status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"), ({"name": ""}, "name"), ({"name": "\u200b"}, "name"), ({"name": "x" * 81}, "name"),
        ({"name": "a\nb"}, "name"), ({"name": 1}, "name"), ({"name": "k", "scopes": []}, "scopes"),
        ({"name": "k", "scopes": ["admin"]}, "scopes.0"), ({"name": "k", "scopes": "read"}, "scopes"),
        ({"name": "k", "scopes": ["read"] * 4}, "scopes"), ({"name": "k", "userId": "u_1"}, "userId"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_key_is_named(api: Api, body: dict[str, Any], field: str) -> None:
    answer = api.guest().post("/api/api-keys", json=body)

    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)


def test_the_owners_key_of_before_has_every_scope(api: Api) -> None:
    here = api.platform
    owner = signing_in.owner(here.store, here.now())
    secret, key = signing_in.new_api_key(here.store, owner, "oma", here.now())
    old = {name: value for name, value in key.document().items() if name not in ("scopes", "number", "byGuest")}
    here.store.put(records.api_keys.path(key.id), old)

    found = records.api_keys.get(here.store, key.id)
    assert found.scopes == tuple(Scope)
    assert (
        Person(api.flask, secret, owner.id).post("/api/agents", json={"name": "a", "finalPrompt": "b"}).status_code
        == 201
    )

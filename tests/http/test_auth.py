"""Signing in and out."""

from contextlib import nullcontext
from datetime import timedelta

import pytest

from ohmyagent.domain.errors import Forbidden
from ohmyagent.domain.record import rfc3339
from ohmyagent.domain.text import digest
from ohmyagent.http import origins
from ohmyagent.use_cases import signing_in
from tests.http.world import NOON, PUBLIC_URL, Api

OURS = {"Origin": PUBLIC_URL}


def test_a_guest_gets_a_token_a_cookie_and_a_user(api: Api) -> None:
    answer = api.anybody().post("/api/auth/guest", headers={"Accept-Language": "ko-KR,ko;q=0.9"})

    assert answer.status_code == 201
    made = answer.json
    assert made["expiresAt"] == rfc3339(NOON + timedelta(days=30))
    assert made["user"] | {"id": "u"} == {
        "id": "u", "kind": "guest", "googleId": None, "email": None, "verifiedEmail": False, "name": "게스트",
        "picture": None, "locale": "ko", "timezone": "Asia/Seoul", "plan": "guest", "betaApproved": False,
        "createdAt": "2026-11-20T12:00:00.000Z",
    }  # fmt: skip
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"__session={made['token']};")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_the_token_is_kept_only_as_its_digest(api: Api) -> None:
    person = api.guest()

    dump = repr(api.dump())
    assert person.token not in dump
    assert digest(person.token) in dump


def test_a_cookie_signs_a_browser_in(api: Api) -> None:
    browser = api.browser()
    assert browser.get("/api/auth/session").json == {"valid": False, "user": None, "expiresAt": None}

    user = browser.post("/api/auth/guest", headers=OURS).json["user"]

    session = browser.get("/api/auth/session").json
    assert (session["valid"], session["user"]) == (True, user)


def test_signing_out_closes_the_session_and_takes_the_cookie_away(api: Api) -> None:
    browser = api.browser()
    token = browser.post("/api/auth/guest").json["token"]

    left = browser.post("/api/auth/logout", headers=OURS)

    assert left.status_code == 204
    assert left.data == b""
    assert "__session=;" in left.headers["Set-Cookie"]
    assert browser.get("/api/auth/session").json["valid"] is False
    again = api.anybody().get("/api/agents", headers={"Authorization": f"Bearer {token}"})
    assert again.status_code == 401


def test_signing_out_without_being_signed_in_is_no_error(api: Api) -> None:
    assert api.anybody().post("/api/auth/logout").status_code == 204


@pytest.mark.parametrize(
    ("wait", "valid"), [(timedelta(days=6, hours=23), True), (timedelta(days=7), False), (timedelta(days=31), False)]
)
def test_a_session_ends_after_a_week_of_silence(api: Api, wait: timedelta, valid: bool) -> None:
    person = api.guest()
    api.clock.time += wait

    assert person.get("/api/auth/session").json["valid"] is valid
    assert person.get("/api/agents").status_code == (200 if valid else 401)


def test_a_session_ends_after_thirty_days_however_busy(api: Api) -> None:
    person = api.guest()
    for _ in range(6):
        api.clock.time += timedelta(days=5)
        status = person.get("/api/agents").status_code

    assert status == 401


def test_the_original_route_validates_sessions_and_nothing_else(api: Api) -> None:
    person = api.guest()
    key, _ = signing_in.new_api_key(api.platform.store, signing_in.owner(api.platform.store, NOON), "oma", NOON)

    def validated(token: str) -> object:
        return api.anybody().get(f"/api/auth/validate/{token}").json

    assert validated(person.token)["valid"] is True  # type: ignore[index]
    assert validated(person.token)["user"]["id"] == person.id  # type: ignore[index]
    assert validated("nobody") == {"valid": False, "user": None}
    assert validated(key) == {"valid": False, "user": None}


def test_an_api_key_signs_in_and_does_not_expire(api: Api) -> None:
    store = api.platform.store
    key, _ = signing_in.new_api_key(store, signing_in.owner(store, NOON), "oma", NOON)

    session = api.anybody().get("/api/auth/session", headers={"Authorization": f"Bearer {key}"}).json

    assert (session["valid"], session["user"]["kind"], session["expiresAt"]) == (True, "owner", None)


def test_a_link_signs_one_browser_in_once(api: Api) -> None:
    person = api.guest()
    link = person.post("/api/auth/links")
    assert link.status_code == 201
    assert link.json["expiresAt"] == rfc3339(NOON + timedelta(hours=1))
    address, _, code = link.json["url"].partition("#signin=")
    assert address == f"{PUBLIC_URL}/"

    first = api.browser().post("/api/auth/link", json={"code": code})
    second = api.browser().post("/api/auth/link", json={"code": code})

    assert (first.status_code, second.status_code) == (201, 401)
    assert first.json["user"]["id"] == person.id
    assert first.json["token"] != person.token
    assert "__session=" in first.headers["Set-Cookie"]
    assert second.json["code"] == "unauthenticated"


def test_a_link_dies_after_an_hour(api: Api) -> None:
    code = api.guest().post("/api/auth/links").json["url"].partition("#signin=")[2]
    api.clock.time += timedelta(hours=1)

    assert api.anybody().post("/api/auth/link", json={"code": code}).status_code == 401


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (PUBLIC_URL, 201),
        ("http://localhost", 201),
        ("HTTP://127.0.0.1:8080", 201),
        (None, 403),
        ("null", 403),
        ("", 403),
        ("http://evil.example.com", 403),
        ("http://127.0.0.1:8081", 403),
        ("https://127.0.0.1:8080", 403),
        ("http://127.0.0.1:8080.evil.example.com", 403),
    ],
)
def test_a_cookie_acts_only_for_our_own_page(api: Api, origin: str | None, status: int) -> None:
    browser = api.browser()
    browser.post("/api/auth/guest")

    answer = browser.post("/api/auth/links", headers={} if origin is None else {"Origin": origin})

    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("host", "origin", "sound"),
    [
        ("oma.example.com", "https://oma.example.com", True),
        ("agents-1.run.app", "https://agents-1.run.app", True),
        ("oma.example.com", "http://oma.example.com", False),
        ("oma.example.com", "http://127.0.0.1:8080", False),
        ("127.0.0.1:8080", "http://127.0.0.1:8080", True),
    ],
)
def test_where_the_platform_speaks_https_no_page_without_it_acts(host: str, origin: str, sound: bool) -> None:
    with nullcontext() if sound else pytest.raises(Forbidden):
        origins.check_origin(origin, "https://oma.example.com", host)


def test_another_site_cannot_sign_a_browser_in_as_somebody_else(api: Api) -> None:
    answer = api.anybody().post("/api/auth/guest", headers={"Origin": "http://evil.example.com"})

    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_a_bearer_needs_no_origin(api: Api) -> None:
    person = api.guest()

    assert person.post("/api/auth/links", headers={"Origin": "http://evil.example.com"}).status_code == 201


def test_reading_by_cookie_needs_no_origin(api: Api) -> None:
    browser = api.browser()
    browser.post("/api/auth/guest")

    assert browser.get("/api/agents").status_code == 200

"""Stopping notifications by the link in each of them, and turning them on again."""

import pytest

from ohmyagent import records
from ohmyagent.domain.accounts import User, UserKind
from ohmyagent.domain.mail import MailKind, OutboxMail
from ohmyagent.use_cases import signing_in, suppressing
from tests.http.world import NOON, Api, Person

ADDRESS = "kim@example.com"


@pytest.fixture
def person(api: Api) -> Person:
    user = User(id="u_kim", kind=UserKind.GOOGLE, email=ADDRESS, verified_email=True, name="Kim", created_at=NOON)
    here = api.platform
    records.users.put(here.store, user.id, user)
    opened = signing_in.redeem(here.store, signing_in.new_link_code(here.store, user, NOON), NOON)
    return Person(api.flask, opened.token, user.id)


def path(api: Api) -> str:
    mail = OutboxMail(
        id="m_1", user_id="u_kim", kind=MailKind.FAILED, to=ADDRESS, language="ko", subject="s", lines=(),
        place="", created_at=NOON, due_at=NOON,
    )  # fmt: skip
    link = suppressing.link(api.platform.office, mail)
    assert link is not None
    return link.removeprefix("http://127.0.0.1:8080")


def test_opening_the_link_asks_and_one_click_stops(api: Api, person: Person) -> None:
    address, anybody = path(api), api.anybody()
    page = anybody.get(address, headers={"Accept-Language": "en"})
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert "Stop sending notifications" in page.text
    assert person.get("/api/account/mail").json == {"wanted": True, "refused": False}

    for _ in range(2):
        done = anybody.post(address, data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 204
    assert person.get("/api/account/mail").json == {"wanted": False, "refused": False}
    by_page = anybody.post(address, headers={"Accept": "text/html", "Origin": "http://127.0.0.1:8080"})
    assert (by_page.status_code, by_page.mimetype) == (200, "text/html")


def test_another_text_stops_nothing(api: Api, person: Person) -> None:
    address = path(api)
    for wrong in (address[:-2], "/api/mail/unsubscribe/x", address.replace("unsubscribe/", "unsubscribe/e")):
        assert api.anybody().get(wrong).status_code == 404
        assert api.anybody().post(wrong).status_code == 404
    assert person.get("/api/account/mail").json["wanted"] is True


def test_somebody_turns_them_off_and_on(api: Api, person: Person) -> None:
    assert person.put("/api/account/mail", json={"wanted": False}).json == {"wanted": False, "refused": False}
    suppressing.bounced(api.platform.store, ADDRESS.upper(), NOON, for_good=True)
    assert person.get("/api/account/mail").json == {"wanted": False, "refused": True}
    assert person.put("/api/account/mail", json={"wanted": True}).json == {"wanted": True, "refused": False}


def test_who_has_no_address_has_nothing_to_turn_off(api: Api) -> None:
    assert api.guest().put("/api/account/mail", json={"wanted": False}).json == {"wanted": True, "refused": False}

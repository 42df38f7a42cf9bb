"""The beta programme by API: applying, deciding, and the mails that the store's change events cause."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ohmyagent import records
from ohmyagent.domain.accounts import User, UserKind
from ohmyagent.domain.mail import ADMINS, OutboxMail
from ohmyagent.ports import Change, ChangeKind, Where
from ohmyagent.settings import Settings
from ohmyagent.use_cases import joining, mails, reacting, signing_in
from ohmyagent.use_cases.vouching import Office
from tests.http.world import NOON, Api, Person, made

ADMIN = "boss@example.com"
FORM = {"purpose": "보고서를 자동으로 쓰려고 합니다.\r\nBcc: other@example.com", "consent": True}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    for api in made(tmp_path):
        settings = replace(api.platform.settings, admin_emails=(ADMIN,))
        office = replace(api.platform.office, admin_emails=(ADMIN,))
        yield Api(replace(api.platform, settings=settings, office=office), api.clock, api.jobs)


def google(api: Api, address: str, **fields: object) -> Person:
    """Somebody who has signed in with Google."""
    user = User(
        id=f"u_{address.partition('@')[0]}", kind=UserKind.GOOGLE, google_id=address,
        email=address, verified_email=True,
        name="Kim <b>", plan="waiting", created_at=NOON,
    ).replace(**fields)  # fmt: skip
    records.users.put(api.platform.store, user.id, user)
    here = api.platform
    opened = signing_in.redeem(here.store, signing_in.new_link_code(here.store, user, here.now()), here.now())
    return Person(api.flask, opened.token, user.id)


@contextmanager
def heard(api: Api) -> Iterator[None]:
    """Change events are delivered as on a platform that runs."""
    stop = threading.Event()
    handler = lambda change: reacting.react(change, api.platform)  # noqa: E731
    thread = threading.Thread(target=api.platform.changes.run, args=(handler, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def written(api: Api) -> list[OutboxMail]:
    found, _ = records.outbox.page(api.platform.store, oldest="createdAt")
    return sorted(found, key=lambda mail: mail.kind)


def until_mails(api: Api, *kinds: str) -> list[OutboxMail]:
    deadline = time.monotonic() + 30
    while [mail.kind for mail in written(api)] != list(kinds):
        assert time.monotonic() < deadline, written(api)
        time.sleep(0.02)
    return written(api)


def link(api: Api) -> str:
    """The path of the link in the notice."""
    [notice] = [mail for mail in written(api) if mail.kind == "beta_notice"]
    found = re.search(r"/api/beta/decisions/\S+", mails.text(notice, "https://a.example.com"))
    assert found
    return found[0]


def test_somebody_applies_once_and_sees_the_state(api: Api) -> None:
    person = google(api, "kim@example.com")
    assert person.get("/api/beta/applications/me").status_code == 404

    first = person.post("/api/beta/applications", json=FORM)
    again = person.post("/api/beta/applications", json=FORM | {"purpose": "something else"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json == person.get("/api/beta/applications/me").json
    assert (first.json["status"], first.json["userId"], first.json["decidedAt"]) == ("received", person.id, None)


def test_guests_are_told_to_sign_in_first(api: Api) -> None:
    answer = api.guest().post("/api/beta/applications", json=FORM, headers={"Accept-Language": "ko"})

    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")
    assert "Google" in answer.json["detail"]
    assert "베타" in answer.json["detail"]


@pytest.mark.parametrize(
    ("body", "field", "korean"),
    [
        ({"purpose": "x", "consent": False}, "consent", "동의"),
        ({"purpose": "x"}, "consent", "빠졌습니다"),
        ({"purpose": " \n", "consent": True}, "purpose", "비어"),
        ({"purpose": "x" * 2001, "consent": True}, "purpose", "2000자"),
        ({"purpose": "a\x00", "consent": True}, "purpose", "제어"),
    ],
)
def test_a_bad_form_names_the_field_in_the_persons_language(
    api: Api, body: dict[str, object], field: str, korean: str
) -> None:
    answer = google(api, "kim@example.com").post("/api/beta/applications", json=body, headers={"Accept-Language": "ko"})

    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field
    assert korean in answer.json["errors"][0]["message"]


def test_the_three_mails_follow_from_the_writes_alone(api: Api) -> None:
    person, admin = google(api, "kim@example.com"), google(api, ADMIN)
    with heard(api):
        application = person.post("/api/beta/applications", json=FORM).json["id"]
        notice, received = until_mails(api, "beta_notice", "beta_received")
        assert (received.to, received.user_id) == ("kim@example.com", person.id)
        assert (notice.to, notice.user_id, notice.subject_id) == (ADMIN, ADMINS, person.id)
        assert "보고서를" in mails.text(notice, "https://a.example.com")
        assert "Bcc" not in notice.subject

        admin.post(f"/api/admin/beta/applications/{application}/approve")
        approved = until_mails(api, "beta_approved", "beta_notice", "beta_received")[0]
    assert approved.to == "kim@example.com"
    user = records.users.get(api.platform.store, person.id)
    assert (user.plan, user.beta_approved) == ("approved", True)


def test_a_rejection_is_told_and_changes_no_plan(api: Api) -> None:
    person, admin = google(api, "kim@example.com"), google(api, ADMIN)
    application = person.post("/api/beta/applications", json=FORM).json["id"]
    rejected = admin.post(f"/api/admin/beta/applications/{application}/reject").json
    with heard(api):
        until_mails(api, "beta_received", "beta_rejected")
    assert (rejected["status"], rejected["name"], rejected["email"]) == ("rejected", "Kim <b>", "kim@example.com")
    assert records.users.get(api.platform.store, person.id).plan == "waiting"


def test_repeated_swapped_and_late_events_change_nothing(api: Api) -> None:
    person, admin = google(api, "kim@example.com"), google(api, ADMIN)
    id = person.post("/api/beta/applications", json=FORM).json["id"]
    created = Change("e1", f"betaApplications/{id}", ChangeKind.CREATED, NOON)
    updated = Change("e2", f"betaApplications/{id}", ChangeKind.UPDATED, NOON)
    reacting.react(created, api.platform)
    admin.post(f"/api/admin/beta/applications/{id}/approve")
    for change in (updated, created, updated, created):
        reacting.react(change, api.platform)
    before = written(api)
    api.clock.time = NOON + timedelta(days=1)
    reacting.react(created, api.platform)
    reacting.react(replace(created, kind=ChangeKind.DELETED), api.platform)
    reacting.react(replace(created, path="betaApplications/b_gone"), api.platform)

    assert written(api) == before
    assert [mail.kind for mail in before] == ["beta_approved", "beta_notice", "beta_received"]


def test_the_link_shows_first_acts_on_post_once_and_dies(api: Api) -> None:
    person = google(api, "kim@example.com")
    id = person.post("/api/beta/applications", json=FORM).json["id"]
    reacting.react(Change("e1", f"betaApplications/{id}", ChangeKind.CREATED, NOON), api.platform)
    path, anybody = link(api), api.anybody()

    page = anybody.get(path, headers={"Accept": "text/html,*/*;q=0.8", "Accept-Language": "en"})
    assert page.mimetype == "text/html"
    assert "Kim &lt;b&gt; (kim@example.com) has applied" in page.text
    assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    assert anybody.get(path).json["application"]["status"] == "received"
    assert person.get("/api/beta/applications/me").json["status"] == "received", "GET only shows"

    foreign = anybody.post(f"{path}/approve", headers={"Origin": "https://evil.example.com"})
    assert foreign.status_code == 403
    form = anybody.post(f"{path}/approve", headers={"Origin": "http://127.0.0.1:8080", "Accept": "text/html"})
    assert (form.status_code, form.mimetype) == (200, "text/html")
    assert person.get("/api/beta/applications/me").json["status"] == "approved"
    for method, way in (("POST", "/approve"), ("POST", "/reject"), ("GET", "")):
        assert anybody.open(path + way, method=method).status_code == 410
    [entry], _ = records.audit.page(api.platform.store, Where("userId", "==", person.id))
    assert (entry.act, entry.how) == ("beta_approved", "link")
    assert ADMIN not in repr(entry)


def test_a_link_that_was_changed_is_old_or_of_somebody_who_administers_no_more_is_dead(api: Api) -> None:
    person = google(api, "kim@example.com")
    id = person.post("/api/beta/applications", json=FORM).json["id"]
    reacting.react(Change("e1", f"betaApplications/{id}", ChangeKind.CREATED, NOON), api.platform)
    path = link(api)
    token = path.rpartition("/")[2]

    assert api.anybody().get(path[:-1] + ("A" if path[-1] != "A" else "B")).status_code == 404
    assert api.anybody().get("/api/beta/decisions/x").status_code == 404
    nobody = Office("https://a.example.com", ("new@example.com",), api.platform.office.key)
    with pytest.raises(joining.NotFound):
        joining.of_link(api.platform.store, nobody, token, NOON)
    api.clock.time = NOON + timedelta(days=8)
    assert api.anybody().get(path).status_code == 410
    assert api.anybody().post(f"{path}/approve").status_code == 410


def test_only_administrators_find_the_administration(api: Api) -> None:
    person = google(api, "kim@example.com")
    unverified = google(api, "boss2@example.com", email=ADMIN, verified_email=False)
    id = person.post("/api/beta/applications", json=FORM).json["id"]
    for stranger in (person, unverified, api.guest()):
        assert stranger.get("/api/admin/beta/applications").status_code == 404
        assert stranger.post(f"/api/admin/beta/applications/{id}/approve").status_code == 404
    assert person.get("/api/beta/applications/me").json["status"] == "received"

    admin = google(api, ADMIN)
    listed = admin.get("/api/admin/beta/applications?status=received").json["items"]
    assert [(one["id"], one["purpose"], one["email"]) for one in listed] == [(id, FORM["purpose"], "kim@example.com")]
    assert admin.get("/api/admin/beta/applications?status=approved").json["items"] == []
    assert admin.post("/api/admin/beta/applications/b_none/approve").status_code == 404


def test_an_approval_is_not_taken_back_but_a_rejection_may_be(api: Api) -> None:
    person, admin = google(api, "kim@example.com"), google(api, ADMIN)
    id = person.post("/api/beta/applications", json=FORM).json["id"]
    assert admin.post(f"/api/admin/beta/applications/{id}/reject").json["status"] == "rejected"
    assert admin.post(f"/api/admin/beta/applications/{id}/approve").json["status"] == "approved"
    assert admin.post(f"/api/admin/beta/applications/{id}/approve").status_code == 200
    assert admin.post(f"/api/admin/beta/applications/{id}/reject").status_code == 409
    assert len(records.audit.page(api.platform.store)[0]) == 2


def test_applicants_cannot_read_the_notice_about_them(api: Api) -> None:
    person = google(api, "kim@example.com")
    id = person.post("/api/beta/applications", json=FORM).json["id"]
    reacting.react(Change("e1", f"betaApplications/{id}", ChangeKind.CREATED, NOON), api.platform)

    assert [mail["kind"] for mail in person.get("/api/outbox").json["items"]] == ["beta_received"]
    [notice] = [mail for mail in written(api) if mail.kind == "beta_notice"]
    assert person.get(f"/api/outbox/{notice.id}").status_code == 404


def test_settings_name_the_administrators() -> None:
    assert Settings.from_env({"ADMIN_EMAILS": "A@example.com"}).admin_emails == ("a@example.com",)

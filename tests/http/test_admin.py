"""The administration: what it shows, what it does, who may, and that each act leaves its entry."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from flask import Flask
from google.cloud import scheduler_v1

from ohmyagent import logs, records
from ohmyagent.adapters.gcp.metronome import SchedulerMetronome
from ohmyagent.domain.blocks import Offence
from ohmyagent.domain.mail import ADMINS, MailState
from ohmyagent.http.groups import GROUPS, blueprints
from ohmyagent.http.operations import Access, operation_of
from ohmyagent.http.routing import routed
from ohmyagent.http.timing import Timings
from ohmyagent.ports import Change, ChangeKind
from ohmyagent.use_cases import guarding, pausing, reacting, ticking
from tests.googleapi.scheduler import SchedulerStandIn
from tests.googleapi.wire import Wire
from tests.http.test_beta import ADMIN, FORM, google
from tests.http.world import NOON, Api, Person, made

HOURLY = {"cron": "0 * * * *", "timezone": "Asia/Seoul"}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    for api in made(tmp_path):
        settings = replace(api.platform.settings, admin_emails=(ADMIN,))
        office = replace(api.platform.office, admin_emails=(ADMIN,))
        yield Api(replace(api.platform, settings=settings, office=office), api.clock, api.jobs)


@pytest.fixture
def admin(api: Api) -> Person:
    return google(api, ADMIN)


def acts(admin: Person) -> list[tuple[str, str | None, str | None]]:
    items = admin.get("/api/admin/audit").json["items"]
    return [(entry["act"], entry["userId"], entry["detail"]) for entry in reversed(items)]


def admins_routes() -> list[tuple[str, str]]:
    flask: Flask = routed(blueprints(GROUPS))
    return [
        (method, rule.rule)
        for rule in flask.url_map.iter_rules()
        if (found := operation_of(flask.view_functions[rule.endpoint])) and found.access is Access.ADMIN
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


@pytest.mark.parametrize(("method", "rule"), admins_routes())
def test_for_everybody_else_none_of_it_is_there_and_nothing_changes(api: Api, method: str, rule: str) -> None:
    person = google(api, "kim@example.com")
    path = rule.replace("<id:user_id>", person.id).replace("<id:application_id>", "b_1").replace("<id:mail_id>", "m_1")
    assert "<" not in path
    before = api.dump()
    body: Any = {"json": {"paused": True}} if method in ("POST", "PUT") else {}
    for stranger in (person, api.again(person)):
        before = api.dump()
        assert stranger.call(method, path, **body).status_code == 404
        assert api.dump() == before
    assert api.anybody().open(path, method=method).status_code == 401


def test_there_are_routes_to_keep_from_others() -> None:
    assert len(admins_routes()) >= 14
    assert {rule.startswith("/api/admin/") for _, rule in admins_routes()} == {True}


def test_the_overview_counts_what_happened(api: Api, admin: Person) -> None:
    person = google(api, "kim@example.com")
    before = records.users.get(api.platform.store, person.id)
    records.users.put(api.platform.store, person.id, before.replace(created_at=NOON - timedelta(days=10)))
    gone = google(api, "gone@example.com")
    records.users.put(
        api.platform.store, gone.id,
        records.users.get(api.platform.store, gone.id).replace(created_at=NOON - timedelta(days=10)),
    )  # fmt: skip
    [session] = [s for s in records.sessions.page(api.platform.store)[0] if s.user_id == gone.id]
    records.sessions.put(api.platform.store, session.id, session.replace(seen_at=NOON - timedelta(days=9)))
    agent = person.agent()["id"]
    run = person.run(agent)["id"]
    waiting = person.run(agent)["id"]
    api.claimed(run).post("finish", outcome="failed", errorCode="agent", lastSeq=0)
    person.post("/api/beta/applications", json=FORM)
    person.post("/api/feedback", json={"text": "좋아요", "mood": "good", "place": "#/agents"})
    ticking.mark(api.platform.store, NOON)
    api.clock.time = NOON + timedelta(seconds=30)

    seen = admin.get("/api/admin/overview").json

    assert seen["people"] == {
        "activeNow": 2, "activeToday": 2, "activeThisWeek": 2, "newThisWeek": 1, "returnRate": 0.5,
    }  # fmt: skip
    assert (seen["runs"]["today"], seen["runs"]["failedToday"], seen["runs"]["waiting"]) == (1, 1, 1)
    assert (seen["runs"]["oldestWaitingSeconds"], seen["tickAgeSeconds"]) == (30, 30)
    assert seen["spend"] == {
        "modelTodayMicroUsd": 0, "modelThisMonthMicroUsd": 0, "unknownCostsThisMonth": 0,
        "cloudTodayMicroUsd": None, "cloudThisMonthMicroUsd": None,
    }  # fmt: skip
    assert (seen["applicationsWaiting"], seen["feedbackThisWeek"], seen["schedulesPausedAt"]) == (1, 1, None)
    assert seen["api"]["requests"] > 5
    assert 0 < seen["api"]["p50Ms"] <= seen["api"]["p99Ms"]
    assert seen["api"]["errorRate"] == 0
    assert api.execution(waiting).status == "queued"


def test_the_overview_says_what_became_of_mails_and_what_the_cloud_may_cost(api: Api, admin: Person) -> None:
    person = google(api, "kim@example.com")
    agent = person.agent()["id"]
    for n, (state, seconds) in enumerate([("sent", 1), ("sent", 3), ("failed", 5), ("kept", 0)]):
        run = person.run(agent)["id"]
        api.ended(run)
        [mail] = [one for one in records.outbox.page(api.platform.store)[0] if one.execution_id == run]
        ended = mail.replace(due_at=NOON).ended(MailState(state), None, NOON + timedelta(seconds=seconds))
        records.outbox.put(api.platform.store, mail.id, ended)
        assert n == len(records.outbox.page(api.platform.store)[0]) - 1
    cloud = Api(replace(api.platform, cloud_rate=28), api.clock, api.jobs)
    run = person.run(person.agent()["id"])["id"]
    api.claimed(run).post("finish", outcome="failed", errorCode="agent", lastSeq=0)
    api.clock.time = NOON + timedelta(minutes=1)
    seen = Person(cloud.flask, admin.token, admin.id).get("/api/admin/overview").json

    mail = seen["mail"]
    assert (mail["sent"], mail["kept"], mail["failed"], mail["waiting"]) == (2, 1, 1, 1)
    assert mail["deliveryRate"] == pytest.approx(2 / 3)
    assert (mail["p50Seconds"], mail["oldestWaitingSeconds"]) == (2, 60)
    assert seen["spend"]["cloudTodayMicroUsd"] == 60 * 28, "one run of a minute at the least"


def test_an_overview_is_not_made_anew_for_each_look(api: Api, admin: Person) -> None:
    first = admin.get("/api/admin/overview").json["at"]
    api.clock.time += timedelta(seconds=10)
    assert admin.get("/api/admin/overview").json["at"] == first
    api.clock.time += timedelta(seconds=10)
    assert admin.get("/api/admin/overview").json["at"] != first


def test_a_suspended_person_can_do_nothing_and_their_agents_stand_still_until_it_is_lifted(
    api: Api, admin: Person
) -> None:
    person = google(api, "kim@example.com")
    agent = person.agent(schedule=HOURLY)["id"]
    hook = person.post(f"/api/agents/{agent}/hooks").json
    run = person.run(agent)["id"]

    assert admin.post(f"/api/admin/users/{person.id}/suspend").json["suspendedAt"] is not None
    assert admin.post(f"/api/admin/users/{person.id}/suspend").status_code == 200
    answer = person.get("/api/agents", headers={"Accept-Language": "ko"})
    assert (answer.status_code, answer.json["code"]) == (403, "suspended")
    assert "정지" in answer.json["detail"]
    by_hook = api.anybody().post(
        hook["url"].removeprefix("http://127.0.0.1:8080"), headers={"Authorization": f"Bearer {hook['secret']}"}
    )
    assert by_hook.status_code == 409
    kept = records.agents.get(api.platform.store, agent)
    assert (kept.next_run_at, kept.paused_reason) == (None, "suspended")
    assert pausing.review(api.platform.store, NOON) == 0
    assert api.execution(run).status == "queued"

    api.clock.time += timedelta(seconds=1)
    assert admin.post(f"/api/admin/users/{person.id}/unsuspend").json["suspendedAt"] is None
    assert pausing.review(api.platform.store, NOON) == 1
    assert person.get(f"/api/agents/{agent}").json["nextRunAt"] is not None
    assert acts(admin) == [("suspended", person.id, None), ("unsuspended", person.id, None)]
    mine = person.get("/api/account/audit").json["items"]
    assert [(entry["act"], entry["by"]) for entry in mine] == [
        ("unsuspended", "administrator"), ("suspended", "administrator"),
    ]  # fmt: skip


def test_a_run_that_waits_when_its_owner_is_suspended_does_not_start(api: Api, admin: Person) -> None:
    person = google(api, "kim@example.com")
    run = person.run(person.agent()["id"])["id"]
    admin.post(f"/api/admin/users/{person.id}/suspend")
    with pytest.raises(AssertionError, match="gone"):
        api.claimed(run)
    assert (api.execution(run).status, api.execution(run).error_code) == ("failed", "suspended")


def test_nobody_suspends_themselves_or_somebody_who_is_not_there(api: Api, admin: Person) -> None:
    assert admin.post(f"/api/admin/users/{admin.id}/suspend").status_code == 409
    assert admin.post("/api/admin/users/u_none/suspend").status_code == 404
    assert admin.post("/api/admin/users/u_none/unsuspend").status_code == 404
    assert acts(admin) == []


def test_users_are_listed_found_by_address_and_given_a_plan(api: Api, admin: Person) -> None:
    person, guest = google(api, "kim@example.com"), api.guest()
    listed = admin.get("/api/admin/users").json["items"]
    assert {one["id"] for one in listed} == {person.id, guest.id, admin.id}
    [found] = admin.get("/api/admin/users?email=kim@example.com").json["items"]
    assert (found["id"], found["plan"]) == (person.id, "waiting")

    assert admin.put(f"/api/admin/users/{person.id}/plan", json={"plan": "approved"}).json["plan"] == "approved"
    assert admin.put(f"/api/admin/users/{person.id}/plan", json={"plan": "approved"}).status_code == 200
    assert admin.put(f"/api/admin/users/{person.id}/plan", json={"plan": "owner"}).status_code == 409
    assert admin.put(f"/api/admin/users/{person.id}/plan", json={"plan": "gold"}).status_code == 422
    assert person.get("/api/account").json["plan"] == "approved"
    assert acts(admin) == [("plan_set", person.id, "approved")]


def test_one_switch_stops_all_schedules_and_what_was_due_says_so(api: Api, admin: Person) -> None:
    person = google(api, "kim@example.com")
    agent = person.agent(schedule=HOURLY)["id"]
    assert admin.put("/api/admin/schedules", json={"paused": True}).json["paused"] is True
    assert admin.put("/api/admin/schedules", json={"paused": True}).json["paused"] is True
    assert api.anybody().get("/health").json["schedules"] == "paused"
    assert api.anybody().get("/config.json").json["schedulesPaused"] is True

    here = api.platform
    for hours in (1, 2):
        api.clock.time = NOON + timedelta(hours=hours, seconds=1)
        ticking.tick(here.store, here.queue, here.models, ticking.Clock(), here.now())
    runs = person.get(f"/api/executions?agentId={agent}").json["items"]
    assert [(run["status"], run["errorCode"]) for run in runs] == [("skipped", "platform_paused")] * 2
    assert "stood still" in runs[0]["error"]
    assert records.outbox.page(here.store)[0] == [], "nobody is written to for it"
    by_hand = person.run(agent)
    assert by_hand["status"] == "queued"

    assert admin.put("/api/admin/schedules", json={"paused": False}).json == {"paused": False, "pausedAt": None}
    api.clock.time = NOON + timedelta(hours=3)
    assert ticking.tick(here.store, here.queue, here.models, ticking.Clock(), here.now()).runs == 1
    assert api.anybody().get("/health").json["schedules"] == "running"
    assert [act for act, _, _ in acts(admin)] == ["schedules_paused", "schedules_resumed"]


def test_the_clock_is_seen_paused_and_resumed_where_there_is_one(api: Api, admin: Person) -> None:
    assert admin.get("/api/admin/overview").json["clock"] is None
    assert admin.put("/api/admin/clock", json={"paused": True}).status_code == 409
    wire = Wire()
    scheduler = SchedulerStandIn(wire, "projects/p/locations/r/jobs/tick")
    wire.start()
    try:
        metronome = SchedulerMetronome("p", "r", "tick", wire.address)
        cloud = Api(replace(api.platform, metronome=metronome), api.clock, api.jobs)
        boss = google(cloud, ADMIN)
        assert boss.get("/api/admin/overview").json["clock"]["paused"] is False
        for _ in range(2):
            assert boss.put("/api/admin/clock", json={"paused": True}).json["paused"] is True
        assert scheduler.job.state == scheduler_v1.Job.State.PAUSED
        assert boss.get("/api/admin/overview").json["clock"]["paused"] is True
        assert boss.put("/api/admin/clock", json={"paused": False}).json["paused"] is False
        assert sorted(act for act, _, _ in acts(boss)) == ["clock_paused", "clock_resumed"]
        wire.fail("GetJob", grpc.StatusCode.PERMISSION_DENIED)
        assert boss.get("/api/admin/overview").json["clock"] is None
    finally:
        wire.stop()


def test_people_say_something_and_administrators_read_it(api: Api, admin: Person) -> None:
    person = google(api, "kim@example.com")
    said = {"text": "버튼이 안 보여요 <script>", "place": "#/agents", "mood": "bad"}
    given = person.post("/api/feedback", json=said)
    assert given.status_code == 201
    [read] = admin.get("/api/admin/feedback").json["items"]
    assert {name: read[name] for name in said} == said
    assert read["userId"] == person.id

    for _ in range(19):
        assert person.post("/api/feedback", json={"text": "x"}).status_code == 201
    refused = person.post("/api/feedback", json={"text": "x"})
    assert (refused.status_code, int(refused.headers["Retry-After"]) > 3600) == (429, True)
    assert person.post("/api/feedback", json={"text": " "}).status_code == 422


def test_notices_can_be_read_without_a_mail_server(api: Api, admin: Person) -> None:
    person = google(api, "kim@example.com")
    id = person.post("/api/beta/applications", json=FORM).json["id"]
    reacting.react(Change("e1", f"betaApplications/{id}", ChangeKind.CREATED, NOON), api.platform)
    [notice] = admin.get("/api/admin/outbox").json["items"]
    assert "/api/beta/decisions/" in admin.get(f"/api/admin/outbox/{notice['id']}").json["text"]
    mine = person.get("/api/outbox").json["items"][0]["id"]
    assert admin.get(f"/api/admin/outbox/{mine}").status_code == 404
    assert records.outbox.get(api.platform.store, notice["id"]).user_id == ADMINS


def test_a_mail_that_came_back_is_noted(api: Api, admin: Person) -> None:
    person = google(api, "kim@example.com")
    assert admin.post("/api/admin/bounces", json={"address": "Kim@example.com"}).status_code == 204
    assert person.get("/api/account/mail").json == {"wanted": True, "refused": True}
    assert acts(admin) == [("bounce_noted", None, None)]
    assert "kim" not in repr(records.audit.page(api.platform.store)).lower()


def test_blocked_addresses_are_shown_and_let_in_again(api: Api, admin: Person) -> None:
    guarding.block(api.platform.store, "203.0.113.7", Offence.PROBING, NOON)
    [seen] = admin.get("/api/admin/overview").json["blocked"]
    assert (seen["address"], seen["offence"], seen["until"]) == ("203.0.113.7", "probing", "2026-11-20T12:15:00.000Z")
    assert admin.post("/api/admin/unblock", json={"address": "203.0.113.7"}).status_code == 204
    assert admin.get("/api/admin/overview").json["blocked"] == []
    assert acts(admin) == [("unblocked", None, None)]


def test_what_is_logged_as_a_matter_of_security_is_counted(api: Api, admin: Person) -> None:
    event = {"event": "something odd", "security": True}
    assert logs.note_security(None, "warning", event) is event
    logs.note_security(None, "warning", {"event": "something odd", "security": True})
    logs.note_security(None, "info", {"event": "request"})
    found = {one["what"]: one["count"] for one in admin.get("/api/admin/overview").json["security"]}
    assert found["something odd"] == 2
    assert "request" not in found


def test_the_owner_of_a_machine_administers_it(api: Api) -> None:
    from ohmyagent.use_cases import signing_in

    owner = signing_in.owner(api.platform.store, NOON)
    person = api.again(Person(api.flask, "-", owner.id))
    assert person.get("/api/admin/overview").status_code == 200
    assert person.post(f"/api/admin/users/{owner.id}/suspend").status_code == 409


def test_a_histogram_says_what_a_sorted_list_would_to_a_fifth() -> None:
    timings = Timings()
    assert timings.figures().p50_ms is None
    for ms in range(1, 1001):
        timings.add(float(ms), failed=ms % 10 == 0)
    seen = timings.figures()
    assert (seen.requests, seen.error_rate) == (1000, 0.1)
    assert seen.p50_ms is not None
    assert seen.p99_ms is not None
    assert 500 <= seen.p50_ms <= 600
    assert 990 <= seen.p99_ms <= 1200

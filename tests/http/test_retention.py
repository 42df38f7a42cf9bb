"""For how long what is kept: sessions, agents deleted long ago, runs beyond the plan's days, guests who are gone."""

import hashlib
import io
from datetime import timedelta

from ohmyagent import records
from ohmyagent.domain.accounts import User, UserKind
from ohmyagent.domain.executions import Execution
from ohmyagent.domain.moves import Move
from ohmyagent.use_cases import erasing, retaining
from tests.http.test_beta import google
from tests.http.test_privacy import GOODBYE, lived, rounds
from tests.http.world import NOON, Api, Person

BODY = b"column\n1"


def tend(api: Api, **later: float) -> int:
    """A whole pass at that time after noon."""
    api.clock.time = NOON + timedelta(**later)
    here = api.platform
    return sum(retaining.round(here.store, here.files, api.clock.time) for _ in range(5))


def ran(api: Api, person: Person, agent: str, *bodies: bytes) -> Execution:
    """A run that left these files."""
    run = person.run(agent, input="자료")["id"]
    runner = api.claimed(run)
    files = [
        {"path": f"{n}.txt", "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        for n, body in enumerate(bodies)
    ]
    for upload in runner.post("files", files=files).json["uploads"]:
        body = next(body for body in bodies if hashlib.sha256(body).hexdigest() == upload["sha256"])
        assert runner.put(upload["url"], body).status_code < 300
    runner.post("events", fromSeq=1, events=[{"seq": 1, "time": "2026-11-20T12:00:00Z", "type": "text", "text": "x"}])
    runner.post("finish", outcome="failed", errorCode="agent", lastSeq=1, artifacts=files)
    return api.execution(run)


def bodies(api: Api, user_id: str) -> set[str]:
    return {key.rpartition("/")[2] for key in api.platform.files.listed(f"agents/{user_id}/")}


def test_runs_stay_for_the_days_of_the_plan_and_go_with_all_they_left(api: Api) -> None:
    person = google(api, "kim@example.com")  # waiting: 30 days
    agent = person.agent()["id"]
    old = ran(api, person, agent, b"shared", b"old only", BODY)
    person.post(f"/api/agents/{agent}/files", data={"file": (io.BytesIO(BODY), "a.csv")})
    api.clock.time = NOON + timedelta(days=10)
    young = ran(api, api.again(person), agent, b"shared")
    assert tend(api, days=29) == 0

    assert tend(api, days=31) > 0

    store = api.platform.store
    assert records.executions.find(store, old.id) is None
    assert records.batches(old.id).page(store)[0] == []
    for collection in (records.inputs, records.ledgers, records.launches):
        assert collection.find(store, old.launch_id if collection is records.launches else old.id) is None
    assert records.executions.find(store, young.id) is not None
    assert bodies(api, person.id) == {hashlib.sha256(body).hexdigest() for body in (b"shared", BODY)}
    me = api.again(person)
    assert me.get("/api/agents").json["items"][0]["totalRuns"] == 2
    assert me.get(f"/api/executions/{young.id}/artifacts/0.txt").data == b"shared"
    assert me.get("/api/usage?from=2026-11-01&to=2026-11-30").json["items"] != [], "sums stay"


def test_a_plan_with_more_days_keeps_longer_and_one_without_keeps_for_ever(api: Api) -> None:
    approved = google(api, "kim@example.com", plan="approved")
    admin = google(api, "boss@example.com", plan="admin")
    kept = [ran(api, person, person.agent()["id"]) for person in (approved, admin)]
    tend(api, days=80)
    assert all(records.executions.find(api.platform.store, run.id) for run in kept)
    tend(api, days=91)
    assert records.executions.find(api.platform.store, kept[0].id) is None
    tend(api, days=1000)
    assert records.executions.find(api.platform.store, kept[1].id) is not None


def test_while_an_agent_runs_nothing_of_it_is_taken_away(api: Api) -> None:
    person = google(api, "kim@example.com")
    agent = person.agent()["id"]
    old = ran(api, person, agent, BODY)
    api.clock.time = NOON + timedelta(days=31)
    me = api.again(person)
    runner = api.claimed(me.run(agent)["id"])
    tend(api, days=31)
    assert records.executions.find(api.platform.store, old.id) is not None
    runner.post("finish", outcome="failed", errorCode="agent", lastSeq=0)
    tend(api, days=32)
    assert records.executions.find(api.platform.store, old.id) is None


def test_a_deleted_agent_can_come_back_for_thirty_days_and_then_all_of_it_is_gone(api: Api) -> None:
    person = google(api, "kim@example.com")
    agent = lived(api, person)["agent"]
    other = ran(api, person, person.agent()["id"], BODY)
    person.delete(f"/api/agents/{agent}")
    tend(api, days=29)
    assert api.again(person).post(f"/api/agents/{agent}/restore").status_code == 200
    api.again(person).delete(f"/api/agents/{agent}")
    tend(api, days=29 + 31)

    left = api.dump()
    naming = [row for table in set(left) - {"files"} for row in left[table] if agent in row and "'months'" not in row]
    assert naming == [], "the month keeps its sums"
    assert agent not in repr(left["files"])
    assert "canary-secret" not in repr(left)
    assert other.agent_id != agent


def test_what_lets_somebody_in_goes_when_it_has_expired(api: Api) -> None:
    person = google(api, "kim@example.com")
    person.post("/api/auth/links")
    assert len(records.signin_codes.page(api.platform.store)[0]) == 1
    tend(api, hours=2)
    assert records.signin_codes.page(api.platform.store)[0] == []
    assert len(records.sessions.page(api.platform.store)[0]) == 1
    tend(api, days=31)
    assert records.sessions.page(api.platform.store)[0] == []


def test_a_guest_whom_nobody_can_be_any_more_is_erased(api: Api) -> None:
    guest = api.guest()
    ran(api, guest, guest.agent()["id"], BODY)
    tend(api, days=36)
    assert records.users.find(api.platform.store, guest.id) is not None
    tend(api, days=38)
    rounds(api)
    assert guest.id not in repr(api.dump())


def test_a_pass_over_many_users_goes_on_where_it_was_cut_off(api: Api) -> None:
    store = api.platform.store
    for number in range(120):
        user = User(id=f"u_{number}", kind=UserKind.GOOGLE, name="x", plan="waiting", created_at=NOON)
        records.users.put(store, user.id, user)
    for expected in (True, True, False):
        retaining.round(store, api.platform.files, NOON)
        at = records.platform.get(store, retaining.CURSOR)
        assert (at.tended_until is not None) is expected
    retaining.round(store, api.platform.files, NOON)
    assert records.platform.get(store, retaining.CURSOR).tended_until is None, "the next pass is not due yet"


def test_what_came_from_a_guest_goes_with_the_account(api: Api) -> None:
    person = google(api, "kim@example.com")
    store = api.platform.store
    guest = User(id="u_guest77", kind=UserKind.GUEST, name="x", created_at=NOON, moved_to=person.id)
    records.users.put(store, guest.id, guest)
    api.platform.files.write("agents/u_guest77/a_1/body", BODY)
    assert Move.begun(guest, records.users.get(store, person.id), NOON)
    person.call("DELETE", "/api/account", json=GOODBYE)
    rounds(api)
    assert "u_guest77" not in repr(api.dump())
    assert erasing.remaining(store, api.platform.files, "u_guest77") == {}

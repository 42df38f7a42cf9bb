"""Webhooks out: every end reaches the agent's address, signed, or a day of attempts says why it did not."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ohmyagent import records
from ohmyagent.cli.clockwork import THREADS, Clockwork
from ohmyagent.domain.deliveries import PAUSES, DeliveryStatus
from ohmyagent.domain.executions import Status
from ohmyagent.domain.signatures import BOTH_HOLD, verified
from ohmyagent.ports import Task
from ohmyagent.use_cases import delivering, running, ticking
from ohmyagent.use_cases.ticking import Clock
from tests.http.world import NOON, Api, Person
from tests.receiver import HOST, Came, Receiver, receiving

URL = f"https://{HOST}/ended"
PRIVATE = {
    "userId", "launchId", "launchIndex", "nonceDigest", "claimDigest", "tokenDigest", "handle", "purse",
    "requestDigest", "epoch", "lease", "agent", "sandbox",
}  # fmt: skip


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def person(api: Api) -> Person:
    return api.guest()


@pytest.fixture
def agent(person: Person) -> dict[str, Any]:
    return person.agent(notify={"webhookUrl": URL})


def failed(api: Api, person: Person, agent: dict[str, Any]) -> str:
    run: str = person.run(agent["id"])["id"]
    api.ended(run)
    return run


def deliver(api: Api, receiver: Receiver) -> None:
    """One round of what the clockwork does, every due attempt in turn."""
    here = api.platform
    due, _ = records.deliveries.page(here.store)
    for delivery in due:
        if delivery.next_attempt_at is not None and delivery.next_attempt_at <= here.now():
            patience = 1.0 if receiver.answers[0] == "silent" else 30.0
            courier, number = receiver.courier(patience), len(delivery.attempts)
            delivering.deliver(here.store, here.vault, courier, delivery.id, number, here.now())


def listed(person: Person, agent: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.get(f"/api/agents/{agent['id']}/deliveries").json["items"]
    return found


def holds(came: Came, *keys: str, now: datetime = NOON) -> bool:
    sent = came.headers
    return verified(keys, sent["webhook-id"], sent["webhook-timestamp"], sent["webhook-signature"], came.body, now)


def test_an_end_is_told_once_signed_and_without_private_fields(
    api: Api, person: Person, agent: dict[str, Any], receiver: Receiver
) -> None:
    run = failed(api, person, agent)
    waiting = listed(person, agent)
    assert [(d["executionId"], d["status"], d["attempts"]) for d in waiting] == [(run, "pending", [])]

    deliver(api, receiver)
    deliver(api, receiver)

    assert len(receiver.came) == 1
    came, view = receiver.came[0], person.get(f"/api/executions/{run}").json
    told = json.loads(came.body)
    assert (came.path, came.headers["content-type"]) == ("/ended", "application/json")
    assert (told["type"], told["timestamp"]) == ("execution.ended", view["endTime"])
    assert (told["data"]["id"], told["data"]["status"], told["data"]["errorCode"]) == (run, "failed", "agent")
    assert not PRIVATE & told["data"].keys()
    assert told["data"].items() <= view.items()
    secret = person.get(f"/api/agents/{agent['id']}/webhook-secret").json["secret"]
    assert holds(came, secret)
    assert not holds(came, "whsec_" + "A" * 43 + "=")
    done = listed(person, agent)[0]
    assert (done["status"], done["nextAttemptAt"]) == ("delivered", None)
    assert done["attempts"] == [{"at": "2026-11-20T12:00:00.000Z", "httpStatus": 200, "error": None}]
    assert came.headers["webhook-id"] == done["id"]


def test_the_error_is_told_in_the_owners_language(
    api: Api, person: Person, agent: dict[str, Any], receiver: Receiver
) -> None:
    assert person.patch("/api/account", json={"locale": "ko"}).status_code == 200
    failed(api, person, agent)
    deliver(api, receiver)
    assert "일을 끝내지 못했습니다" in json.loads(receiver.came[0].body)["data"]["error"]


@pytest.mark.parametrize("trouble", [500, 302, 404, "silent", "cut", "junk"])
def test_what_fails_is_tried_again_with_the_same_id_until_it_works(
    api: Api, person: Person, agent: dict[str, Any], receiver: Receiver, trouble: int | str
) -> None:
    receiver.answers = [trouble, trouble, 204]
    failed(api, person, agent)
    deliver(api, receiver)
    deliver(api, receiver)
    assert len(receiver.came) == 1, "no attempt comes before it is due"
    api.clock.time += PAUSES[0]
    deliver(api, receiver)
    api.clock.time += PAUSES[1]
    deliver(api, receiver)

    assert listed(person, agent)[0]["status"] == "delivered"
    assert len({came.headers["webhook-id"] for came in receiver.came}) == 1
    assert len({came.body for came in receiver.came}) == 1
    secret = person.get(f"/api/agents/{agent['id']}/webhook-secret").json["secret"]
    times = [datetime.fromtimestamp(int(came.headers["webhook-timestamp"]), UTC) for came in receiver.came]
    assert times == [NOON, NOON + PAUSES[0], NOON + PAUSES[0] + PAUSES[1]]
    assert all(holds(came, secret, now=time) for came, time in zip(receiver.came, times, strict=True))
    assert [path.path for path in receiver.came] == ["/ended"] * 3, "a redirect is not followed"


def test_it_is_given_up_after_about_a_day(api: Api, person: Person, agent: dict[str, Any], receiver: Receiver) -> None:
    receiver.answers = [503]
    failed(api, person, agent)
    for pause in PAUSES:
        deliver(api, receiver)
        assert listed(person, agent)[0]["status"] == "pending"
        api.clock.time += pause
    assert timedelta(hours=23) < api.clock.time - NOON < timedelta(hours=25)
    deliver(api, receiver)
    api.clock.time += timedelta(days=2)
    deliver(api, receiver)

    given_up = listed(person, agent)[0]
    assert (given_up["status"], given_up["nextAttemptAt"]) == ("failed", None)
    assert [attempt["httpStatus"] for attempt in given_up["attempts"]] == [503] * (len(PAUSES) + 1)


def test_gone_means_no_more(api: Api, person: Person, agent: dict[str, Any], receiver: Receiver) -> None:
    receiver.answers = [410]
    failed(api, person, agent)
    deliver(api, receiver)
    assert listed(person, agent)[0]["status"] == "failed"


def test_a_private_address_is_never_dialled_by_the_real_platform(api: Api, person: Person) -> None:
    here = api.platform
    agent = person.agent(notify={"webhookUrl": "https://127.0.0.1/"})
    failed(api, person, agent)
    delivery = records.deliveries.page(here.store)[0][0]

    delivering.deliver(here.store, here.vault, here.courier, delivery.id, 0, here.now())

    assert listed(person, agent)[0]["attempts"][0]["error"] == "address_refused"


@pytest.mark.parametrize("status", [200, 500])
def test_a_repeated_task_makes_no_second_attempt(
    api: Api, person: Person, agent: dict[str, Any], receiver: Receiver, status: int
) -> None:
    here = api.platform
    receiver.answers = [status]
    failed(api, person, agent)
    delivery = records.deliveries.page(here.store)[0][0]
    for _ in range(3):
        delivering.deliver(here.store, here.vault, receiver.courier(), delivery.id, 0, here.now())
    assert len(receiver.came) == 1
    assert len(listed(person, agent)[0]["attempts"]) == 1


def test_every_due_attempt_is_queued_once_and_again_when_its_task_was_lost(
    api: Api, person: Person, agent: dict[str, Any]
) -> None:
    here = api.platform
    failed(api, person, agent)
    delivery = records.deliveries.page(here.store)[0][0]
    assert [delivering.dispatch(here.store, here.queue, here.now()) for _ in range(3)] == [1, 0, 0]
    known = Task("webhook", f"{delivery.id}-0", {"deliveryId": delivery.id, "attempt": "0"})
    assert not here.queue.enqueue(known)
    assert delivering.dispatch(here.store, here.queue, NOON + timedelta(seconds=61)) == 1
    assert delivering.dispatch(here.store, here.queue, NOON + timedelta(seconds=62)) == 0


@pytest.fixture
def clockwork(api: Api, receiver: Receiver) -> Iterator[Clockwork]:
    made = Clockwork(replace(api.platform, courier=receiver.courier(60.0)))
    made.start()
    yield made
    receiver.released.set()
    made.stop()


def until(true: Callable[[], object], seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_the_platform_delivers_by_itself(
    api: Api, person: Person, agent: dict[str, Any], receiver: Receiver, clockwork: Clockwork
) -> None:
    failed(api, person, agent)
    until(lambda: listed(person, agent)[0]["status"] == "delivered")
    assert len(receiver.came) == 1


def test_receivers_that_keep_silent_hold_up_no_run(
    api: Api, person: Person, agent: dict[str, Any], receiver: Receiver, clockwork: Clockwork
) -> None:
    receiver.answers = ["silent"]
    for _ in range(THREADS[("webhook",)] + THREADS[("launch", "check")]):
        failed(api, person, agent)
    until(lambda: len(receiver.came) >= THREADS[("webhook",)])
    launch_id = api.execution(person.run(person.agent()["id"])["id"]).launch_id
    until(lambda: launch_id in api.jobs.nonces, 20.0)


def test_a_rotated_secret_signs_beside_the_old_one_for_a_day(
    api: Api, person: Person, agent: dict[str, Any], receiver: Receiver
) -> None:
    place = f"/api/agents/{agent['id']}/webhook-secret"
    old = person.get(place).json
    assert person.get(place).json == old
    new = person.post(place).json
    assert new["secret"] != old["secret"]
    assert new["previousUntil"] == "2026-11-21T12:00:00.000Z"
    assert person.get(place).json == new
    failed(api, person, agent)
    deliver(api, receiver)
    assert holds(receiver.came[0], old["secret"])
    assert holds(receiver.came[0], new["secret"])

    api.clock.time += BOTH_HOLD
    failed(api, person, agent)
    deliver(api, receiver)
    assert not holds(receiver.came[1], old["secret"], now=api.clock.time)
    assert holds(receiver.came[1], new["secret"], now=api.clock.time)
    kept = json.dumps(api.dump(), default=str)
    assert old["secret"] not in kept
    assert new["secret"] not in kept


def test_a_run_that_was_cancelled_before_it_began_is_told(api: Api, person: Person, agent: dict[str, Any]) -> None:
    run = person.run(agent["id"])["id"]
    person.post(f"/api/executions/{run}/cancel")
    assert [d["executionId"] for d in listed(person, agent)] == [run]


def test_a_missed_run_is_told_and_a_pause_is_not(api: Api, person: Person) -> None:
    here = api.platform
    schedule = {"cron": "0 * * * *", "timezone": "Asia/Seoul"}
    agent = person.agent(notify={"webhookUrl": URL}, schedule=schedule)
    api.clock.time += timedelta(hours=3, minutes=30)
    ticking.tick(here.store, here.queue, here.models, Clock(), here.now())
    missed = [d["executionId"] for d in listed(person, agent)]
    assert [api.execution(id).status for id in missed] == [Status.MISSED]

    person.patch(f"/api/agents/{agent['id']}", json={"status": "paused"})
    api.clock.time += timedelta(hours=3)
    person.patch(f"/api/agents/{agent['id']}", json={"status": "active"})
    assert [d["executionId"] for d in listed(person, agent)] == missed


def test_a_run_skipped_for_another_is_told(api: Api, person: Person) -> None:
    here = api.platform
    schedule = {"cron": "0 * * * *", "timezone": "Asia/Seoul"}
    agent = person.agent(notify={"webhookUrl": URL}, schedule=schedule)
    api.claimed(person.run(agent["id"])["id"])
    api.clock.time += timedelta(hours=1)
    ticking.tick(here.store, here.queue, here.models, Clock(), here.now())
    due = next(run for run in person.get("/api/executions").json["items"] if run["trigger"] == "schedule")
    running.launch(here.store, api.jobs, api.execution(due["id"]).launch_id, here.pace, here.now())

    assert api.execution(due["id"]).error_code == "overlap"
    assert [d["executionId"] for d in listed(person, agent)] == [due["id"]]


def test_an_agent_without_an_address_or_deleted_owes_nothing(
    api: Api, person: Person, agent: dict[str, Any], receiver: Receiver
) -> None:
    failed(api, person, person.agent())
    assert records.deliveries.page(api.platform.store)[0] == []
    failed(api, person, agent)
    person.delete(f"/api/agents/{agent['id']}")
    deliver(api, receiver)
    assert receiver.came == []
    assert records.deliveries.page(api.platform.store)[0][0].status is DeliveryStatus.FAILED


def test_nothing_is_sent_for_a_user_who_is_gone(
    api: Api, person: Person, agent: dict[str, Any], receiver: Receiver
) -> None:
    failed(api, person, agent)
    records.users.delete(api.platform.store, person.id)
    deliver(api, receiver)
    assert receiver.came == []
    assert records.deliveries.page(api.platform.store)[0][0].status is DeliveryStatus.FAILED


def test_the_address_is_the_one_the_agent_had_at_the_end(api: Api, person: Person, agent: dict[str, Any]) -> None:
    failed(api, person, agent)
    person.patch(f"/api/agents/{agent['id']}", json={"notify": {"webhookUrl": URL + "/2"}})
    failed(api, person, agent)
    assert sorted(d["url"] for d in listed(person, agent)) == [URL, URL + "/2"]


def test_deliveries_come_page_by_page_newest_first(api: Api, person: Person, agent: dict[str, Any]) -> None:
    runs = []
    for _ in range(3):
        runs.append(failed(api, person, agent))
        api.clock.time += timedelta(seconds=1)
    place = f"/api/agents/{agent['id']}/deliveries"
    first = person.get(f"{place}?limit=2").json
    rest = person.get(f"{place}?limit=2&cursor={first['nextCursor']}").json
    assert [d["executionId"] for d in first["items"] + rest["items"]] == runs[::-1]
    assert rest["nextCursor"] is None


def test_neither_address_nor_body_is_in_a_log(
    api: Api, person: Person, agent: dict[str, Any], receiver: Receiver, capfd: pytest.CaptureFixture[str]
) -> None:
    failed(api, person, agent)
    deliver(api, receiver)
    secret = person.get(f"/api/agents/{agent['id']}/webhook-secret").json["secret"]
    logged = "".join(capfd.readouterr())
    assert "/webhook-secret" in logged, "the log is somewhere else"
    assert HOST not in logged
    assert secret not in logged

"""The runner's side of HTTP: who may say what, and the links to bodies."""

import hashlib
import tracemalloc
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from structlog.testing import capture_logs

from tests.http.test_executions import event
from tests.http.world import Api, Runner

BODY = b"a,b\n1,2\n"
DIGEST = hashlib.sha256(BODY).hexdigest()


def running(api: Api) -> Runner:
    person = api.guest()
    return api.claimed(person.run(person.agent()["id"])["id"])


def link(runner: Runner) -> str:
    uploads = runner.post("files", files=[{"path": "a.csv", "bytes": len(BODY), "sha256": DIGEST}]).json["uploads"]
    url: str = uploads[0]["url"]
    return url


def changed(url: str, **fields: str) -> str:
    """The link with other values in its query."""
    parts = urlsplit(url)
    query = {name: found[0] for name, found in parse_qs(parts.query).items()} | fields
    return f"{parts.path}?{urlencode(query)}"


def test_a_launch_is_claimed_once_and_only_with_its_nonce(api: Api) -> None:
    person = api.guest()
    run = person.run(person.agent()["id"])
    launch_id = api.execution(run["id"]).launch_id
    path = f"/runner/launches/{launch_id}/claim"

    assert api.anybody().post(path, json={"nonce": "guess", "taskIndex": 0}).status_code == 404
    runner = api.claimed(run["id"])
    with capture_logs() as logged:
        again = api.anybody().post(path, json={"nonce": api.jobs.nonces[launch_id], "taskIndex": 0})

    assert again.status_code == 409
    told = {"event": "A second claim", "log_level": "warning", "security": True, "launch": launch_id, "index": 0}
    assert told in logged
    assert api.jobs.nonces[launch_id] not in repr(logged)
    assert runner.claim["executionId"] == run["id"]
    assert runner.claim["token"] not in repr(api.dump())


def test_only_the_runner_that_claimed_it_may_speak(api: Api) -> None:
    runner, other = running(api), running(api)

    stranger = api.anybody().post(f"/runner/executions/{runner.claim['executionId']}/events", json={})
    runner.headers, own = other.headers, runner.headers
    foreign = runner.post("events", fromSeq=1, events=[])
    runner.headers = own
    stale = runner.post("events", fromSeq=1, events=[], epoch=runner.claim["epoch"] + 1)

    assert (stranger.status_code, foreign.status_code, stale.status_code) == (422, 403, 409)
    assert stale.json["code"] == "stale_epoch"


def test_a_batch_sent_twice_counts_once(api: Api) -> None:
    runner = running(api)
    batch = {"fromSeq": 1, "events": [event(1, text="x")]}

    first, again = (runner.post("events", **batch) for _ in range(2))

    assert first.json == again.json == {"cancel": False, "lastSeq": 1}


def test_after_the_end_the_same_report_is_accepted_and_everything_else_is_gone(api: Api) -> None:
    runner = running(api)
    report = {"outcome": "failed", "errorCode": "agent", "lastSeq": 0}

    assert [runner.post("finish", **report).status_code for _ in range(2)] == [200, 200]
    assert runner.post("finish", outcome="cancelled", lastSeq=0).status_code == 410
    assert runner.post("events", fromSeq=1, events=[]).status_code == 410


def test_a_body_is_put_by_its_link_and_got_back_by_another(api: Api) -> None:
    person = api.guest()
    agent_id = person.agent()["id"]
    first = api.claimed(person.run(agent_id)["id"])
    assert first.put(link(first), BODY).status_code == 204
    assert first.post("files", files=[{"path": "a.csv", "bytes": len(BODY), "sha256": DIGEST}]).json["uploads"] == []

    file = {"path": "a.csv", "bytes": len(BODY), "sha256": DIGEST}
    kept = api.platform.files.download_url(
        f"agents/{person.id}/{agent_id}/{file['sha256']}", api.clock.time + timedelta(hours=1)
    )

    got = api.anybody().get(kept)
    assert (got.status_code, got.data, got.headers["Content-Type"]) == (200, BODY, "application/octet-stream")


@pytest.mark.parametrize(
    "fields",
    [{"signature": "0" * 64}, {"length": "9"}, {"expires": "9999999999"}, {"signature": "é"}],
    ids=["signature", "length", "expires", "non-ascii"],
)
def test_a_changed_link_is_refused(api: Api, fields: dict[str, str]) -> None:
    runner = running(api)
    before = api.dump()

    assert runner.put(changed(link(runner), **fields), BODY).status_code == 403
    assert api.dump() == before


def test_a_link_is_for_its_own_key_and_its_own_method(api: Api) -> None:
    runner = running(api)
    url = link(runner)

    assert runner.put(url.replace(DIGEST, "0" * 64), BODY).status_code == 403
    assert api.anybody().get(url).status_code == 403


def test_a_link_expires(api: Api) -> None:
    runner = running(api)
    url = link(runner)
    api.clock.time += timedelta(hours=2)

    assert runner.put(url, BODY).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"), [(b"a,b\n9,9\n", 422), (BODY[:-1], 422), (BODY + b"x", 422), (b"", 422), (BODY, 204)]
)
def test_a_body_must_have_the_length_and_the_digest_of_its_link(api: Api, body: bytes, status: int) -> None:
    runner = running(api)
    url = link(runner)
    before = api.dump()

    assert runner.put(url, body).status_code == status
    assert (api.dump() == before) is (status != 204)


def test_a_large_body_is_never_held_in_memory(api: Api) -> None:
    runner = running(api)
    size = 32 * 2**20
    body = bytes(size)
    file = {"path": "a.bin", "bytes": size, "sha256": hashlib.sha256(body).hexdigest()}
    url = runner.post("files", files=[file]).json["uploads"][0]["url"]

    tracemalloc.start()
    try:
        status = runner.put(url, body).status_code
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert status == 204
    assert most < size // 4

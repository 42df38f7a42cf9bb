"""Runs over HTTP, with the runner's part played by the test."""

import hashlib
from datetime import timedelta
from urllib.parse import quote

from ohmyagent.domain.executions import Status
from ohmyagent.use_cases import running
from tests.http.world import Api, Runner

REPORT = b"# report\n"


def event(seq: int, type: str = "text", **fields: object) -> dict[str, object]:
    return {"seq": seq, "time": "2026-11-20T12:00:01.000Z", "type": type} | fields


def left_behind(runner: Runner, path: str, body: bytes) -> dict[str, object]:
    """The artifact, uploaded as a runner does it."""
    file = {"path": path, "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    uploads = runner.post("files", files=[file]).json["uploads"]
    assert [runner.put(upload["url"], body).status_code for upload in uploads] in ([204], [])
    return file


def test_a_run_is_accepted_and_shows_no_inner_fields(api: Api) -> None:
    person = api.guest()
    agent = person.agent()

    accepted = person.post(f"/api/agents/{agent['id']}/executions", json={"input": "어제 자료"})

    assert accepted.status_code == 202
    run = accepted.json
    assert (run["agentId"], run["agentVersion"], run["status"], run["trigger"]) == (agent["id"], 1, "queued", "manual")
    assert (run["tokenUsage"], run["costMicroUsd"], run["modelMode"]) == (None, None, "demo")
    inner = {
        "agent", "input", "requestDigest", "launchId", "launchIndex", "epoch", "nonceDigest", "claimDigest",
        "tokenDigest", "handle", "purse", "lease", "sandbox",
    }  # fmt: skip
    assert not inner & set(run)
    assert person.get(f"/api/executions/{run['id']}").json == run


def test_a_run_needs_no_body(api: Api) -> None:
    person = api.guest()

    assert person.post(f"/api/agents/{person.agent()['id']}/executions").status_code == 202


def test_the_same_key_is_the_same_run(api: Api) -> None:
    person = api.guest()
    path, key = f"/api/agents/{person.agent()['id']}/executions", {"Idempotency-Key": "k"}

    first, again = (person.post(path, json={"input": "a"}, headers=key).json for _ in range(2))
    other = person.post(path, json={"input": "b"}, headers=key)

    assert again == first
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert len(person.get("/api/executions").json["items"]) == 1


def test_a_run_from_request_to_result(api: Api) -> None:
    person = api.guest()
    agent = person.agent()
    run = person.run(agent["id"], input="어제 자료")
    path = f"/api/executions/{run['id']}"

    runner = api.claimed(run["id"])
    spec = runner.claim["spec"]
    assert (spec["prompt"], spec["input"]) == (agent["finalPrompt"], "어제 자료")
    assert person.get(path).json["status"] == "running"

    assert runner.post("events", fromSeq=1, events=[event(1, text="안녕"), event(2, text="b")]).json == {
        "cancel": False, "lastSeq": 2,
    }  # fmt: skip
    log = person.get(f"{path}/events?after=0").json
    assert ([e["seq"] for e in log["items"]], log["lastSeq"], log["done"]) == ([1, 2], 2, False)
    assert log["items"][0] == event(1, text="안녕")
    assert person.get(f"{path}/events?after=1").json["items"] == [event(2, text="b")]

    artifact = left_behind(runner, "보고서.md", REPORT)
    done = runner.post("finish", outcome="failed", errorCode="agent", error="no idea", lastSeq=2, artifacts=[artifact])
    assert (done.status_code, done.json) == (200, {})

    ended = person.get(path, headers={"Accept-Language": "ko"}).json
    assert (ended["status"], ended["errorCode"]) == ("failed", "agent")
    assert ended["error"] == "에이전트가 일을 끝내지 못했습니다. (no idea)"
    assert ended["artifacts"] == [{"path": "보고서.md", "bytes": len(REPORT)}]
    assert ended["costMicroUsd"] == 0
    assert person.get(f"{path}/events?after=2").json == {"items": [], "lastSeq": 2, "done": True}
    assert person.get(f"{path}/artifacts").json["items"] == ended["artifacts"]
    body = person.get(f"{path}/artifacts/{quote('보고서.md')}")
    assert (body.data, body.headers["Content-Security-Policy"][:8]) == (REPORT, "sandbox;")
    assert person.get(f"{path}/artifacts/other.md").status_code == 404
    assert person.get(f"/api/agents/{agent['id']}").json["lastExecution"]["status"] == "failed"


def test_a_queued_run_is_cancelled_at_once_and_a_running_one_by_its_runner(api: Api) -> None:
    person = api.guest()
    agent_id = person.agent()["id"]
    queued, running = person.run(agent_id)["id"], person.run(agent_id)["id"]

    assert person.post(f"/api/executions/{queued}/cancel").json["status"] == "cancelled"

    runner = api.claimed(running)
    asked = person.post(f"/api/executions/{running}/cancel")
    assert (asked.status_code, asked.json["status"]) == (202, "running")
    assert asked.json["cancelRequestedAt"] == "2026-11-20T12:00:00.000Z"
    assert runner.post("events", fromSeq=1, events=[]).json["cancel"] is True
    runner.post("finish", outcome="cancelled", lastSeq=0)
    assert person.post(f"/api/executions/{running}/cancel").status_code == 410


def test_a_retry_is_a_new_linked_run(api: Api) -> None:
    person = api.guest()
    old = person.run(person.agent()["id"], input="a")["id"]
    path, key = f"/api/executions/{old}/retry", {"Idempotency-Key": "again"}
    assert person.post(path).status_code == 409
    api.ended(old)

    first, again = (person.post(path, headers=key) for _ in range(2))

    assert (first.status_code, first.json["trigger"], first.json["retryOf"]) == (202, "retry", old)
    assert again.json == first.json
    assert running.input_of(api.platform.store, api.execution(first.json["id"])) == "a"


def test_runs_are_filtered_by_agent_status_and_time(api: Api) -> None:
    person = api.guest()
    one, two = person.agent()["id"], person.agent()["id"]
    first = person.run(one)["id"]
    api.ended(first)
    api.clock.time += timedelta(hours=1)
    second = person.run(two)["id"]

    def found(query: str) -> list[str]:
        return [run["id"] for run in person.get(f"/api/executions?{query}").json["items"]]

    assert found("") == [second, first]
    assert found(f"agentId={one}") == [first]
    assert found(f"status={Status.QUEUED.value}") == [second]
    assert found("from=2026-11-20T12:30:00Z") == [second]
    assert found("to=2026-11-20T21:30:00%2B09:00") == [first]
    assert found(f"agentId={one}&status=queued&from=2026-11-20T00:00:00Z") == []
    assert len(found("limit=1")) == 1


def test_usage_is_summed_by_day_and_by_agent(api: Api) -> None:
    person = api.guest()
    agent_id = person.agent()["id"]
    runner = api.claimed(person.run(agent_id)["id"])
    runner.post("finish", outcome="failed", errorCode="agent", lastSeq=0)
    zero = {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0}
    row = {"runs": 1, "succeeded": 0, "tokenUsage": zero, "costMicroUsd": 0, "unknownCosts": 0}

    by_day = person.get("/api/usage").json
    by_agent = person.get("/api/usage?from=2026-11-20&to=2026-11-20&by=agent").json

    assert (by_day["by"], by_day["items"]) == ("day", [{"day": "2026-11-20", "agentId": None} | row])
    assert (by_agent["by"], by_agent["items"]) == ("agent", [{"day": None, "agentId": agent_id} | row])
    assert person.get("/api/usage?from=2026-11-21&to=2026-11-21").json["items"] == []

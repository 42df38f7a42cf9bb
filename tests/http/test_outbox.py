"""The outbox by API, and what an agent and a run say of how they stand."""

from tests.http.world import Api


def test_mails_are_listed_and_read_also_when_nobody_could_send_them(api: Api) -> None:
    person = api.guest()
    assert person.get("/api/outbox").json == {"items": [], "nextCursor": None}
    run = person.run(person.agent()["id"])["id"]
    api.ended(run)

    [listed] = person.get("/api/outbox").json["items"]
    assert (listed["kind"], listed["state"], listed["executionId"], listed["text"]) == (
        "failed",
        "no_address",
        run,
        None,
    )

    read = person.get(f"/api/outbox/{listed['id']}").json
    assert f"http://127.0.0.1:8080/#/executions/{run}" in read["text"]
    assert "The agent could not finish the work." in read["text"]


def test_an_agent_says_why_it_stands_still_and_goes_on_when_it_is_resumed(api: Api) -> None:
    person = api.guest()
    agent = person.agent(schedule={"cron": "0 9 * * *", "timezone": "Asia/Seoul"})
    for _ in range(5):
        api.ended(person.run(agent["id"])["id"])

    stopped = person.get(f"/api/agents/{agent['id']}").json
    assert (stopped["status"], stopped["pausedReason"], stopped["failures"]) == ("active", "failures", 5)
    assert stopped["nextRunAt"] is None

    resumed = person.patch(f"/api/agents/{agent['id']}", json={"status": "active"}).json
    assert (resumed["pausedReason"], resumed["failures"]) == (None, 0)
    assert resumed["nextRunAt"] is not None


def test_a_run_says_what_kind_of_result_it_left_and_how_that_is_known(api: Api) -> None:
    person = api.guest()
    run = person.run(person.agent()["id"])["id"]
    api.claimed(run).post("finish", outcome="failed", errorCode="agent", lastSeq=0, structured={"kind": "done"})

    found = person.get(f"/api/executions/{run}").json
    assert (found["resultKind"], found["resultKindSource"]) == (None, None)

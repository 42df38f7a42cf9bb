"""Runs in gcp mode that nobody clicked for: by the clock and by webhook; and the mails that documents cause."""

from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.request import Request, urlopen

import pytest

from ohmyagent import records
from ohmyagent.adapters.gcp.store import FirestoreStore
from ohmyagent.domain.accounts import User, UserKind
from ohmyagent.domain.beta import BetaApplication, BetaRequest, BetaStatus
from ohmyagent.domain.mail import MailState
from tests.gcp.cloud import Cloud, until
from tests.mail_server import MailServer
from tests.scripted import bash, script

pytestmark = [pytest.mark.emulator, pytest.mark.sandbox, pytest.mark.gcp]


def test_the_minute_starts_what_is_due_at_its_instant_and_once(cloud: Cloud) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=75)
    schedule = {"cron": f"{soon.minute} {soon.hour} * * *", "timezone": "UTC"}
    agent = cloud.agent(finalPrompt=script({"text": "제시간에"}), schedule=schedule, status="active")
    due = datetime.fromisoformat(agent["nextRunAt"])

    def made() -> list[dict[str, Any]]:
        assert [cloud.knock(), cloud.knock()] == [204, 204], cloud.log("tick")
        found: list[dict[str, Any]] = cloud.ask("executions", "GET", f"/api/executions?agentId={agent['id']}")["items"]
        return found

    until(made, pause=2.0)
    (first,) = made()
    assert datetime.fromisoformat(first["dueTime"]) == due
    ended = cloud.until(first["id"])

    assert (ended["status"], ended["trigger"], ended["result"]) == ("succeeded", "schedule", "제시간에"), ended
    assert datetime.fromisoformat(ended["startTime"]) >= due - timedelta(seconds=1)
    assert len(made()) == 1
    cloud.ask("agents", "DELETE", f"/api/agents/{agent['id']}")


def test_a_message_starts_one_run_whose_input_is_data(cloud: Cloud) -> None:
    agent = cloud.agent(finalPrompt=script(bash("cat input.txt"), {"text": "정리했습니다"}), status="active")
    hook = cloud.ask("agents", "POST", f"/api/agents/{agent['id']}/hooks", {})
    url = f"http://127.0.0.1:{cloud.street.port}/hooks/api/hooks/{hook['id']}"
    headers = {"Authorization": f"Bearer {hook['secret']}", "Content-Type": "application/json", "webhook-id": "m1"}
    for _ in range(2):
        with urlopen(Request(url, b'{"order": 7}', headers, method="POST"), timeout=60) as answer:
            assert answer.status in (200, 202)

    runs = cloud.ask("executions", "GET", f"/api/executions?agentId={agent['id']}")["items"]
    assert [run["trigger"] for run in runs] == ["webhook"]
    assert cloud.until(runs[0]["id"])["status"] == "succeeded"
    events = cloud.ask("executions", "GET", f"/api/executions/{runs[0]['id']}/events?after=0")["items"]
    assert '{"order": 7}' in next(event["output"] for event in events if event["type"] == "tool_result")


def test_a_run_reaches_an_allowed_host_by_the_egress_service_and_no_other(cloud: Cloud) -> None:
    fetch = "curl --silent --show-error --proxytunnel --max-time 30 http://{}/ 2>&1; true"
    steps = (bash(fetch.format("allowed.example.com")), bash(fetch.format("other.example.com")), {"text": "읽었습니다"})
    agent = cloud.agent(finalPrompt=script(*steps), network={"allow": ["allowed.example.com"]})
    ended = cloud.until(cloud.request(agent)["id"])
    assert (ended["status"], ended["result"]) == ("succeeded", "읽었습니다"), ended
    events = cloud.ask("executions", "GET", f"/api/executions/{ended['id']}/events?after=0")["items"]
    said = [event["output"] for event in events if event["type"] == "tool_result"]
    assert said[0] == "the page of allowed.example.com"
    assert "403" in said[1]
    assert {(host["host"], host["allowed"]) for host in ended["hosts"]} == {
        ("allowed.example.com", True),
        ("other.example.com", False),
    }
    asked = [path for service, path, _ in cloud.street.seen if service == "egress"]
    assert "/egress/allowed.example.com/80" in asked


def test_mails_follow_from_writes_once_though_events_come_twice_late_and_swapped(
    cloud: Cloud, direct: FirestoreStore, letters: MailServer
) -> None:
    now = datetime.now(UTC)
    user = User(
        id=f"u_beta{now:%H%M%S}", kind=UserKind.GOOGLE, email="applicant@example.com", verified_email=True,
        name="신청자", created_at=now,
    )  # fmt: skip
    records.users.put(direct, user.id, user)
    received = BetaApplication.received(user.id, BetaRequest(purpose="보고서", consent=True), now)

    cloud.relay.twice, cloud.relay.hold = True, True
    records.beta_applications.put(direct, received.id, received)
    records.beta_applications.put(direct, received.id, received.decided(BetaStatus.APPROVED, now))
    until(lambda: cloud.relay.held >= 2)
    cloud.relay.release()

    def ended() -> list[Any]:
        mails, _ = records.outbox.page(direct)
        return sorted(mail.kind.value for mail in mails if mail.user_id == user.id and mail.state is MailState.SENT)

    until(lambda: ended() == ["beta_approved", "beta_received"])
    cloud.relay.twice = False
    mine = [letter for letter in letters.post.letters if "applicant@example.com" in str(letter["To"])]
    assert len(mine) == 2
    assert 204 in cloud.relay.statuses or 200 in cloud.relay.statuses


def test_an_event_that_somebody_else_sends_is_refused(cloud: Cloud) -> None:
    stranger = cloud.issuer.token("x", email="other@demo-project.iam.gserviceaccount.com")
    event = {
        "ce-id": "1", "ce-source": "x", "ce-specversion": "1.0", "ce-document": "betaApplications/b1",
        "ce-type": "google.cloud.firestore.document.v1.written", "ce-time": "2026-11-20T00:00:00Z",
    }  # fmt: skip
    for headers in ({}, {"Authorization": f"Bearer {stranger}"}):
        connection = HTTPConnection("127.0.0.1", cloud.street.ports["changes"], timeout=60)
        connection.request("POST", "/", b"", event | headers)
        assert connection.getresponse().status == 401
        connection.close()


def test_an_event_that_nobody_took_comes_again(cloud: Cloud, direct: FirestoreStore) -> None:
    now = datetime.now(UTC)
    user = User(
        id=f"u_late{now:%H%M%S}", kind=UserKind.GOOGLE, email="late@example.com", verified_email=True,
        name="나중", created_at=now,
    )  # fmt: skip
    records.users.put(direct, user.id, user)
    cloud.kill("changes")
    application = BetaApplication.received(user.id, BetaRequest(purpose="x", consent=True), now)
    records.beta_applications.put(direct, application.id, application)
    until(lambda: cloud.relay.statuses[-1:] == [0])
    cloud.boot("changes")

    def kinds() -> list[str]:
        mails, _ = records.outbox.page(direct)
        return [mail.kind.value for mail in mails if mail.user_id == user.id]

    until(lambda: kinds() == ["beta_received"])


def test_one_trace_leads_from_the_request_to_the_model_call(cloud: Cloud) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    agent = cloud.agent(finalPrompt=script({"text": "verfolgt"}))
    path = f"/api/agents/{agent['id']}/executions"
    asked = cloud.ask("agents", "POST", path, {}, traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    assert cloud.until(asked["id"])["status"] == "succeeded"
    seen = [(service, path) for service, path, headers in cloud.street.seen if trace in headers.get("traceparent", "")]
    assert ("launch", "/internal/tasks/launch") in seen
    assert ("gateway", "/gateway/v1/messages") in seen
    until(
        lambda: all(f"projects/{cloud.project}/traces/{trace}" in cloud.log(n) for n in ("agents", "launch", "runner"))
    )


def test_a_conversation_is_answered_by_the_model_and_survives_its_service(cloud: Cloud) -> None:
    said = {"message": script({"text": "안녕하세요"}), "clientMessageId": "m1"}
    turn = cloud.ask("chat", "POST", "/api/conversation", said, Accept="application/json")
    events = turn["events"]
    assert [event["type"] for event in events if event.get("seq")][-1] == "turn_ended"
    assert events[-1]["reason"] == "done", events
    assert "안녕하세요" in [event.get("text") for event in events if event["type"] == "text"]
    cloud.kill("chat")
    cloud.boot("chat")
    cloud.wait_for("chat")
    again = cloud.ask("chat", "POST", "/api/conversation", said, Accept="application/json")
    assert [event["seq"] for event in again["events"] if event.get("seq")] == [
        event["seq"] for event in events if event.get("seq")
    ]

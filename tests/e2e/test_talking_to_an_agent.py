"""Talking with an agent itself: each message is a run of the real CLI, which goes on where the last one ended."""

import json
import threading
from typing import Any

import pytest

from tests.platform_process import HTTPError, Json, PlatformProcess
from tests.scripted import bash, script, until_event

pytestmark = pytest.mark.sandbox


def talk(platform: PlatformProcess, agent: Json, **consent: Any) -> Json:
    return platform.ask("POST", f"/api/agents/{agent['id']}/conversations", consent)


def say(platform: PlatformProcess, conversation: Json, text: str, id: str) -> Json:
    """The finished turn."""
    body = {"conversationId": conversation["id"], "message": text, "clientMessageId": id}
    return platform.ask("POST", "/api/conversation", body)


def kinds(answer: Json) -> list[str]:
    return [event["type"] for event in answer["events"]]


def test_what_was_said_is_known_and_the_workspace_is_the_agents_own(scripted, upstream):
    agent = scripted.agent(name="비서", finalPrompt="짧게 답해 줘")
    conversation = talk(scripted, agent)
    assert (conversation["mode"], conversation["title"], conversation["budgetMicroUsd"]) == ("agent", "비서", 500_000)

    steps = (bash("mkdir -p output; echo 연필 > output/memo.txt; echo ok"), {"text": "적어 두었습니다."})
    first = say(scripted, conversation, "내 이름은 연필이야. " + script(*steps), "m1")

    assert first["message"]["content"] == "적어 두었습니다."
    assert kinds(first)[0] == "turn_started"
    tools = [(event["name"], event["state"]) for event in first["events"] if event["type"] == "tool"]
    assert tools == [("Bash", "started"), ("Bash", "done")]
    card = next(part for part in first["message"]["parts"] if part["type"] == "card")["data"]
    assert (card["state"], [file["path"] for file in card["artifacts"]]) == ("succeeded", ["memo.txt"])
    assert 0 < card["startSeconds"] < 60
    assert first["events"][-1]["reason"] == "done"

    upstream.requests.clear()
    second = say(scripted, conversation, "내 이름이 뭐라고 했지? " + script({"text": "연필이요."}), "m2")
    assert second["message"]["content"] == "연필이요."
    asked = next(request for request in upstream.requests if request.get("path", "").startswith("/v1/messages"))
    said = json.dumps(asked["body"]["messages"], ensure_ascii=False)
    assert "내 이름은 연필이야" in said
    assert "적어 두었습니다." in said
    assert "짧게 답해 줘" in json.dumps(asked["body"]["system"], ensure_ascii=False)
    files = scripted.ask("GET", f"/api/agents/{agent['id']}/files")["items"]
    assert [file["path"] for file in files] == ["output/memo.txt"]

    usage = next(event for event in second["events"] if event["type"] == "usage")
    runs = [scripted.execution(event["card"]) for a in (first, second) for event in a["events"] if "card" in event]
    spent = {run["id"]: run["costMicroUsd"] for run in runs}
    assert usage["conversation"]["costMicroUsd"] == sum(spent.values()) > 0
    assert {run["trigger"] for run in runs} == {"chat"}
    assert scripted.ask("GET", f"/api/conversations/{conversation['id']}")["costMicroUsd"] == sum(spent.values())


def test_the_same_message_never_runs_twice(scripted):
    agent = scripted.agent(finalPrompt="x")
    conversation = talk(scripted, agent)
    text = script({"text": "하나"})
    assert say(scripted, conversation, text, "same")["events"] == say(scripted, conversation, text, "same")["events"]
    assert len(scripted.ask("GET", f"/api/executions?agentId={agent['id']}")["items"]) == 1


def test_stop_ends_the_run_and_keeps_what_was_said(scripted):
    agent = scripted.agent(finalPrompt="x")
    conversation = talk(scripted, agent)
    answers: list[Json] = []
    steps = ({"text": "시작합니다.", **bash("sleep 60")}, {"text": "끝"})
    asking = threading.Thread(target=lambda: answers.append(say(scripted, conversation, script(*steps), "m1")))
    asking.start()
    run = None
    while run is None:
        run = next(iter(scripted.ask("GET", f"/api/executions?agentId={agent['id']}")["items"]), None)
    until_event(scripted, run["id"], "tool_call", seconds=60)

    scripted.ask("POST", f"/api/conversations/{conversation['id']}/stop")
    asking.join(60)

    assert answers[0]["events"][-1]["reason"] == "stopped"
    assert scripted.until(run["id"])["status"] == "cancelled"


def test_what_was_agreed_is_not_passed(scripted):
    agent = scripted.agent(finalPrompt="x")
    conversation = talk(scripted, agent, capMicroUsd=10_000)
    spec = {"in": 1_000, "out": 2_000}
    ends = [say(scripted, conversation, script({"text": "비싸다"}, **spec), f"m{n}")["events"][-1] for n in range(20)]
    assert ends[0]["reason"] == "done"
    assert ends[-1]["reason"] == "budget"
    spent = scripted.ask("GET", f"/api/conversations/{conversation['id']}")["costMicroUsd"]
    assert spent <= 10_000


def test_somebody_elses_agent_and_a_cost_that_cannot_be_are_refused(scripted):
    with pytest.raises(HTTPError) as refused:
        talk(scripted, {"id": "a_unknown"})
    assert json.load(refused.value)["status"] == 404
    with pytest.raises(HTTPError) as refused:
        talk(scripted, scripted.agent(), capMicroUsd=1)
    assert json.load(refused.value)["errors"][0]["field"] == "capMicroUsd"

"""A design by chat with a scripted Claude: through the gateway, metered, tried in the sandbox, priced by that."""

import pytest

from tests.fake_anthropic import FakeAnthropic
from tests.platform_process import Json, PlatformProcess
from tests.scripted import bash, script

pytestmark = pytest.mark.sandbox


def test_what_the_designer_drafts_is_tried_for_real_and_costs_what_that_cost(
    scripted: PlatformProcess, upstream: FakeAnthropic
) -> None:
    wish = {"name": "보고", "final_prompt": "보고해 줘", "tools": ["Bash"], "schedule": {"cron": "0 9 * * 1-5"}}
    steps = ({"tools": [["change_draft", wish], ["estimate_price", {}]]}, {"text": "초안입니다."})
    said = "보고해 줘 " + script(*steps, **{"in": 900, "out": 40})
    answer = scripted.ask("POST", "/api/conversation", {"message": said})
    assert answer["message"]["content"] == "초안입니다."
    draft, price = card(answer, "draft"), card(answer, "price")
    assert (draft["agent"]["name"], draft["missing"], price["perRun"]) == ("보고", [], None)
    spent = next(event for event in reversed(answer["events"]) if event["type"] == "usage")["costMicroUsd"]
    assert spent == 2 * (900 // 10 + 40 // 2)

    calls = [request for request in upstream.requests if request.get("path", "").startswith("/v1/messages")]
    first = calls[0]["body"]
    assert {tool["name"] for tool in first["tools"]} >= {"change_draft", "propose_rehearsal"}
    assert first["system"][0]["cache_control"] == {"type": "ephemeral"}

    place = f"/api/conversations/{answer['conversationId']}"
    work = script(
        bash("mkdir -p output && echo 보고 > output/report.md"), {"text": "썼습니다."}, **{"in": 1000, "out": 50}
    )
    by_hand = {"revision": draft["revision"], "agent": {"finalPrompt": work}}
    draft = scripted.ask("PATCH", f"{place}/draft", by_hand)
    tried = scripted.until(scripted.ask("POST", f"{place}/rehearsals", {"revision": draft["revision"]})["id"])
    assert (tried["status"], tried["rehearsal"]) == ("succeeded", True), tried
    assert tried["costMicroUsd"] == 2 * (1000 // 10 + 50 // 2)
    priced = scripted.ask("GET", f"{place}/price")
    assert priced["perRun"] == {"low": tried["costMicroUsd"], "high": tried["costMicroUsd"]}
    assert priced["perMonth"]["high"] == tried["costMicroUsd"] * priced["runs"]

    agent = scripted.ask("POST", f"{place}/draft/save", {"revision": draft["revision"], "activate": True})
    assert (agent["id"], agent["totalRuns"], agent["totalCostMicroUsd"]) == (tried["agentId"], 0, 0)
    used = {row["agentId"]: row["costMicroUsd"] for row in scripted.ask("GET", "/api/usage?by=agent")["items"]}
    assert used == {"chat": spent + tried["costMicroUsd"]}


def card(answer: Json, kind: str) -> Json:
    found: list[Json] = [e["data"] for e in answer["events"] if e["type"] == "card" and e["kind"] == kind]
    assert found, f"no {kind} card in {[event['type'] for event in answer['events']]}"
    return found[-1]

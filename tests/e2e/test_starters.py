"""The page's three examples said to the demo model: drafted, tried in the sandbox, saved and scheduled."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.platform_process import Json, PlatformProcess

pytestmark = pytest.mark.sandbox

WORDS = (Path(__file__).resolve().parents[2] / "web" / "src" / "words" / "chat.ts").read_text("utf-8")
CSV = "date,product,quantity,amount\n2026-11-16,연필,3,1200\n2026-11-17,공책,2,800\n"


def wish(name: str) -> str:
    """The Korean message that the page fills in for the example."""
    found = re.search(rf"\b{name}Wish: \{{\s*ko: \"([^\"]+)\"", WORDS)
    assert found is not None, f"the page has no example {name}"
    return found[1]


def uploaded(platform: PlatformProcess, name: str, text: str) -> str:
    body = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n{text}\r\n--b--\r\n'
    headers = {"Authorization": f"Bearer {platform.key}", "Content-Type": "multipart/form-data; boundary=b"}
    with urlopen(Request(platform.url + "/api/uploads", body.encode(), headers), timeout=60) as answer:
        return str(json.loads(answer.read())["id"])


def card(answer: Json, kind: str) -> Json:
    found: list[Json] = [e["data"] for e in answer["events"] if e["type"] == "card" and e["kind"] == kind]
    assert found, f"no {kind} card in {[event['type'] for event in answer['events']]}"
    return found[-1]


def designed(platform: PlatformProcess, message: str, **more: Any) -> tuple[str, Json, Json]:
    """Said, tried, saved and switched on: the conversation, how the trial run ended, the agent."""
    answer = platform.ask("POST", "/api/conversation", {"message": message, **more})
    place = f"/api/conversations/{answer['conversationId']}"
    draft, proposed = card(answer, "draft"), card(answer, "rehearsal")
    assert (draft["missing"], draft["saved"], proposed["state"]) == ([], False, "proposed")
    assert card(answer, "price")["perRun"] is None
    assert "데모 모델" in answer["message"]["content"]
    assert platform.ask("GET", "/api/agents")["items"] == []

    started = platform.ask("POST", f"{place}/rehearsals", {"revision": draft["revision"]})
    tried = platform.until(started["id"])
    assert platform.ask("GET", "/api/agents")["items"] == []
    assert platform.ask("GET", f"{place}/price")["basis"] == "rehearsal"

    agent = platform.ask("POST", f"{place}/draft/save", {"revision": draft["revision"], "activate": True})
    assert (agent["status"], agent["id"], agent["totalRuns"]) == ("active", tried["agentId"], 0)
    return place, tried, agent


def test_competitor_news_becomes_a_scheduled_agent_that_was_seen_to_work(platform: PlatformProcess) -> None:
    place, tried, agent = designed(platform, wish("starterNews"))
    assert (agent["name"], agent["schedule"]["cron"]) == ("경쟁사 뉴스 요약", "0 8 * * *")
    assert (agent["notify"]["email"], agent["network"]["allow"]) == ("always", [])
    assert (tried["status"], tried["rehearsal"]) == ("succeeded", True)
    assert [file["path"] for file in tried["artifacts"]] == ["report.md"]
    assert agent["nextRunAt"] is not None
    said = platform.ask("GET", place)
    shown = [part for message in said["messages"] for part in message["parts"] if part["type"] == "card"]
    assert [part["data"]["state"] for part in shown if part["kind"] == "rehearsal"] == ["succeeded"]
    assert said["draft"]["saved"]
    assert [part["data"]["agentId"] for part in shown if part["kind"] == "agent"] == [agent["id"]]


def test_a_weekly_sales_summary_reads_the_csv_that_was_given_to_the_conversation(platform: PlatformProcess) -> None:
    file = uploaded(platform, "sales.csv", CSV)
    _, tried, agent = designed(platform, wish("starterSales"), files=[file])
    assert (agent["name"], agent["schedule"]["cron"]) == ("지난주 매출 요약", "0 9 * * 1")
    assert agent["tools"] == ["Bash", "Read", "Write"]
    assert tried["status"] == "succeeded", tried
    assert "2,000" in tried["result"]
    files = platform.ask("GET", f"/api/agents/{agent['id']}/files")["items"]
    assert [kept["path"] for kept in files] == ["sales.csv"]


def test_a_paper_watch_runs_on_weekdays(platform: PlatformProcess) -> None:
    _, tried, agent = designed(platform, wish("starterPapers"))
    assert (agent["name"], agent["schedule"]["cron"]) == ("관심 분야 새 논문 찾기", "0 7 * * 1-5")
    assert tried["status"] == "succeeded"
    assert agent["scheduleText"]["ko"] == "평일 오전 7시 (KST)"

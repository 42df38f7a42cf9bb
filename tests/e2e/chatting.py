"""A person in the workspace, whose conversations are served by a service that the test speaks for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Route, expect

from tests.chat_service import NOON, ChatService
from tests.e2e.browsing import Visitor

SERVED = re.compile(r"/api/(conversation|conversations|updates|uploads)\b")
SPENT = {"input": 2200, "output": 480, "cacheRead": 0, "cacheWrite": 0}
SAID = {"ko": "매일 오전 8:00", "en": "Every day at 8:00 AM"}
SCHEDULE = {
    "cron": "0 8 * * *", "timezone": "Asia/Seoul", "calendar": None, "onHoliday": "run", "lastBusinessDay": False,
    "overlap": "skip", "catchUp": "none", "text": None,
}  # fmt: skip
LIMITS = {"timeoutSeconds": 600, "maxTurns": 30, "maxCostMicroUsd": 300_000, "monthlyCostMicroUsd": 5_000_000}
AGENT = {
    "name": "경쟁사 뉴스 요약", "description": "아침마다 소식을 간추립니다",
    "finalPrompt": "경쟁사 뉴스를 요약해 주세요.", "model": "haiku", "tools": ["Read", "Write"],
    "network": {"allow": ["news.example.com"]}, "schedule": SCHEDULE, "limits": LIMITS,
    "notify": {"email": "always", "webhookUrl": None}, "retry": {"times": 1, "afterCalls": False},
}  # fmt: skip
DRAFT: dict[str, Any] = {
    "revision": 1, "agentId": None, "agent": AGENT, "missing": [], "changed": ["schedule"], "saved": False,
    "scheduleText": SAID,
}  # fmt: skip
TIMES = {
    "schedule": SCHEDULE, "text": SAID, "next": [f"2026-11-{day}T23:00:00Z" for day in range(20, 25)],
    "timezone": "Asia/Seoul",
}  # fmt: skip
PRICE = {
    "revision": 1, "perRun": {"low": 12_000, "high": 21_000}, "runs": 31,
    "perMonth": {"low": 372_000, "high": 651_000}, "capPerRun": 300_000, "capPerMonth": 5_000_000,
    "basis": "rehearsal", "rehearsals": 2,
}  # fmt: skip
REHEARSAL: dict[str, Any] = {
    "revision": 1, "state": "proposed", "executionId": None, "cap": 100_000, "hosts": [], "artifacts": [],
}  # fmt: skip
TRIED = REHEARSAL | {
    "state": "succeeded", "executionId": "e1", "seconds": 12, "result": "## 요약\n\n- 소식 하나",
    "tokenUsage": SPENT, "costMicroUsd": 15_300, "artifacts": [{"path": "report.md", "bytes": 1204}],
    "hosts": [
        {"host": "news.example.com", "allowed": True, "requests": 3},
        {"host": "cdn.example.org", "allowed": False, "requests": 1},
    ],
}  # fmt: skip
SAVED = {"agentId": "a1", "name": "경쟁사 뉴스 요약", "status": "active", "nextRunAt": NOON, "scheduleText": SAID}
QUESTION = {
    "question": "요약을 어디로 보낼까요?",
    "options": [{"label": "메일로", "text": "메일로 보내 줘"}, {"label": "파일로", "text": "파일로 남겨 줘"}],
}
WISH = "매일 아침 8시에 경쟁사 뉴스를 요약해 메일로 보내 줘"
ASKING = "POST /api/conversation"

Meet = Callable[..., "Chatter"]


class Chatter:
    """One window of a visitor, in the workspace of that service."""

    def __init__(self, visitor: Visitor, service: ChatService, uploads: int | None = None) -> None:
        self.visitor = visitor
        self.page = visitor.page
        self.service = service
        context = self.page.context
        context.route(SERVED, self._forward)

        def offer(route: Route) -> None:
            answer = route.fetch()
            offered = {"chat": True, "uploads": {"maxBytes": uploads} if uploads else None}
            route.fulfill(response=answer, json=answer.json() | offered)

        context.route("**/config.json", offer)

    def _forward(self, route: Route) -> None:
        path = route.request.url.removeprefix(self.visitor.origin)
        route.continue_(url=f"http://127.0.0.1:{self.service.port}{path}")

    @property
    def field(self) -> Locator:
        return self.page.get_by_role("textbox", name=re.compile("^(메시지|Message)$"))

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    @property
    def answer(self) -> Locator:
        return self.page.locator(".answer").last

    def card(self, kind: str) -> Locator:
        return self.page.locator(f"[data-card={kind}]").last

    def come(self) -> None:
        """Sign in and open a new conversation."""
        self.visitor.enter()
        self.visitor.open("#/chat")
        self.ready()

    def ready(self) -> None:
        """What is drawn listens: its effects have run, of which the last one puts the cursor into the field."""
        expect(self.field).to_be_focused()

    def say(self, words: str) -> None:
        """Send it, and see it taken."""
        before = self.page.locator("[data-turn]").count()
        self.field.fill(words)
        expect(self.page.locator("button.send.primary")).to_be_enabled()  # no answer is being written any more
        self.field.press("Enter")
        expect(self.page.locator("[data-turn]")).to_have_count(before + 1)
        expect(self.page).to_have_url(re.compile("#/chat/c1$"))

    def until(self, holds: Callable[[], bool]) -> None:
        """What the page asked for arrives by and by."""
        for _ in range(1200):
            if holds():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("it did not come to pass")

    def asked(self) -> list[str]:
        """The messages that reached the service."""
        return [body["message"] for body in self.service.bodies(ASKING)]

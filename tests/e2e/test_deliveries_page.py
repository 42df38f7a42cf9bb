"""The agent's own webhook on its page: set in the form, told of an end, its key; and mails that are only planned."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from tests.e2e.browsing import Visitor
from tests.platform_process import PlatformProcess

pytestmark = pytest.mark.browser

REFUSED = "https://127.0.0.1/ended"
"""An address that the platform does not post to: not the public internet."""


@pytest.fixture
def house(launch) -> PlatformProcess:
    started: PlatformProcess = launch()
    return started


def come(browser: Browser, house: PlatformProcess, **how: Any) -> Visitor:
    owner = Visitor.come(browser, house.url, **how)
    owner.open(house.ask("POST", "/api/auth/links")["url"].removeprefix(house.url).lstrip("/"))
    expect(owner.page.get_by_role("heading", level=1)).to_have_text(re.compile("내 에이전트|My agents"))
    return owner


def panel(owner: Visitor) -> Locator:
    return owner.page.get_by_role("region", name=re.compile("^(끝났을 때 알리는 웹훅|Outgoing webhook)$"))


def key(owner: Visitor) -> str:
    shown = panel(owner).get_by_test_id("webhook-secret")
    expect(shown).to_have_text(re.compile("^whsec_"))
    return shown.inner_text()


@pytest.mark.sandbox
def test_an_address_is_set_in_the_form_and_what_it_was_told_is_seen(browser: Browser, house: PlatformProcess) -> None:
    agent = house.agent(name="소식", finalPrompt="세 줄로 요약해 줘")
    owner = come(browser, house, locale="ko-KR", scheme="light", width=1180)
    owner.open(f"#/agents/{agent['id']}")
    expect(panel(owner).get_by_text("알릴 주소를 정하지 않았습니다.")).to_be_visible()
    panel(owner).get_by_role("link", name="주소 정하기").click()

    owner.page.get_by_label(re.compile("^끝났을 때 알릴 웹훅 주소")).fill("http://hooks.example.com/")
    owner.page.get_by_role("button", name=re.compile("^저장$")).click()
    expect(owner.page.locator("#wrong-webhookUrl")).to_be_visible()
    owner.page.get_by_label(re.compile("^끝났을 때 알릴 웹훅 주소")).fill(REFUSED)
    owner.page.get_by_label("플랫폼 문제로 끝났을 때").select_option(label="두 번까지 다시 하기")
    owner.page.get_by_label(re.compile("모델을 부른 뒤에 끝난 실행도")).check()
    assert owner.accessibility() == []
    owner.picture("agent-form-webhook")
    owner.page.get_by_role("button", name=re.compile("^저장$")).click()
    expect(panel(owner).get_by_text(REFUSED)).to_be_visible()
    kept = house.ask("GET", f"/api/agents/{agent['id']}")
    assert (kept["notify"]["webhookUrl"], kept["retry"]) == (REFUSED, {"times": 2, "afterCalls": True})

    ended = house.until(house.run(kept)["id"])
    told = panel(owner).locator("[data-delivery]")
    owner.page.reload()
    expect(told).to_have_count(1)
    expect(told).to_contain_text("보내는 중")
    expect(told).to_contain_text("허용되지 않는 주소")
    expect(told).to_contain_text("다음 시도")
    expect(told.get_by_role("link")).to_have_attribute("href", f"#/executions/{ended['id']}")

    panel(owner).get_by_role("button", name="서명 키 보기").click()
    first = key(owner)
    assert first == house.ask("GET", f"/api/agents/{agent['id']}/webhook-secret")["secret"]
    panel(owner).get_by_role("button", name="서명 키 바꾸기").click()
    expect(panel(owner).get_by_text("두 키로 함께 서명합니다")).to_be_visible()
    assert key(owner) != first
    assert owner.accessibility() == []
    panel(owner).scroll_into_view_if_needed()
    owner.picture("deliveries")
    panel(owner).get_by_role("button", name="서명 키 숨기기").click()
    expect(panel(owner).get_by_test_id("webhook-secret")).to_have_count(0)
    owner.leave()


DELIVERIES = [
    {"status": "pending", "nextAttemptAt": "2099-01-01T00:00:00.000Z", "attempts": [(500, None), (None, "timeout")]},
    {"status": "failed", "nextAttemptAt": None, "attempts": [(410, None)]},
    {"status": "delivered", "nextAttemptAt": None, "attempts": [(302, None), (204, None)]},
]


def delivery(number: int, one: dict[str, Any]) -> dict[str, Any]:
    at = "2026-11-20T12:00:00.000Z"
    attempts = [{"at": at, "httpStatus": status, "error": error} for status, error in one["attempts"]]
    named = {"id": f"d_{number}", "executionId": f"x_{number}", "url": REFUSED, "createdAt": at}
    return one | named | {"attempts": attempts}


def test_each_state_is_said_in_english_on_a_phone_and_waiting_and_trouble_too(
    browser: Browser, house: PlatformProcess
) -> None:
    agent = house.agent(name="News", finalPrompt="Sum up", notify={"webhookUrl": REFUSED})
    owner = come(browser, house, locale="en-US", scheme="dark", width=360)
    held: list[Route] = []
    owner.page.route("**/deliveries?*", lambda route: held.append(route))
    with owner.page.expect_request("**/deliveries?*"):
        owner.open(f"#/agents/{agent['id']}")
    expect(panel(owner).get_by_role("status")).to_have_text("Loading")
    while not held:
        owner.page.wait_for_timeout(20)
    problem = {"status": 503, "code": "unavailable", "detail": "Not now.", "requestId": "r_1"}
    held[0].fulfill(status=503, content_type="application/problem+json", body=json.dumps(problem))
    expect(panel(owner).get_by_text("r_1")).to_be_visible()
    owner.page.unroute("**/deliveries?*")
    panel(owner).get_by_role("button", name="Try again").click()
    expect(panel(owner).get_by_text("Nothing was sent yet.")).to_be_visible()

    items = [delivery(number, one) for number, one in enumerate(DELIVERIES)]
    body = json.dumps({"items": items, "nextCursor": None})
    owner.page.route("**/deliveries?*", lambda route: route.fulfill(content_type="application/json", body=body))
    owner.page.reload()
    rows = panel(owner).locator("[data-delivery]")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("no answer in time")
    expect(rows.nth(0)).to_contain_text("next try")
    expect(rows.nth(1)).to_contain_text("answer 410")
    expect(rows.nth(2)).to_contain_text("Delivered")
    expect(rows.nth(2)).not_to_contain_text("answer")
    assert owner.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert owner.accessibility() == []
    panel(owner).scroll_into_view_if_needed()
    owner.picture("deliveries-phone")
    owner.leave()


MAIL = {"kind": "digest", "to": None, "text": None, "state": "no_address", "reason": None, "endedAt": None}


def test_a_digest_that_waits_for_its_morning_is_planned_and_not_kept(browser: Browser, house: PlatformProcess) -> None:
    owner = come(browser, house, locale="ko-KR", scheme="light", width=900)
    mails = [
        MAIL | {"id": "m_1", "subject": "[계속 실패] 소식", "dueAt": "2099-01-01T00:00:00.000Z"},
        MAIL | {"id": "m_2", "subject": "[실패] 소식", "dueAt": "2026-01-01T00:00:00.000Z"},
    ]
    body = json.dumps({"items": mails, "nextCursor": None})
    owner.page.route("**/api/outbox?*", lambda route: route.fulfill(content_type="application/json", body=body))
    owner.open("#/outbox")
    expect(owner.page.locator("[data-state=planned]")).to_have_text("예정됨")
    expect(owner.page.locator("[data-state=no_address]")).to_have_text("보관만 함 (주소 없음)")
    assert owner.accessibility() == []
    owner.picture("outbox-planned")
    owner.leave()

"""Talking with an agent itself, in a real browser with the demo model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsing import Visitor
from tests.platform_process import PlatformProcess

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]


@pytest.fixture
def owner(browser: Browser, house: PlatformProcess) -> Iterator[Visitor]:
    visitor = Visitor.come(browser, house.url, locale="ko-KR", scheme="light", width=1180)
    visitor.page.goto(house.ask("POST", "/api/auth/links")["url"])
    expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
    yield visitor
    visitor.leave()


def test_a_person_agrees_to_a_cost_and_is_answered_by_the_agent(owner: Visitor, house: PlatformProcess) -> None:
    agent = house.agent(name="비서", finalPrompt="짧게 답해 줘")
    owner.open(f"#/agents/{agent['id']}")
    owner.page.get_by_role("button", name="대화 시작").click()
    dialog = owner.page.get_by_role("dialog", name="“비서”와 대화")
    dialog.get_by_label("이 대화에 쓸 수 있는 금액 (달러)").fill("0")
    dialog.get_by_role("button", name="동의하고 시작").click()
    expect(dialog.get_by_text("0보다 큰 금액을 적어 주세요.")).to_be_visible()
    assert owner.accessibility() == []
    dialog.get_by_label("이 대화에 쓸 수 있는 금액 (달러)").fill("0.2")
    owner.picture("talk-consent")
    dialog.get_by_role("button", name="동의하고 시작").click()

    expect(owner.page.get_by_role("heading", level=1)).to_have_text("비서")
    expect(owner.page.get_by_role("heading", name="“비서”에게 말을 걸어 보세요")).to_be_visible()
    assert owner.accessibility() == []
    owner.page.locator("textarea").fill("안녕, 오늘 뭐 했어?")
    owner.page.locator("textarea").press("Enter")

    turn = owner.page.locator("article.turn")
    expect(owner.page.get_by_role("heading", name="“비서”에게 말을 걸어 보세요")).to_have_count(0)
    expect(turn).to_have_attribute("data-end", "done")
    card = turn.locator("[data-card=run]")
    expect(card).to_have_attribute("data-state", "succeeded")
    expect(card).to_contain_text("시작까지")
    assert owner.accessibility() == []
    owner.picture("talk")
    assert house.ask("GET", f"/api/executions?agentId={agent['id']}")["items"][0]["trigger"] == "chat"

    owner.page.reload()
    expect(turn.locator("[data-card=run]")).to_have_attribute("data-state", "succeeded")
    owner.page.get_by_role("navigation").get_by_role("link", name="내 에이전트").click()
    expect(owner.page.get_by_role("heading", level=1)).to_have_text("내 에이전트")

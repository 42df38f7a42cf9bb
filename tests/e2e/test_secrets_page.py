"""Secrets on the agent's page, in a real browser: given, replaced, taken away, and never shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.e2e.browsing import Visitor
from tests.platform_process import PlatformProcess

pytestmark = pytest.mark.browser

CANARY = "canary-7f3a9b2c"
SECRETS = "**/api/agents/*/secrets"


@pytest.fixture
def guest(browser: Browser, house: PlatformProcess) -> Iterator[Visitor]:
    visitor = Visitor.come(browser, house.url, locale="ko-KR", scheme="light", width=1180)
    visitor.enter()
    yield visitor
    visitor.leave()


def panel(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("region", name="비밀 값", exact=True)


def fill(visitor: Visitor, **fields: str) -> None:
    for name, text in fields.items():
        panel(visitor).locator(f"#field-secret-{name}").fill(text)


def press(visitor: Visitor, name: str) -> None:
    panel(visitor).get_by_role("button", name=re.compile(f"^{name}$")).click()


def test_a_secret_is_given_replaced_and_taken_away_and_its_value_is_never_shown(guest: Visitor) -> None:
    answers: list[str] = []
    guest.page.on("response", lambda answer: answers.append(answer.url) if "/secrets" in answer.url else None)
    guest.make_agent("시세", "시세를 봐 줘", hosts="api.example.com\n*.example.org")
    expect(panel(guest)).to_contain_text("비밀 값이 없습니다.")

    press(guest, "비밀 값 추가")
    fill(guest, name="market-key", value=CANARY)
    press(guest, "저장")
    expect(panel(guest).locator("#wrong-secret-hosts")).to_be_visible()
    expect(panel(guest).locator("#field-secret-value")).to_have_attribute("type", "password")
    assert guest.accessibility() == []
    panel(guest).get_by_label("api.example.com").check()
    press(guest, "저장")
    row = panel(guest).get_by_role("listitem").filter(has_text="market-key")
    expect(row).to_contain_text("Authorization: Bearer •••")
    expect(row).to_contain_text("api.example.com")
    guest.picture("secrets")

    press(guest, "market-key 바꾸기")
    expect(panel(guest).locator("#field-secret-value")).to_have_value("")
    expect(panel(guest).get_by_label("api.example.com")).to_be_checked()
    fill(guest, value=CANARY[::-1], typed="feed.example.org")
    panel(guest).locator("#field-secret-way").select_option("header")
    fill(guest, header="X-Market")
    press(guest, "저장")
    expect(row).to_contain_text("X-Market: •••")
    expect(row).to_contain_text("api.example.com, feed.example.org")
    guest.page.reload()
    expect(row).to_be_visible()
    assert CANARY not in guest.page.content()
    assert CANARY[::-1] not in guest.page.content()
    assert guest.accessibility() == []

    press(guest, "비밀 값 market-key 삭제")
    expect(panel(guest)).to_contain_text("비밀 값이 없습니다.")
    assert len(answers) >= 6


def test_the_panel_says_what_it_needs_and_what_went_wrong(guest: Visitor) -> None:
    guest.make_agent("메모", "메모해 줘")
    expect(panel(guest)).to_contain_text("먼저 에이전트에 접속을 허용할 주소를 적어 주세요.")
    expect(panel(guest).get_by_role("button")).to_have_count(0)

    guest.page.route(SECRETS, lambda route: route.fulfill(status=503, body=json.dumps({"code": "unavailable"})))
    guest.page.reload()
    expect(panel(guest).get_by_role("alert")).to_be_visible()
    guest.page.unroute(SECRETS)
    press(guest, "다시 시도")
    expect(panel(guest)).to_contain_text("먼저 에이전트에 접속을 허용할 주소를 적어 주세요.")


def test_it_speaks_english_and_fits_a_telephone(browser: Browser, house: PlatformProcess) -> None:
    visitor = Visitor.come(browser, house.url, locale="en-US", scheme="dark", width=360)
    visitor.enter()
    visitor.make_agent("Rates", "Look at the rates", hosts="api.example.com")
    region = visitor.page.get_by_role("region", name="Secrets", exact=True)
    region.get_by_role("button", name="Add a secret").click()
    expect(region).to_contain_text("Once saved it is not shown again.")
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert visitor.accessibility() == []
    region.get_by_role("button", name="Cancel").click()
    expect(region).to_contain_text("No secrets.")
    visitor.leave()

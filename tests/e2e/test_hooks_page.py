"""Webhooks on the page: made, copied once, used by another program, rotated, deleted; and what goes wrong in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from tests.e2e.browsing import Visitor
from tests.platform_process import PlatformProcess

pytestmark = pytest.mark.browser


@pytest.fixture
def guest(browser: Browser, house: PlatformProcess) -> Iterator[Visitor]:
    visitor = Visitor.come(browser, house.url, locale="ko-KR", scheme="light", width=1180)
    visitor.enter()
    visitor.make_agent("주문 정리", "input.txt의 주문을 정리해 줘")
    yield visitor
    visitor.leave()


def panel(guest: Visitor) -> Locator:
    return guest.page.get_by_role("region", name=re.compile("^(웹훅|Webhooks)$"))


def secret(guest: Visitor) -> str:
    shown = panel(guest).get_by_test_id("hook-secret")
    expect(shown).to_have_text(re.compile("^whsec_"))
    return shown.inner_text()


def started(guest: Visitor, key: str) -> int:
    url = panel(guest).locator("li code").inner_text()
    return httpx2.post(url, content=b'{"order": 7}', headers={"Authorization": f"Bearer {key}"}, timeout=60).status_code


def test_a_webhook_is_made_used_rotated_and_deleted(guest: Visitor, house: PlatformProcess) -> None:
    guest.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=house.url)
    hooks = panel(guest)
    expect(hooks.get_by_text("웹훅이 없습니다.")).to_be_visible()
    hooks.get_by_role("button", name="웹훅 만들기").click()
    first = secret(guest)
    hooks.get_by_role("button", name="비밀 값 복사").click()
    expect(guest.page.get_by_text("복사했습니다")).to_be_visible()
    assert guest.page.evaluate("navigator.clipboard.readText()") == first
    assert guest.accessibility() == []
    guest.picture("hooks")
    assert started(guest, first) == 202

    guest.page.reload()
    expect(hooks.locator("li")).to_have_count(1)
    expect(hooks.get_by_test_id("hook-secret")).to_have_count(0)
    assert first not in guest.page.content()
    expect(hooks.get_by_text("마지막 사용 없음")).to_have_count(0)
    expect(guest.page.get_by_role("cell", name="웹훅")).to_be_visible()

    hooks.get_by_role("button", name="비밀 값 바꾸기").click()
    second = secret(guest)
    assert second != first
    assert [started(guest, first), started(guest, second), started(guest, "whsec_wrong")] == [202, 202, 401]
    hooks.get_by_role("button", name="따로 적어 두었습니다").click()
    expect(hooks.get_by_test_id("hook-secret")).to_have_count(0)

    url = hooks.locator("li code").inner_text()
    hooks.get_by_role("button", name="웹훅 삭제").click()
    hooks.get_by_role("button", name="취소").click()
    expect(hooks.locator("li")).to_have_count(1)
    hooks.get_by_role("button", name="웹훅 삭제").click()
    hooks.get_by_role("button", name=re.compile("^삭제$")).click()
    expect(hooks.get_by_text("웹훅이 없습니다.")).to_be_visible()
    assert httpx2.post(url, headers={"Authorization": f"Bearer {second}"}, timeout=60).status_code == 404


def test_waiting_and_trouble_are_said_and_over_when_they_are_over(guest: Visitor) -> None:
    held: list[Route] = []
    hooks = panel(guest)
    expect(hooks.get_by_text("웹훅이 없습니다.")).to_be_visible()  # so that what is held is asked for after this
    guest.page.route("**/hooks", lambda route: held.append(route))
    with guest.page.expect_request("**/hooks"):
        guest.page.reload()
    expect(hooks.get_by_role("status")).to_have_text("불러오는 중")
    while not held:
        guest.page.wait_for_timeout(20)
    problem = {"status": 503, "code": "unavailable", "detail": "지금은 처리할 수 없습니다.", "requestId": "r_1"}
    held[0].fulfill(status=503, content_type="application/problem+json", body=json.dumps(problem))
    expect(hooks.get_by_text("r_1")).to_be_visible()
    guest.page.unroute("**/hooks")
    hooks.get_by_role("button", name="다시 시도").click()
    expect(hooks.get_by_text("웹훅이 없습니다.")).to_be_visible()


def test_the_panel_speaks_english_and_fits_a_phone(browser: Browser, house: PlatformProcess) -> None:
    visitor = Visitor.come(browser, house.url, locale="en-US", scheme="dark", width=360)
    visitor.enter()
    visitor.make_agent("Orders", "Sum up input.txt")
    panel(visitor).get_by_role("button", name="Make a webhook").click()
    secret(visitor)
    expect(panel(visitor).get_by_text("Shown this once.")).to_be_visible()
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visitor.accessibility() == []
    visitor.picture("hooks-phone")
    visitor.leave()

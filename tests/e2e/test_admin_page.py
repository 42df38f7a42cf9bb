"""Administration in a real browser: on a local platform its owner, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, expect

from ohmyagent import records
from ohmyagent.adapters.local.data_folder import DataFolder
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.domain.accounts import User, UserKind
from ohmyagent.domain.beta import BetaRequest
from ohmyagent.use_cases import joining
from tests.e2e.browsing import Visitor
from tests.platform_process import PlatformProcess

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture
def owner(browser: Browser, house: PlatformProcess) -> Iterator[Visitor]:
    visitor = Visitor.come(browser, house.url, locale="ko-KR", scheme="light", width=1180)
    visitor.page.goto(house.ask("POST", "/api/auth/links")["url"])
    expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
    yield visitor
    visitor.leave()


def section(visitor: Visitor, title: str) -> Locator:
    return visitor.page.get_by_role("region", name=title)


def applied(house: PlatformProcess, id: str, name: str, purpose: str) -> None:
    """Somebody who signed in with Google has applied."""
    store = SqliteStore(DataFolder(house.data).database)
    try:
        now = datetime.now(UTC)
        user = User(
            id=id, kind=UserKind.GOOGLE, name=name, email=f"{id}@example.com", verified_email=True, plan="waiting",
            created_at=now,
        )  # fmt: skip
        records.users.put(store, id, user)
        joining.apply(store, user, BetaRequest(purpose=purpose, consent=True), now)
    finally:
        store.close()


def test_an_application_is_read_approved_or_rejected(owner: Visitor, house: PlatformProcess) -> None:
    applied(house, "u_marketer", "마케터", "매일 경쟁사 뉴스를 요약하고 싶습니다")
    applied(house, "u_other", "<img src=x onerror=alert(1)>", "광고")
    owner.page.get_by_role("link", name="관리").click()

    rows = section(owner, "베타 신청").get_by_role("listitem")
    first = rows.filter(has_text="마케터")
    expect(first).to_contain_text("u_marketer@example.com")
    expect(first).to_contain_text("매일 경쟁사 뉴스를 요약하고 싶습니다")
    assert owner.accessibility() == []
    owner.picture("admin")
    first.get_by_role("button", name="승인").click()
    expect(first.locator(".badge")).to_have_text("승인됨")
    expect(first.get_by_role("button")).to_have_count(0)

    second = rows.filter(has_text="광고")
    second.get_by_role("button", name="거절").click()
    expect(second.locator(".badge")).to_have_text("승인되지 않음")
    expect(second.get_by_role("button", name="승인")).to_be_visible()


def test_a_guest_finds_no_administration(browser: Browser, house: PlatformProcess) -> None:
    visitor = Visitor.come(browser, house.url, locale="ko-KR", scheme="light", width=1180)
    visitor.enter()
    expect(visitor.page.get_by_role("link", name="관리")).to_have_count(0)
    visitor.open("#/admin")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("페이지를 찾을 수 없습니다")
    visitor.leave()

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

pytestmark = pytest.mark.browser


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


def test_the_platform_at_a_glance_and_the_switch_for_all_schedules(owner: Visitor, house: PlatformProcess) -> None:
    owner.open("#/admin")
    glance = section(owner, "한눈에 보기")
    expect(glance.get_by_text("지금 접속")).to_be_visible()
    expect(glance.get_by_text("NaN")).to_have_count(0)
    glance.get_by_role("button", name="모든 일정 멈추기").click()
    expect(glance.get_by_text("모든 일정이 멈춰 있습니다:")).to_be_visible()
    assert house.ask("GET", "/health")["schedules"] == "paused"
    glance.get_by_role("button", name="모든 일정 다시 시작").click()
    expect(glance.get_by_text("모든 일정이 멈춰 있습니다:")).to_have_count(0)
    owner.page.reload()
    log = section(owner, "감사 기록")
    expect(log.locator("[data-act=schedules_paused]").first).to_be_visible()
    expect(log.locator("[data-act=schedules_resumed]").first).to_be_visible()
    assert owner.accessibility() == []
    owner.picture("admin-glance")


def test_a_user_is_found_given_a_plan_suspended_and_let_back(owner: Visitor, house: PlatformProcess) -> None:
    applied(house, "u_noisy", "시끄러운 사람", "시험")
    owner.open("#/admin")
    people = section(owner, "사용자")
    people.get_by_label("메일 주소로 찾기").fill("u_noisy@example.com")
    people.get_by_role("button", name="찾기").click()
    row = people.get_by_role("listitem")
    expect(row).to_have_count(1)
    row.get_by_label("요금제").select_option("approved")
    expect(row.get_by_label("요금제")).to_have_value("approved")
    row.get_by_role("button", name="이용 정지").click()
    row.get_by_role("button", name="정지 해제").click()
    expect(row.get_by_role("button", name="이용 정지")).to_be_visible()
    people.get_by_label("메일 주소로 찾기").fill("nobody@example.com")
    people.get_by_role("button", name="찾기").click()
    expect(people.get_by_text("찾는 사용자가 없습니다.")).to_be_visible()


def test_what_a_person_says_by_the_button_is_read_here(owner: Visitor) -> None:
    owner.open("#/agents")
    owner.page.get_by_role("button", name="의견 보내기").click()
    dialog = owner.page.get_by_role("dialog", name="의견 보내기")
    dialog.get_by_role("button", name="보내기", exact=True).click()
    expect(dialog.get_by_label("의견", exact=True)).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("좋아요").check()
    dialog.get_by_label("의견", exact=True).fill("일정이 <b>편해요</b>")
    assert owner.accessibility() == []
    dialog.get_by_role("button", name="보내기", exact=True).click()
    expect(owner.page.get_by_text("의견을 보냈습니다. 고맙습니다.")).to_be_visible()

    owner.open("#/admin")
    expect(section(owner, "사용자 의견").get_by_role("listitem").first).to_contain_text("일정이 <b>편해요</b>")


def test_the_owners_account_offers_no_beta_and_their_plan_has_a_name(owner: Visitor) -> None:
    owner.open("#/admin")
    rows = section(owner, "사용자").get_by_role("listitem")
    expect(rows.filter(has_text="이 플랫폼의 소유자")).to_have_count(1)
    owner.open("#/account")
    expect(section(owner, "API 키")).to_be_visible()
    expect(section(owner, "베타 프로그램")).to_have_count(0)

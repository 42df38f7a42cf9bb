"""One's own account in a real browser: the profile, the plan's meters, the beta."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from zipfile import ZipFile

import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from ohmyagent import records
from ohmyagent.adapters.local.data_folder import DataFolder
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.domain.accounts import UserKind
from ohmyagent.domain.beta import BetaStatus, application_id
from tests.e2e.browsing import Visitor
from tests.platform_process import PlatformProcess

pytestmark = pytest.mark.browser


@pytest.fixture
def guest(browser: Browser, house: PlatformProcess) -> Iterator[Visitor]:
    visitor = Visitor.come(browser, house.url, locale="ko-KR", scheme="light", width=1180)
    visitor.open("")
    visitor.page.get_by_role("button", name="게스트로 체험").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("내 에이전트")
    yield visitor
    visitor.leave()


def section(visitor: Visitor, title: str) -> Locator:
    return visitor.page.get_by_role("region", name=title)


def as_google_user(visitor: Visitor, house: PlatformProcess) -> str:
    """The store says that this guest has signed in with Google; returns their id."""
    user_id: str = visitor.page.evaluate("fetch('/api/account').then(r => r.json()).then(u => u.id)")
    store = SqliteStore(DataFolder(house.data).database)
    try:
        user = records.users.get(store, user_id)
        changed = user.replace(kind=UserKind.GOOGLE, email="person@example.com", verified_email=True, plan="waiting")
        records.users.put(store, user_id, changed)
    finally:
        store.close()
    return user_id


def test_a_guest_sees_what_the_plan_allows_before_running_into_it(guest: Visitor) -> None:
    guest.page.get_by_role("link", name="게스트").click()

    plan = section(guest, "요금제와 사용량")
    expect(plan.locator("[data-plan=guest]")).to_be_visible()
    for words in ("$0 / $0.30", "1시간마다 한 번까지", "7일"):
        expect(plan).to_contain_text(words)
    expect(plan.locator("meter")).to_have_count(3)
    assert guest.accessibility() == []
    guest.picture("account")


def test_the_profile_is_saved_and_a_wrong_name_says_so(guest: Visitor) -> None:
    guest.open("#/account")
    profile = section(guest, "프로필")
    profile.get_by_label("이름").fill(" ")
    profile.get_by_role("button", name="저장").click()
    expect(profile.get_by_label("이름")).to_have_attribute("aria-invalid", "true")

    profile.get_by_label("이름").fill("마케팅팀")
    profile.get_by_label("시간대").select_option("Europe/Berlin")
    profile.get_by_role("button", name="저장").click()
    expect(guest.page.get_by_text("프로필을 저장했습니다")).to_be_visible()

    guest.page.reload()
    expect(section(guest, "프로필").get_by_label("이름")).to_have_value("마케팅팀")
    expect(section(guest, "프로필").get_by_label("시간대")).to_have_value("Europe/Berlin")


def test_whoever_has_an_address_turns_mails_off_and_on(guest: Visitor, house: PlatformProcess) -> None:
    guest.open("#/account")
    expect(section(guest, "베타 프로그램")).to_be_visible()
    expect(section(guest, "알림 메일")).to_have_count(0)
    as_google_user(guest, house)
    guest.page.reload()
    wanted = section(guest, "알림 메일").get_by_label("알림을 메일로 받기")
    expect(wanted).to_be_checked()
    wanted.click()
    expect(guest.page.get_by_text("알림을 메일로 보내지 않습니다")).to_be_visible()

    guest.page.reload()
    expect(wanted).not_to_be_checked()
    wanted.click()
    expect(guest.page.get_by_text("알림을 메일로 보냅니다")).to_be_visible()


def test_a_guest_is_told_what_the_beta_needs(guest: Visitor) -> None:
    guest.open("#/account")
    expect(section(guest, "베타 프로그램").get_by_text("Google로 로그인한 뒤")).to_be_visible()


def test_whoever_signed_in_with_google_applies_and_sees_what_becomes_of_it(
    guest: Visitor, house: PlatformProcess
) -> None:
    user_id = as_google_user(guest, house)
    guest.open("#/account")
    beta = section(guest, "베타 프로그램")
    beta.get_by_label("어디에 쓰고 싶으신가요?").fill("매주 매출을 요약합니다")
    beta.get_by_role("button", name="베타 신청").click()
    expect(beta.get_by_text("동의해야 신청할 수 있습니다.")).to_be_visible()
    beta.get_by_label("동의합니다", exact=False).check()
    beta.get_by_role("button", name="베타 신청").click()
    expect(beta.locator("[data-beta=received]")).to_contain_text("심사 중")
    assert guest.accessibility() == []

    store = SqliteStore(DataFolder(house.data).database)
    try:
        application = records.beta_applications.get(store, application_id(user_id))
        decided = application.decided(BetaStatus.APPROVED, datetime.now(UTC))
        records.beta_applications.put(store, decided.id, decided)
    finally:
        store.close()
    guest.page.reload()
    expect(beta.locator("[data-beta=approved]")).to_contain_text("베타 참가자가 되셨습니다")
    expect(beta.get_by_text("신청 내용: 매주 매출을 요약합니다")).to_be_visible()


def test_a_key_is_made_shown_once_works_and_is_revoked(guest: Visitor, house: PlatformProcess) -> None:
    guest.open("#/account")
    keys = section(guest, "API 키")
    expect(keys.get_by_text("아직 키가 없습니다.")).to_be_visible()
    keys.get_by_label("키 이름").fill("노트북")
    keys.get_by_label("바꾸기").uncheck()
    keys.get_by_role("button", name="키 만들기").click()
    key = keys.get_by_test_id("api-key").inner_text()
    assert status(house, key, "GET") == 200
    assert status(house, key, "POST") == 403
    keys.get_by_role("button", name="따로 적어 두었습니다").click()
    expect(keys.get_by_test_id("api-key")).to_have_count(0)
    row = keys.get_by_role("listitem").filter(has_text="노트북")
    expect(row).to_contain_text("보기, 실행")
    assert guest.accessibility() == []
    guest.picture("account-keys")

    row.get_by_role("button", name="폐기").click()
    row.get_by_role("button", name="삭제").click()
    expect(guest.page.get_by_text("키를 폐기했습니다")).to_be_visible()
    expect(row).to_have_count(0)
    assert status(house, key, "GET") == 401


def status(house: PlatformProcess, key: str, method: str) -> int:
    body = b'{"name": "x", "finalPrompt": "y"}' if method == "POST" else None
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        with urlopen(Request(f"{house.url}/api/agents", body, headers, method=method), timeout=60) as answer:
            return int(answer.status)
    except HTTPError as refused:
        with refused:
            return refused.code


def test_everything_is_downloaded_and_the_account_ends(guest: Visitor) -> None:
    guest.open("#/account")
    data = section(guest, "내 데이터")
    with guest.page.expect_download() as coming:
        data.get_by_role("link", name="모두 내려받기").click()
    with ZipFile(coming.value.path()) as archive:
        assert "profile.json" in archive.namelist()

    guest.page.reload()
    expect(section(guest, "계정 기록").locator("[data-act=exported]")).to_contain_text("본인")
    data.get_by_text("계정 삭제").first.click()
    end = data.get_by_role("button", name="계정 삭제")
    expect(end).to_be_disabled()
    data.get_by_label("“계정 삭제”라고 적어 주세요").fill("계정 삭제")
    end.click()
    expect(guest.page.get_by_text("계정을 삭제하고 있습니다")).to_be_visible()
    expect(guest.page.get_by_role("button", name="게스트로 체험")).to_be_visible()


def test_signing_out_everywhere_ends_this_session_too(guest: Visitor) -> None:
    guest.open("#/account")
    section(guest, "내 데이터").get_by_role("button", name="모든 기기에서 로그아웃").click()
    expect(guest.page.get_by_role("button", name="게스트로 체험")).to_be_visible()
    guest.page.reload()
    expect(guest.page.get_by_role("button", name="게스트로 체험")).to_be_visible()


def test_what_does_not_come_can_be_asked_for_again(guest: Visitor) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=503, json={"code": "unavailable", "detail": "지금은 답할 수 없습니다"})

    guest.page.route("**/api/account/limits", refuse)
    guest.open("#/account")
    plan = section(guest, "요금제와 사용량")
    expect(plan.get_by_role("alert")).to_be_visible()
    guest.page.unroute("**/api/account/limits")
    plan.get_by_role("button", name="다시 시도").click()
    expect(plan.locator("[data-plan=guest]")).to_be_visible()
    guest.broken.clear()

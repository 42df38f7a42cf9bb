"""What a person sees when an agent keeps failing: why it stands still, how it goes on, and the mails about it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsing import Visitor
from tests.mail_server import MailServer
from tests.platform_process import PlatformProcess

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

FAILURES = 5
DAILY = {"cron": "0 9 * * *", "timezone": "Asia/Seoul"}


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture
def house(launch, server: MailServer) -> PlatformProcess:
    """A platform of the demo model whose owner has an address."""
    started: PlatformProcess = launch(SMTP_URL=server.url, MAIL_FROM="agent@example.com", MAIL_TO="person@example.com")
    return started


def signin(house: PlatformProcess) -> str:
    """The place of a link that signs the owner in."""
    url: str = house.ask("POST", "/api/auth/links")["url"]
    return url.removeprefix(house.url).lstrip("/")


def test_an_agent_that_keeps_failing_stands_still_goes_on_and_is_written_about(
    browser: Browser, house: PlatformProcess, server: MailServer
) -> None:
    agent = house.agent(name="자꾸 실패", finalPrompt="일부러 실패해 줘", schedule=DAILY, retry={"times": 0})
    for _ in range(FAILURES):
        assert house.until(house.run(agent)["id"])["status"] == "failed"

    owner = Visitor.come(browser, house.url, locale="ko-KR", scheme="light", width=1180)
    owner.open(signin(house))
    expect(owner.page.get_by_role("heading", level=1)).to_be_visible()
    card = owner.page.locator("article.agent")
    expect(card.locator("[data-paused=failures]")).to_have_text("자동 실행 멈춤")
    owner.open(f"#/agents/{agent['id']}")
    standstill = owner.page.get_by_test_id("standstill")
    expect(standstill).to_contain_text("다섯 번 연속으로 실패해서 멈췄습니다")
    assert owner.accessibility() == []
    owner.picture("standstill")
    standstill.get_by_role("button", name="다시 시작").click()
    expect(standstill).to_have_count(0)

    owner.open(f"#/agents/{agent['id']}/edit")
    owner.page.locator("#field-email").select_option(label="항상 (결과를 메일로 받기)")
    assert owner.accessibility() == []
    owner.page.get_by_role("button", name=re.compile("^저장$")).click()
    expect(owner.page.get_by_role("heading", level=1)).to_have_text("자꾸 실패")
    assert house.ask("GET", f"/api/agents/{agent['id']}")["notify"]["email"] == "always"

    owner.page.get_by_role("link", name="알림").click()
    expect(owner.page.get_by_role("heading", level=1)).to_have_text("알림")
    mails = owner.page.locator("[data-mail]")
    expect(mails).to_have_count(2)
    expect(mails.nth(0)).to_contain_text("[멈춤] 자꾸 실패")
    expect(mails.locator("[data-state]")).to_have_text([re.compile("보냄")] * 2)
    failed = owner.page.locator("[data-mail=failed]")
    failed.get_by_text("내용 보기").click()
    expect(failed.locator("pre")).to_contain_text("자꾸 실패 에이전트가 일을 끝내지 못했습니다.")
    assert owner.accessibility() == []
    owner.picture("outbox")
    owner.leave()

    subjects = {str(letter["Subject"]) for letter in server.post.letters}
    assert subjects == {"[실패] 자꾸 실패", "[멈춤] 자꾸 실패"}


def test_the_kind_of_a_result_is_seen_and_an_empty_outbox_says_so(browser: Browser, house: PlatformProcess) -> None:
    agent = house.agent(name="새 소식", finalPrompt="새로운 것이 없으면 없다고만 해 줘")
    ended = house.until(house.run(agent)["id"])
    assert (ended["resultKind"], ended["resultKindSource"]) == ("nothing_new", "structured")

    owner = Visitor.come(browser, house.url, locale="en-US", scheme="dark", width=400)
    owner.open(signin(house))
    expect(owner.page.get_by_role("heading", level=1)).to_be_visible()
    owner.open(f"#/executions/{ended['id']}")
    expect(owner.page.locator("[data-kind]")).to_have_text("Nothing new")
    assert owner.accessibility() == []
    owner.open("#/outbox")
    expect(owner.page.get_by_text("No mails yet.")).to_be_visible()
    owner.page.route("**/api/outbox*", lambda route: route.abort())
    owner.page.reload()
    expect(owner.page.get_by_text("The server cannot be reached")).to_be_visible()
    owner.page.unroute("**/api/outbox*")
    owner.page.get_by_role("button", name="Try again").click()
    expect(owner.page.get_by_text("No mails yet.")).to_be_visible()
    owner.leave()

"""The workspace against the whole platform: from a wish to a scheduled agent, and through what breaks on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browsing import Visitor, scripted
from tests.e2e.chatting import WISH
from tests.platform_process import PlatformProcess

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

Arrive = Callable[..., Visitor]
SALES = """\
date,product,quantity,amount
2026-11-09,커피,3,13500
2026-11-10,샌드위치,2,15800
2026-11-11,커피,5,22500
2026-11-16,차,4,16000
2026-11-17,커피,6,27000
2026-11-18,샌드위치,3,23700
"""
LONG = 180_000
"""Milliseconds for what a run in a sandbox takes on a slow machine."""


@pytest.fixture
def arrive(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Arrive]:
    """Somebody comes to a platform; when they leave, nothing may have been blocked, broken or sent elsewhere."""
    visitors: list[Visitor] = []

    def come(at: PlatformProcess | None = None, locale: str = "ko-KR", width: int = 1180) -> Visitor:
        platform = at or request.getfixturevalue("house")
        visitors.append(Visitor.come(browser, platform.url, locale=locale, scheme="light", width=width))
        visitors[-1].enter()
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.leave()


def say(page: Page, words: str) -> None:
    field = page.get_by_role("textbox", name=re.compile("^(메시지|Message)$"))
    expect(field).to_be_focused()  # the effects of the page have run, and one of them puts the cursor there
    field.fill(words)
    expect(page.locator("button.send.primary")).to_be_enabled()
    field.press("Enter")


def card(page: Page, kind: str) -> Locator:
    return page.locator(f"[data-card={kind}]").last


def test_two_windows_show_a_change_without_being_asked(arrive: Arrive) -> None:
    guest = arrive()
    other = guest.page.context.new_page()
    other.goto(guest.origin + "/#/agents")
    expect(other.get_by_text("아직 에이전트가 없습니다")).to_be_visible()
    guest.make_agent("두 창에서", "해 줘")
    expect(other.get_by_role("link", name="두 창에서")).to_be_visible()
    other.get_by_role("link", name="두 창에서").click()
    guest.page.get_by_role("button", name="일시정지").click()
    expect(other.get_by_role("button", name="다시 사용")).to_be_visible()
    other.close()


def test_of_many_windows_one_hears_of_changes_and_another_when_it_is_gone(arrive: Arrive) -> None:
    """A browser has six connections to a platform: a stream or two for each window would leave none."""
    guest = arrive()
    guest.open("#/chat")
    say(guest.page, WISH)
    expect(guest.page.locator("[data-end]")).to_be_visible()
    others = [guest.page.context.new_page() for _ in range(3)]
    for other in others:
        other.goto(guest.page.url)
        expect(other.locator("[data-end]")).to_be_visible()
    guest.open("#/agents")
    made = {"data": {"name": "나중에", "finalPrompt": "해 줘"}, "headers": {"Origin": guest.origin}}
    for other in others[:2]:
        other.close()
    others[2].goto(guest.origin + "/#/agents")
    expect(others[2].get_by_text("아직 에이전트가 없습니다")).to_be_visible()
    guest.page.goto("about:blank")
    others[2].context.request.post(f"{guest.origin}/api/agents", **made)
    expect(others[2].get_by_role("link", name="나중에")).to_be_visible()
    others[2].close()
    guest.open()


def test_a_conversation_stands_in_the_list_of_another_window(arrive: Arrive) -> None:
    guest = arrive()
    other = guest.page.context.new_page()
    other.goto(guest.origin + "/#/chat")
    expect(other.get_by_text("아직 대화가 없습니다.")).to_be_visible()
    guest.open("#/chat")
    say(guest.page, WISH)
    expect(guest.page.locator("[data-end]")).to_be_visible()
    other.get_by_role("navigation", name="대화").get_by_role("link", name=WISH).click()
    expect(other.locator("[data-end]")).to_be_visible()
    expect(other.get_by_role("log")).to_have_text(guest.page.get_by_role("log").text_content() or "?")
    other.close()


def test_an_answer_goes_on_although_the_platform_is_killed(arrive: Arrive, launch, upstream) -> None:
    platform = launch(ANTHROPIC_BASE_URL=upstream.url, ANTHROPIC_API_KEY="test-key")
    guest = arrive(at=platform)
    guest.open("#/chat")
    answer = " ".join(f"낱말{number}" for number in range(40))
    say(guest.page, "천천히 말해 줘 " + scripted({"text": answer}, delay=0.4))
    shown = guest.page.locator(".answer").last
    expect(shown).to_contain_text("낱말")
    platform.kill()
    expect(guest.page.get_by_test_id("reconnecting")).to_be_visible()
    platform.start()
    expect(guest.page.locator("[data-end=done]")).to_be_visible(timeout=LONG)
    expect(guest.page.get_by_test_id("reconnecting")).to_have_count(0)
    expect(shown.locator(".growing")).to_have_text([answer])
    seen = guest.page.get_by_role("log").text_content() or "?"
    guest.page.reload()
    expect(guest.page.locator("[data-end=done]")).to_be_visible()
    expect(guest.page.get_by_role("log")).to_have_text(seen)


def test_a_stopped_answer_keeps_what_was_written(arrive: Arrive, launch, upstream) -> None:
    guest = arrive(at=launch(ANTHROPIC_BASE_URL=upstream.url, ANTHROPIC_API_KEY="test-key"))
    guest.open("#/chat")
    say(guest.page, "천천히 " + scripted({"text": " ".join(f"낱말{number}" for number in range(600))}, delay=0.4))
    shown = guest.page.locator(".answer").last
    expect(shown).to_contain_text("낱말0")
    guest.page.get_by_role("button", name="중지", exact=True).click()
    expect(guest.page.locator("[data-end=stopped]")).to_be_visible(timeout=LONG)
    expect(shown).to_contain_text("낱말0")
    expect(guest.page.get_by_role("button", name="보내기", exact=True)).to_be_visible()


def test_a_run_that_failed_is_taken_to_the_workspace(arrive: Arrive) -> None:
    guest = arrive()
    agent = guest.make_agent("실패하는 일", "일부러 실패해 줘")
    guest.run()
    guest.until("failed", LONG / 1000)
    run = guest.page.url.rpartition("/")[2]
    guest.page.get_by_role("button", name="채팅에서 고치기").click()
    expect(guest.page).to_have_url(re.compile(f"#/chat/about/{agent}$"))
    expect(guest.page.get_by_role("textbox", name="메시지")).to_have_value("왜 실패했는지 알려 줘")
    expect(guest.page.get_by_role("link", name="실행 보기")).to_have_attribute("href", f"#/executions/{run}")
    expect(guest.page.get_by_text("“실패하는 일”에 대해")).to_be_visible()
    assert guest.page.locator("[data-turn]").count() == 0
    guest.page.get_by_role("textbox", name="메시지").press("Enter")
    expect(guest.page.locator("[data-end=done]")).to_be_visible(timeout=LONG)
    expect(guest.page.locator(".answer")).to_contain_text("모델 서비스가 응답하지 않았습니다")
    expect(guest.page.locator(".mine").get_by_role("link", name="실행 보기")).to_be_visible()
    expect(guest.page.locator(".composer").get_by_role("link", name="실행 보기")).to_have_count(0)


@pytest.mark.parametrize("width", [1180, 390])
def test_a_newcomer_gets_from_a_wish_to_a_scheduled_agent(arrive: Arrive, width: int) -> None:
    guest = arrive(width=width)
    page = guest.page
    page.get_by_role("link", name="채팅으로 만들기").click()
    say(page, WISH)
    draft = card(page, "draft")
    expect(draft).to_contain_text("매일 오전 8시")
    expect(page.locator("[data-end=done]")).to_be_visible()
    expect(card(page, "schedule").locator("time")).to_have_count(5)
    guest.picture(f"newcomer-{width}-draft")
    assert agents(guest) == []

    draft.get_by_role("button", name="직접 고치기").click()
    page.locator("#field-name").fill("아침 뉴스")
    draft.get_by_role("button", name="저장", exact=True).click()
    expect(card(page, "draft").get_by_role("heading", name="아침 뉴스")).to_be_visible()

    card(page, "draft").get_by_role("button", name="한 번 시험 실행").click()
    tried = card(page, "rehearsal")
    expect(tried).to_have_attribute("data-state", "succeeded", timeout=LONG)
    expect(tried).to_contain_text("한도 $0.10")
    expect(card(page, "price")).to_contain_text("시험 실행 1번의 실제 비용")
    guest.picture(f"newcomer-{width}-tried")
    assert agents(guest) == []

    card(page, "draft").get_by_role("button", name="저장하고 일정 켜기").click()
    expect(card(page, "draft")).to_contain_text("저장됨")
    guest.open("#/agents")
    entry = page.get_by_role("article").filter(has_text="아침 뉴스")
    expect(entry).to_contain_text("사용 중")
    expect(entry).to_contain_text("매일 오전 8시")
    expect(entry).to_contain_text("다음 실행")
    [agent] = agents(guest)
    assert agent["schedule"]["cron"] == "0 8 * * *"
    assert agent["totalRuns"] == 0


STARTERS = [("경쟁사 뉴스 요약", "0 8 * * *"), ("주간 매출 요약", "0 9 * * 1"), ("새 논문 알림", "0 7 * * 1-5")]


@pytest.mark.parametrize(("name", "cron"), STARTERS)
def test_an_example_leads_to_an_agent_that_was_tried_and_is_scheduled(arrive: Arrive, name: str, cron: str) -> None:
    guest = arrive()
    page = guest.page
    page.get_by_role("list", name="예시").get_by_role("button", name=name).click()
    field = page.get_by_role("textbox", name="메시지")
    expect(field).to_have_value(re.compile("줘$"))
    assert page.locator("[data-turn]").count() == 0
    if "sales.csv" in field.input_value():
        file = {"name": "sales.csv", "mimeType": "text/csv", "buffer": SALES.encode()}
        page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
        expect(page.get_by_role("list", name="붙인 파일")).to_contain_text(f"{len(SALES.encode())} B")
    field.press("Enter")
    expect(page.locator("[data-end=done]")).to_be_visible(timeout=LONG)
    card(page, "rehearsal").get_by_role("button", name="한 번 시험 실행").click()
    expect(card(page, "rehearsal")).to_have_attribute("data-state", "succeeded", timeout=LONG)
    if "매출" in name:
        expect(page.locator(".mine .chip")).to_contain_text("sales.csv")
        expect(card(page, "rehearsal")).to_contain_text("118,500")
    card(page, "draft").get_by_role("button", name="저장하고 일정 켜기").click()
    expect(card(page, "draft")).to_contain_text("저장됨")
    [agent] = agents(guest)
    assert (agent["status"], agent["schedule"]["cron"]) == ("active", cron)


def agents(guest: Visitor) -> list[dict]:  # type: ignore[type-arg]
    found: list[dict] = guest.page.context.request.get(f"{guest.origin}/api/agents").json()["items"]  # type: ignore[type-arg]
    return found

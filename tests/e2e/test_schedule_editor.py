"""The schedule in the agent form, in a real browser: shapes, words, and the next five times from the platform."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Error, Locator, Route, expect

from tests.e2e.browsing import Visitor
from tests.platform_process import PlatformProcess

pytestmark = pytest.mark.browser

PREVIEW = "**/api/schedules/preview"


@pytest.fixture
def guest(browser: Browser, house: PlatformProcess) -> Iterator[Visitor]:
    """Somebody in the form of a new agent, on a platform that says it has schedules."""
    visitor = come(browser, house, schedules=True)
    yield visitor
    visitor.leave()


def come(browser: Browser, house: PlatformProcess, schedules: bool) -> Visitor:
    visitor = Visitor.come(browser, house.url, locale="ko-KR", scheme="light", width=1180)

    def configured(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=json.dumps(answer.json() | {"schedules": schedules}))

    visitor.page.route("**/config.json", configured)
    visitor.enter()
    visitor.open("#/new")
    expect(visitor.page.locator("#field-name")).to_be_visible()
    return visitor


def editor(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("group", name="일정", exact=True)


def choose(visitor: Visitor, kind: str) -> None:
    editor(visitor).get_by_label("언제").select_option(label=kind)


def times(visitor: Visitor) -> Locator:
    return editor(visitor).locator(".next time")


def say(visitor: Visitor, words: str) -> None:
    editor(visitor).get_by_label("말로 입력").fill(words)
    editor(visitor).get_by_label("말로 입력").press("Enter")


def test_a_schedule_is_chosen_seen_saved_and_found_again(guest: Visitor) -> None:
    expect(editor(guest).locator(".next")).to_have_count(0)
    choose(guest, "평일")
    editor(guest).get_by_label("시각").fill("18:30")
    editor(guest).get_by_label("공휴일 제외").check()

    expect(editor(guest).locator(".said")).to_have_text("평일 오후 6시 30분 (KST), 공휴일 제외")
    expect(times(guest)).to_have_count(5)
    assert all(re.fullmatch(r"\d{4}년 .+ 오후 6:30 KST", text) for text in times(guest).all_inner_texts())
    assert guest.accessibility() == []
    guest.picture("schedule")

    guest.page.locator("#field-name").fill("아침 보고")
    guest.page.locator("#field-finalPrompt").fill("보고서를 써 줘")
    guest.page.get_by_role("button", name="저장", exact=True).click()
    expect(guest.page.get_by_role("heading", level=1)).to_have_text("아침 보고")
    kept = guest.page.request.get(guest.origin + "/api/agents").json()["items"][0]["schedule"]
    assert (kept["cron"], kept["calendar"], kept["onHoliday"]) == ("30 18 * * 1-5", "KR", "skip")

    guest.page.get_by_role("link", name="수정").click()
    expect(editor(guest).get_by_label("언제")).to_have_value("weekdays")
    expect(editor(guest).get_by_label("시각")).to_have_value("18:30")
    choose(guest, "꺼짐")
    guest.page.get_by_role("button", name="저장", exact=True).click()
    expect(guest.page.get_by_role("heading", level=1)).to_have_text("아침 보고")
    assert guest.page.request.get(guest.origin + "/api/agents").json()["items"][0]["schedule"] is None


def test_words_fill_the_controls_in(guest: Visitor) -> None:
    say(guest, "매월 마지막 영업일 오후 6시")

    expect(editor(guest).get_by_label("언제")).to_have_value("last")
    expect(editor(guest).get_by_label("공휴일 제외")).to_be_checked()
    expect(editor(guest).locator(".said")).to_have_text("매월 마지막 영업일 오후 6시 (KST), 공휴일 제외")
    expect(editor(guest).get_by_label("말로 입력")).to_have_value("")
    assert "#/new" in guest.page.url  # Enter sent the words, not the form


def test_what_words_leave_open_is_asked_back(guest: Visitor) -> None:
    say(guest, "매일 8시")
    expect(editor(guest).get_by_text("오전인가요, 오후인가요?")).to_be_visible()
    editor(guest).get_by_role("button", name="매일 오후 8시 (KST)").click()

    expect(editor(guest).get_by_label("시각")).to_have_value("20:00")
    expect(editor(guest).get_by_text("오전인가요, 오후인가요?")).to_have_count(0)


def test_words_that_are_not_understood_are_marked_and_change_nothing(guest: Visitor) -> None:
    choose(guest, "매일")
    say(guest, "가끔")

    expect(editor(guest).get_by_label("말로 입력")).to_have_attribute("aria-invalid", "true")
    expect(editor(guest).get_by_text("알아듣지 못했습니다")).to_be_visible()
    expect(editor(guest).get_by_label("언제")).to_have_value("daily")
    assert guest.accessibility() == []


def test_a_schedule_that_is_wrong_never_due_or_too_frequent_says_so(guest: Visitor) -> None:
    choose(guest, "cron 식으로 직접")
    cron = editor(guest).get_by_label("cron 식", exact=False).last
    cron.fill("0 9 31 2 *")
    expect(editor(guest).locator(".next .wrong")).to_have_text("실행될 때가 오지 않는 cron 식입니다")

    cron.fill("0 9 25 12 *")
    editor(guest).get_by_label("공휴일 제외").check()
    expect(editor(guest).get_by_text("실행될 때가 오지 않는 일정입니다.")).to_be_visible()

    cron.fill("*/5 * * * *")
    expect(editor(guest).get_by_text("60분보다 자주 실행할 수 없습니다")).to_be_visible()
    expect(times(guest)).to_have_count(5)


def test_without_the_platform_the_next_times_can_be_asked_for_again(guest: Visitor) -> None:
    guest.page.route(PREVIEW, lambda route: route.abort())
    choose(guest, "매일")
    expect(editor(guest).get_by_text("서버에 연결하지 못했습니다")).to_be_visible()

    guest.page.unroute(PREVIEW)
    editor(guest).get_by_role("button", name="다시 시도").click()
    expect(times(guest)).to_have_count(5)


def test_while_the_next_times_are_on_their_way_the_editor_says_so(guest: Visitor) -> None:
    waiting: list[Route] = []
    guest.page.route(PREVIEW, lambda route: waiting.append(route))
    choose(guest, "매일")
    expect(editor(guest).locator(".next").get_by_text("불러오는 중")).to_have_count(1)
    while not waiting:
        guest.page.wait_for_timeout(20)

    guest.page.unroute(PREVIEW)
    for route in waiting:
        with suppress(Error):  # a question that a later one has overtaken is gone
            route.continue_()
    expect(times(guest)).to_have_count(5)


def test_a_platform_without_schedules_has_no_editor(browser: Browser, house: PlatformProcess) -> None:
    visitor = come(browser, house, schedules=False)
    expect(visitor.page.get_by_role("group", name="도구", exact=True)).to_be_visible()
    expect(editor(visitor)).to_have_count(0)
    visitor.leave()

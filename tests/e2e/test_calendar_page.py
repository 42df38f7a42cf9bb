"""The agent's calendar in a real browser: what ran by itself, what did not and why, and what is planned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from ohmyagent import records
from ohmyagent.adapters.local.data_folder import DataFolder
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.domain.executions import Execution, Span, Status, Trigger
from tests.e2e.browsing import Visitor
from tests.platform_process import Json, PlatformProcess

pytestmark = pytest.mark.browser

CALENDAR = "**/api/agents/*/calendar?*"
NEW_YORK = {"cron": "0 9,18 * * *", "timezone": "America/New_York", "text": "아침저녁으로"}
DAY, HOUR = timedelta(days=1), timedelta(hours=1)

Arrive = Callable[..., Visitor]


@pytest.fixture
def arrive(browser: Browser, house: PlatformProcess) -> Iterator[Arrive]:
    """The owner, signed in; everyone has left without complaints at the end."""
    visitors: list[Visitor] = []

    def come(*, locale: str = "ko-KR", scheme: str = "light", width: int = 1180) -> Visitor:
        visitor = Visitor.come(browser, house.url, locale=locale, scheme=scheme, width=width)
        visitors.append(visitor)
        visitor.page.goto(house.ask("POST", "/api/auth/links")["url"])
        expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
        return visitor

    yield come
    for visitor in visitors:
        visitor.leave()


def calendar(visitor: Visitor) -> Locator:
    return visitor.page.locator("section").filter(has=visitor.page.locator("#calendar-title"))


def lived(house: PlatformProcess) -> Json:
    """An agent of whose last days the store knows: a run of each end, some left out, some missed, and a pause."""
    made = house.agent(name="아침저녁 보고", schedule=NEW_YORK)
    store = SqliteStore(DataFolder(house.data).database)
    try:
        agent = records.agents.get(store, made["id"])
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)

        def keep(number: int, due: datetime, status: Status, code: str | None = None, span: Span | None = None) -> None:
            run = Execution.queued(agent, None, id=f"{agent.id}-{number}", trigger=Trigger.SCHEDULE, now=due)
            run = run.replace(due_time=due, span=span).closed(status, due, error_code=code)
            records.executions.put(store, run.id, run)

        keep(0, now - 6 * DAY, Status.MISSED, "missed", Span(since=now - 6 * DAY, until=now - 5 * DAY, count=12))
        keep(1, now - 4 * DAY, Status.SKIPPED, "paused", Span(since=now - 4 * DAY, until=now - 3 * DAY))
        keep(2, now - 50 * HOUR, Status.FAILED, "max_turns")
        keep(3, now - 49 * HOUR, Status.SKIPPED, "overlap")
        for hours in range(8):
            keep(4 + hours, now - DAY + hours * HOUR / 6, Status.SUCCEEDED)
    finally:
        store.close()
    return made


@pytest.mark.sandbox
def test_somebody_who_watches_sees_an_agent_start_by_itself(arrive: Arrive, house: PlatformProcess) -> None:
    owner = arrive()
    while datetime.now(UTC).second > 35:  # so that it is seen before its first minute is over
        owner.page.wait_for_timeout(500)
    agent = house.agent(name="매분", schedule={"cron": "* * * * *"})
    owner.open(f"#/agents/{agent['id']}")
    expect(calendar(owner).get_by_text("실행할 때가 아직 없었습니다.")).to_be_visible()
    expect(calendar(owner).get_by_role("heading", name="앞으로 4시간")).to_be_visible()

    run = calendar(owner).get_by_role("link", name="성공").first
    expect(run).to_be_visible(timeout=180_000)
    expect(owner.page.get_by_role("table").get_by_role("link", name="성공").first).to_be_visible()

    run.click()
    owner.until("succeeded")
    found = house.execution(owner.page.url.rsplit("/", 1)[1])
    assert (found["trigger"], found["agentId"]) == ("schedule", agent["id"])
    house.ask("DELETE", f"/api/agents/{agent['id']}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_ran_what_did_not_and_why_are_told_apart(arrive: Arrive, house: PlatformProcess, scheme: str) -> None:
    agent = lived(house)
    owner = arrive(scheme=scheme)
    owner.open(f"#/agents/{agent['id']}")
    shown = calendar(owner)

    expect(shown.get_by_text("이 일정의 시간대: America/New_York")).to_be_visible()
    expect(shown.locator("[data-status=missed]")).to_have_count(1)
    missed = shown.locator(".due", has=owner.page.locator("[data-status=missed]"))
    expect(missed).to_contain_text("부터 12회")
    expect(missed).to_contain_text("제시간에 실행하지 못했습니다.")
    expect(shown.locator(".due", has_text="까지 멈춤")).to_contain_text("일정이 멈춰 있어")
    expect(shown.locator(".due", has_text="앞선 실행이 아직")).to_contain_text("건너뜀")
    expect(shown.locator(".due", has_text="정해 둔 단계 수")).to_contain_text("실패")
    assert shown.locator("[data-status=planned]").count() in (27, 28, 29)
    assert shown.locator("[data-status=planned]:visible").first.inner_text() == "예정"

    folded = shown.locator("details", has=owner.page.locator("[data-status=succeeded]")).first
    folded.locator("summary").click()
    expect(folded.get_by_role("link", name="성공").first).to_be_visible()
    assert owner.accessibility() == []
    owner.picture(f"calendar-{scheme}")

    owner.open("#/agents")
    card = owner.page.get_by_role("article").filter(has_text="아침저녁 보고").first
    expect(card).to_contain_text("매일 오전 9시, 오후 6시 (America/New_York)")
    expect(card).to_contain_text("아침저녁으로")
    assert owner.accessibility() == []
    owner.picture(f"calendar-card-{scheme}")


def test_on_a_narrow_screen_the_calendar_never_scrolls_sideways(arrive: Arrive, house: PlatformProcess) -> None:
    agent = lived(house)
    owner = arrive(locale="en-US", scheme="dark", width=390)
    owner.open(f"#/agents/{agent['id']}")
    expect(calendar(owner).get_by_text("12 times from")).to_be_visible()
    owner.picture("calendar-narrow")
    assert owner.page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_pause_that_goes_on_says_since_when(arrive: Arrive, house: PlatformProcess) -> None:
    agent = house.agent(name="멈춘 것", schedule={"cron": "0 9 * * *"})
    owner = arrive()
    owner.open(f"#/agents/{agent['id']}")
    expect(calendar(owner).locator("[data-status=planned]").first).to_be_visible()
    owner.page.get_by_role("button", name="일시정지").click()

    expect(calendar(owner).get_by_text("멈춰 있어 예정된 실행이 없습니다.")).to_be_visible()
    expect(calendar(owner).get_by_text("부터 멈춰 있음")).to_be_visible()
    expect(calendar(owner).locator("[data-status=planned]")).to_have_count(0)


def test_an_agent_without_a_schedule_is_offered_one(arrive: Arrive, house: PlatformProcess) -> None:
    agent = house.agent(name="손으로")
    owner = arrive()
    owner.open(f"#/agents/{agent['id']}")
    calendar(owner).get_by_role("link", name="일정 정하기").click()
    expect(owner.page.get_by_role("group", name="일정", exact=True)).to_be_visible()


def test_a_calendar_that_does_not_come_can_be_asked_for_again(arrive: Arrive, house: PlatformProcess) -> None:
    agent = house.agent(name="끊긴 것", schedule={"cron": "0 9 * * *"})
    owner = arrive()
    waiting: list[Route] = []
    owner.page.route(CALENDAR, lambda route: waiting.append(route))
    with owner.page.expect_request(CALENDAR):
        owner.open(f"#/agents/{agent['id']}")
    expect(calendar(owner).get_by_text("불러오는 중")).to_have_count(1)
    while not waiting:
        owner.page.wait_for_timeout(20)
    waiting[0].abort()
    expect(calendar(owner).get_by_text("서버에 연결하지 못했습니다")).to_be_visible()

    owner.page.unroute(CALENDAR)
    calendar(owner).get_by_role("button", name="다시 시도").click()
    expect(calendar(owner).locator("[data-status=planned]").first).to_be_visible()

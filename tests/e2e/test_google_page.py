"""Signing in with Google in a real browser, with a stand-in for Google's script and its certificates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e.browsing import Visitor
from tests.google import CLIENT_ID, Google, serving
from tests.platform_process import PlatformProcess

SCRIPT = "https://accounts.google.com/gsi/client"
STAND_IN = """
window.google = { accounts: { id: {
  initialize(options) { window.asked = options; },
  renderButton(place, look) {
    const button = document.createElement("button");
    button.textContent = look.locale === "ko" ? "Google 계정으로 계속" : "Continue with Google";
    button.dataset.drawn = window.drawn = (window.drawn ?? 0) + 1;
    button.addEventListener("click", async () => {
      const answer = await fetch("/token-of-google?nonce=" + encodeURIComponent(window.asked.nonce));
      window.asked.callback({ credential: await answer.text() });
    });
    place.append(button);
  },
} } };
"""


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    with serving() as found:
        yield found


@pytest.fixture
def house(launch: Any, google: Google) -> PlatformProcess:
    found: PlatformProcess = launch(GOOGLE_CLIENT_ID=CLIENT_ID, GOOGLE_CERTS_URL=google.url)
    return found


@pytest.fixture
def visitor(browser: Browser, house: PlatformProcess, google: Google) -> Iterator[Visitor]:
    came = Visitor.come(browser, house.url, locale="ko-KR", scheme="light", width=1100)

    def token(route: Route) -> None:
        nonce = re.search(r"nonce=([^&]+)", route.request.url)
        assert nonce is not None
        route.fulfill(body=google.token(nonce[1]))

    came.page.route(SCRIPT, lambda route: route.fulfill(body=STAND_IN, content_type="text/javascript"))
    came.page.route("**/token-of-google?*", token)
    yield came
    came.elsewhere = [url for url in came.elsewhere if url != SCRIPT]
    came.leave()


def test_a_guests_agent_is_the_accounts_after_signing_in(visitor: Visitor) -> None:
    visitor.enter()
    visitor.make_agent("내 것", "일해 줘")
    visitor.open("#/account")
    visitor.page.get_by_role("button", name="Google 계정으로 계속").click()

    expect(visitor.page.get_by_text("kim@example.com").first).to_be_visible()
    visitor.open("#/agents")
    expect(visitor.page.get_by_text("내 것").first).to_be_visible()
    assert SCRIPT in visitor.elsewhere


def test_the_way_in_says_why_it_failed_and_works_the_second_time(visitor: Visitor, google: Google) -> None:
    visitor.open()
    button = visitor.page.get_by_role("button", name="Google 계정으로 계속")
    expect(button).to_be_visible()
    visitor.page.evaluate("window.asked.nonce = 'another'")
    button.click()

    expect(visitor.page.get_by_role("alert")).to_contain_text("다시 시도해 주세요")
    visitor.page.get_by_role("alert").get_by_role("button").first.click()
    expect(visitor.page.get_by_role("alert")).to_have_count(0)
    expect(button).to_have_attribute("data-drawn", "2")
    button.click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text(re.compile("내 에이전트"))


def test_without_a_client_id_the_page_says_so_to_all_and_how_to_the_operator_and_asks_nobody(
    browser: Browser, platform: PlatformProcess
) -> None:
    came = Visitor.come(browser, platform.url, locale="en-US", scheme="dark", width=400)
    came.open()
    expect(came.page.get_by_text("Signing in with Google is not turned on here yet.")).to_be_visible()
    expect(came.page.get_by_text("GOOGLE_CLIENT_ID")).to_be_hidden()
    came.page.get_by_text("If you run this server").click()
    expect(came.page.get_by_text("set it as GOOGLE_CLIENT_ID")).to_be_visible()
    assert came.elsewhere == []
    came.leave()

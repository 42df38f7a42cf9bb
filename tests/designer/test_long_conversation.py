"""A conversation that outgrows the model: the notice is kept and said once, and the draft survives."""

import asyncio

from ohmyagent.designer.answering import Designer
from ohmyagent.domain.drafts import Draft
from ohmyagent.use_cases import drafting, talking
from tests.chat_world import Process, Reader
from tests.designer.house import over
from tests.designer.scripted import Scripted, message, results, text, use
from tests.world import World

LONG = "가" * 31_900
"""Ninety-five thousand bytes; four of them are too much."""


def test_what_is_left_out_is_told_once_and_kept_and_the_draft_with_its_decisions_stays(world: World) -> None:
    user = world.user()
    wish = {"name": "아침 뉴스", "final_prompt": "세 줄로 요약합니다.", "schedule": {"cron": "0 9 * * *"}}

    def say(request):  # type: ignore[no-untyped-def]
        drafting_now = len(scripted.requests) == 1
        return message(use("change_draft", wish)) if drafting_now else message(text("네."))

    scripted = Scripted(say)
    designer = Designer(world.store, world.models, over(scripted), lambda: world.now)

    async def story() -> str:
        process = Process(world, designer.answer)
        begun = await process.say(user, "매일 아침 9시에 뉴스를 세 줄로 요약해 줘")
        id = begun.turn.conversation_id
        reader = Reader(process, id)
        await process.idle()
        for _ in range(5):
            await process.say(user, LONG, conversation_id=id)
            await process.idle()
        await reader.until("notice")
        reader.leave()
        return id

    id = asyncio.run(story())
    assert results(scripted.requests[1]), "the draft was written"
    conversation = talking.find(world.store, user, id)
    told = [part for said in talking.messages(world.store, conversation)[0] for part in said.parts]
    notices = [part for part in told if part["type"] == "notice"]
    noted = ["`read_draft`로 읽으세요. 보이지 않는" in str(request["system"]) for request in scripted.requests]
    assert len(notices) in (1, 2), "not with every message"
    assert notices[0]["code"] == "left_out"
    assert "초안은 그대로" in notices[0]["detail"]["ko"]
    assert "draft" in notices[0]["detail"]["en"]
    assert noted == sorted(noted), "from then on"
    assert noted[-1], "the model knows where the decisions are"
    assert all(len(str(request["messages"]).encode()) < 400_000 for request in scripted.requests)
    draft: Draft = drafting.present(world.store, user, id, world.now)
    assert (draft.agent.name, draft.agent.final_prompt) == ("아침 뉴스", "세 줄로 요약합니다.")
    assert draft.agent.schedule is not None

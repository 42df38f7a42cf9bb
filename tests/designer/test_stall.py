"""A model that falls silent: the turn ends by itself, says so in both languages, and the next one can begin."""

import asyncio

import httpx2
import pytest

from ohmyagent import records
from ohmyagent.chat.line import Line
from ohmyagent.designer.answering import Designer
from ohmyagent.designer.model import Model
from ohmyagent.domain.conversations import Reason
from tests.chat_world import Process, Reader, until
from tests.unit.chat.test_line import HEAD, OPENING, asked, serving, word
from tests.world import World

PATIENCE = 0.8


@pytest.mark.parametrize(
    ("beginning", "code", "told"),
    [
        (HEAD + OPENING + word("절반") + word("까지"), "cut_off", "절반까지"),
        (HEAD, "cut_off", None),
        (b"", "upstream", None),
    ],
    ids=["after some words", "before the first word", "before it answers"],
)
def test_a_turn_whose_model_falls_silent_ends_by_itself(
    world: World, beginning: bytes, code: str, told: str | None
) -> None:
    user = world.user()
    hung_up: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        writer.write(beginning)
        await writer.drain()
        hung_up.append(await reader.read())  # says nothing more for as long as anybody listens

    async def story() -> Reader:
        async with serving(serve) as url:
            model = Model(url, silence=PATIENCE, retries=0, http=lambda: httpx2.AsyncClient(transport=Line()))
            process = Process(world, Designer(world.store, world.models, model, lambda: world.now).answer)
            begun = await process.say(user)
            reader = Reader(process, begun.turn.conversation_id)
            await reader.until("turn_ended")
            await process.idle()
            again = await process.say(user, "다시", conversation_id=begun.turn.conversation_id)
            await process.idle()
            assert records.turns.get(world.store, again.turn.id).code == code
            await until(lambda: len(hung_up) == 2)
            await model.aclose()
        return reader

    reader = asyncio.run(story())
    ended = next(event for event in reader.kept if event["type"] == "turn_ended")
    assert (ended["reason"], ended["code"]) == (Reason.ERROR, code)
    assert "모델" in ended["detail"]["ko"]
    assert "model" in ended["detail"]["en"]
    assert [event["text"] for event in reader.kept if event["type"] == "text"][:1] == ([told] if told else [])
    assert hung_up == [b"", b""], "both connections were given up"

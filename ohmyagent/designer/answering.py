"""The designer answers a turn: model, tools, model, until it has nothing more to do."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ohmyagent.designer import words
from ohmyagent.designer.desk import Desk, Used
from ohmyagent.designer.fitting import fitted
from ohmyagent.designer.model import Answer, ContextFull, Model, remembered
from ohmyagent.designer.tools import TOOLS
from ohmyagent.domain.conversations import Reason
from ohmyagent.domain.costs import ModelTable
from ohmyagent.ports import Store
from ohmyagent.use_cases import prompts
from ohmyagent.use_cases.talking import Card, Delta, Ended, Notice, PartEnd, Piece, Saved, Status, Tool, TurnContext

Json = dict[str, Any]
MOST_STEPS = 16
"""Calls of the model in one turn."""
MOST_CALLS = 12
"""Tools in one step; the rest is refused."""
MOST_OUTPUT = 8_000
WINDOW = 0.6
"""Of the model's context, for what was said; prompt, tools and answer have the rest."""
LEAST_WINDOW = 1_000

DONE = Ended(Reason.DONE)
REFUSED = Ended(Reason.ERROR, "refused", *words.REFUSED)
LENGTH = Ended(Reason.ERROR, "length", *words.LENGTH)
STEPS = Ended(Reason.DONE, "steps", *words.TOO_MANY_STEPS)


class Designer:
    """Answers turns of conversations in which agents are designed, several at once."""

    def __init__(self, store: Store, models: ModelTable, model: Model, now: Callable[[], datetime]) -> None:
        self._store, self._models, self._model, self._now = store, models, model, now
        self._tools = [tool.document for tool in TOOLS]

    async def answer(self, turn: TurnContext) -> AsyncIterator[Piece]:
        """Raises what the model raises when it does not answer, and BudgetExceeded."""
        said, left_out = list(turn.history), turn.left_out
        if not turn.told:
            yield _left_out(left_out)
        desk = Desk(self._store, self._models, turn.user, turn.conversation.id, turn.turn.id, self._now)
        window = int((self._models.find(turn.turn.model) or self._models.default).context * WINDOW)
        for _ in range(MOST_STEPS):
            if calls := _open_calls(said):
                results: list[Json] = []
                async for piece in self._work(desk, calls, turn.language, results):
                    yield piece
                said.append({"role": "user", "content": results})
                yield Saved((said[-1],))
                if _asked(calls, results):
                    return
            said, dropped = fitted(said, window)
            if dropped:
                left_out += dropped
                yield _left_out(left_out)
            answers: list[Answer] = []
            try:
                async for piece in self._speak(turn, said, answers, left_out):
                    yield piece
            except ContextFull:
                if window < LEAST_WINDOW:
                    raise
                window //= 2
                continue
            if content := _sayable(answers[0].content):
                said.append({"role": "assistant", "content": content})
                yield Saved((said[-1],))
            if end := _end(answers[0].stop_reason):
                yield end
                return
        yield STEPS

    async def _speak(
        self, turn: TurnContext, said: Sequence[Json], answers: list[Answer], left_out: int
    ) -> AsyncIterator[Piece]:
        """One answer of the model, put into `answers`."""
        yield Status(words.said(words.THINKING, turn.language))
        asked = self._model.stream(
            turn.token,
            turn.turn.model,
            self._prompt(turn, left_out),
            _remembered(said),
            max_tokens=MOST_OUTPUT,
            tools=self._tools,
        )
        async for news in asked:
            if isinstance(news, Answer):
                answers.append(news)
                yield PartEnd()
            else:
                yield Delta(news)

    def _prompt(self, turn: TurnContext, left_out: int) -> str:
        now = self._now().astimezone(ZoneInfo(turn.user.timezone))
        prompt = prompts.designer(turn.language, turn.user.timezone, f"{now:%Y-%m-%d, %A}")
        note = words.said(words.NOT_SHOWN, turn.language).format(count=left_out)
        return f"{prompt}\n\n{note}" if left_out else prompt

    async def _work(
        self, desk: Desk, calls: Sequence[Json], language: str, results: list[Json]
    ) -> AsyncIterator[Piece]:
        """The tools, one after the other; `results` gets an answer for each call."""
        for number, call in enumerate(calls):
            name = str(call["name"])
            yield Tool(name, "started")
            if name in words.STATUS:
                yield Status(words.said(words.STATUS[name], language), name)
            if number < MOST_CALLS:
                used = await asyncio.to_thread(desk.use, name, call["input"], str(call["id"]))
            else:
                used = Used("Too many tools in one step; call the others in the next.", failed=True)
            for card in used.cards:
                yield Card(card.kind, card.data.model_dump(mode="json"), card.id)
            yield Tool(name, "failed" if used.failed else "done")
            result = {"type": "tool_result", "tool_use_id": call["id"], "content": used.text}
            results.append(result | {"is_error": True} if used.failed else result)


def _left_out(count: int) -> Notice:
    ko, en = (words.said(words.LEFT_OUT, language).format(count=count) for language in ("ko", "en"))
    return Notice("left_out", ko, en, count)


def _remembered(said: Sequence[Json]) -> list[Json]:
    """The same, with what was said so far to be remembered by the provider."""
    *before, last = said
    content = last["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return [*before, last | {"content": [*blocks[:-1], remembered(blocks[-1])]}]


def _sayable(content: Sequence[Json]) -> list[Json]:
    """As it goes back to the API, which takes no empty text."""
    return [block for block in content if block["type"] != "text" or block["text"].strip()]


def _end(stop_reason: str | None) -> Ended | None:
    """How the turn ends with this answer; None when it goes on."""
    match stop_reason:
        case "tool_use" | "pause_turn":
            return None
        case "refusal":
            return REFUSED
        case "max_tokens" | "model_context_window_exceeded":
            return LENGTH
    return DONE


def _open_calls(said: Sequence[Json]) -> list[Json]:
    """The tool calls that wait for their answers, also those that another process left."""
    last = said[-1]
    if last["role"] != "assistant" or isinstance(last["content"], str):
        return []
    return [block for block in last["content"] if block["type"] == "tool_use"]


def _asked(calls: Sequence[Json], results: Sequence[Json]) -> bool:
    """Whether a question was shown: then it is the user's turn."""
    return any(
        call["name"] == "ask" and not result.get("is_error") for call, result in zip(calls, results, strict=True)
    )

"""Answers without tools: the model's words, as they come."""

from collections.abc import AsyncIterator

from ohmyagent.designer.model import Answer, Model
from ohmyagent.use_cases.talking import Delta, PartEnd, Piece, Saved, TurnContext

MOST_TOKENS = 2_000
SYSTEM = "You help people who do not program to design an agent. Answer briefly, in the language of the person."


class PlainAnswerer:
    """The smallest thing that answers."""

    def __init__(self, model: Model) -> None:
        self._model = model

    async def answer(self, turn: TurnContext) -> AsyncIterator[Piece]:
        if turn.history[-1]["role"] == "assistant":
            return
        asked = self._model.stream(turn.token, turn.turn.model, SYSTEM, turn.history, max_tokens=MOST_TOKENS)
        async for piece in asked:
            if isinstance(piece, Answer):
                yield PartEnd()
                yield Saved(({"role": "assistant", "content": piece.content},))
            else:
                yield Delta(piece)

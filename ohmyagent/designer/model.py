"""Asking the model through our own gateway, and reading its stream as the bytes it comes in.

The SDK's own event objects cost several times what the rest of a delta does (bench/chat), so only its request, retries
and errors are used.  It takes a second or more to import, so that is done in a thread, before or with the first call.
"""

import asyncio
import importlib
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ohmyagent.domain.errors import BudgetExceeded, Problem

if TYPE_CHECKING:
    import httpx2
    from anthropic import AsyncAnthropic

Json = dict[str, Any]

CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 75.0
"""Longer than the gateway waits for the provider, so that it is the one to say what happened."""


class ModelFailed(Problem):
    """The model did not answer."""

    code = "upstream"
    korean = "모델이 응답하지 않았습니다. 잠시 뒤에 다시 시도해 주세요."


class ModelBusy(ModelFailed):
    """The model is overloaded; please try again in a moment."""

    code = "overloaded"
    korean = "모델이 지금 너무 바쁩니다. 잠시 뒤에 다시 시도해 주세요."


class ModelCutOff(ModelFailed):
    """The model's answer broke off."""

    code = "cut_off"
    korean = "모델의 답변이 중간에 끊겼습니다."


class ContextFull(ModelFailed):
    """This conversation has become too long for the model."""

    code = "context_full"
    korean = "대화가 너무 길어져 모델이 읽을 수 없습니다. 새 대화를 시작해 주세요."


@dataclass(slots=True)
class Answer:
    """A whole message.  `content` are its blocks as they go back into the next request."""

    content: list[Json] = field(default_factory=list)
    stop_reason: str | None = None


class Model:
    """`gateway_url` is what `/v1/messages` is appended to.  Several calls may go on at once.

    `http` makes the client below the SDK's, if not its own.  `rest` says for how many seconds an answer is left alone
    after some of its text: what comes meanwhile is read at once, and costs little more than a single word.
    """

    def __init__(
        self,
        gateway_url: str,
        *,
        silence: float = SILENCE_SECONDS,
        retries: int = 2,
        http: "Callable[[], httpx2.AsyncClient] | None" = None,
        rest: Callable[[], float] | None = None,
    ) -> None:
        self._url = gateway_url
        self._http = http
        self._rest = rest
        self._silence = silence
        self._retries = retries
        self._client: AsyncAnthropic | None = None

    async def warm(self) -> None:
        """Make the first call as quick as any other."""
        if self._client is None:
            await asyncio.to_thread(importlib.import_module, "anthropic")

    async def stream(
        self,
        token: str,
        model: str,
        system: str,
        messages: Sequence[Json],
        *,
        max_tokens: int,
        tools: Sequence[Json] = (),
    ) -> AsyncIterator[str | Answer]:
        """The text as it comes, and the whole answer at last.

        Raises ModelFailed and its kinds, BudgetExceeded when the turn's money is used up.
        """
        await self.warm()
        asked: Json = {"model": model, "max_tokens": max_tokens, "messages": list(messages), "stream": True}
        if system:
            asked["system"] = [remembered({"type": "text", "text": system})]
        if tools:
            asked["tools"] = list(tools)
        reading = _Reading()
        with _named():
            async with self._connected(token).messages.with_streaming_response.create(**asked) as response:
                async for piece in response.iter_bytes():
                    if text := reading.feed(piece):
                        yield text
                    if reading.problem:
                        raise reading.problem
                    if text and self._rest and not reading.whole:
                        await asyncio.sleep(self._rest())
        if reading.answer.stop_reason is None or not reading.whole:
            raise ModelCutOff()
        yield reading.answer

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.close()

    def _connected(self, token: str) -> "AsyncAnthropic":
        """One pool of connections; the token of a turn belongs to one call, and no key of the environment is used."""
        import anthropic
        import httpx2

        if self._client is None:
            self._client = anthropic.AsyncAnthropic(
                api_key="-", base_url=self._url, max_retries=self._retries,
                timeout=httpx2.Timeout(self._silence, connect=CONNECT_SECONDS),
                http_client=self._http() if self._http else None,
            )  # fmt: skip
        return self._client.with_options(api_key=token)


@contextmanager
def _named() -> Iterator[None]:
    """What the library and its connection raise becomes a problem with a name."""
    import anthropic
    import httpx2

    try:
        yield
    except anthropic.APIStatusError as error:
        raise _refusal(error.status_code, error.type, error.message) from error
    except anthropic.APITimeoutError as error:
        raise ModelFailed("The model did not answer in time.", korean="모델이 제때 응답하지 않았습니다.") from error
    except anthropic.APIConnectionError as error:
        raise ModelFailed() from error
    except httpx2.TimeoutException as error:
        raise ModelCutOff(
            "The model fell silent in the middle of its answer.", korean="모델이 답변하다가 멈췄습니다."
        ) from error
    except httpx2.TransportError as error:
        raise ModelCutOff() from error


def remembered(block: Json) -> Json:
    """The block with the prompt up to it kept by the provider for five minutes: the next step pays a tenth for it."""
    return block | {"cache_control": {"type": "ephemeral"}}


class _Reading:
    """Server-sent events of one message, byte by byte.

    Source: https://docs.claude.com/en/docs/build-with-claude/streaming
    """

    def __init__(self) -> None:
        self.answer = Answer()
        self.whole = False
        self.problem: Problem | None = None
        self._rest = b""
        self._pieces: list[str] = []

    def feed(self, piece: bytes) -> str:
        """The text that this piece brings.  An error event, or what cannot be read, is the `problem` after it."""
        texts: list[str] = []
        *blocks, self._rest = (self._rest + piece).split(b"\n\n")
        for block in blocks:
            at = block.find(b"data: ")
            if at >= 0:
                try:
                    text = self._read(json.loads(block[at + 6 :]))
                except Problem as problem:
                    self.problem = problem
                    break
                except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
                    self.problem = ModelCutOff(
                        "The model's answer was not as it should be.", korean="모델의 답변을 읽을 수 없습니다."
                    )
                    break
                if text:
                    texts.append(text)
        return "".join(texts)

    def _read(self, event: Json) -> str | None:
        match event["type"]:
            case "content_block_delta":
                return self._delta(event["delta"])
            case "content_block_start":
                self.answer.content.append(event["content_block"])
                self._pieces = []
            case "content_block_stop":
                self._finish_block(self.answer.content[-1])
            case "message_delta":
                self.answer.stop_reason = event["delta"].get("stop_reason")
            case "message_stop":
                self.whole = True
            case "error":
                raise _refusal(200, event["error"].get("type"), str(event["error"].get("message")))
        return None

    def _delta(self, delta: Json) -> str | None:
        match delta["type"]:
            case "text_delta":
                self._pieces.append(delta["text"])
                return str(delta["text"])
            case "input_json_delta":
                self._pieces.append(delta["partial_json"])
            case "thinking_delta":
                self._pieces.append(delta["thinking"])
            case "signature_delta":
                self.answer.content[-1]["signature"] = delta["signature"]
        return None

    def _finish_block(self, block: Json) -> None:
        said = "".join(self._pieces)
        match block["type"]:
            case "text":
                block["text"] = said
            case "thinking":
                block["thinking"] = said
            case "tool_use":
                block["input"] = _input(said)


def _input(said: str) -> Json:
    """What a tool is called with; what is no JSON object is kept for the tool to refuse, and the API to take back."""
    try:
        found = json.loads(said or "{}")
        json.dumps(found, ensure_ascii=False).encode()  # half a character can neither be kept nor sent
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {"_malformed": said[:2_000]}


def _refusal(status: int, kind: str | None, message: str = "") -> Problem:
    if status == 402:
        return BudgetExceeded()
    if status in (429, 529) or kind in ("overloaded_error", "rate_limit_error"):
        return ModelBusy()
    too_long = status in (200, 400) and re.search("too long|context window", message, re.I)
    if status == 413 or kind == "request_too_large" or too_long:
        return ContextFull()
    return ModelFailed()

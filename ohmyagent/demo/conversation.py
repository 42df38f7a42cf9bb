"""What the demo model sees of a request: what the user said, which tools there are, and what they answered so far."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_HANGUL = re.compile("[가-힣ㄱ-ㅎㅏ-ㅣ]")
_NOTICES = ("<system-reminder>", "[structured-output-enforce]", '{"file": ', '{"run": ')
"""What stands in the user's messages and is not their own: the CLI's remarks, and files given to a conversation."""
_PAGE = re.compile(r"\s*Web page content:\s*\n-{3,}\n(?P<page>.*)\n-{3,}\n(?P<question>.*)\Z", re.S)
"""The extra call that the CLI's WebFetch makes: the page, and what was asked about it."""
_RUN = re.compile(r'\{"run": \{"runId": "([\w-]+)"\}\}')
"""What the platform says of a message about a run."""
_FOLDER = re.compile(r"Primary working directory: (/[^\n]*)")


@dataclass(frozen=True)
class Step:
    """A tool call of ours and its answer."""

    tool: str
    output: str
    failed: bool


@dataclass(frozen=True)
class Conversation:
    """`said` is the user's own newest text; what tools, pages or the platform said never counts as that."""

    said: str
    steps: tuple[Step, ...] = ()
    tools: frozenset[str] = frozenset()
    folder: str = "/workspace"
    page: str | None = None
    run: str | None = None

    @property
    def korean(self) -> bool:
        return bool(_HANGUL.search(self.said))

    @classmethod
    def of(cls, request: dict[str, Any]) -> "Conversation":
        """Whatever the request's shape: what is not understood is not there."""
        messages = _objects(request.get("messages"))
        said, after = _newest(messages)
        page = _PAGE.match(said)
        notes = "\n".join(_text(message) for message in messages if message.get("role") == "system")
        folder = _FOLDER.search(notes)
        return cls(
            said=page["question"].strip() if page else said,
            steps=tuple(_steps(messages[after:])),
            tools=frozenset(str(tool.get("name")) for tool in _objects(request.get("tools"))),
            folder=folder[1].strip() if folder else "/workspace",
            page=page["page"] if page else None,
            run=_run_of(messages[after - 1]) if said else None,
        )


def _newest(messages: list[dict[str, Any]]) -> tuple[str, int]:
    """The newest text of the user's own, and the place after it."""
    for place in range(len(messages) - 1, -1, -1):
        if messages[place].get("role") == "user":
            own = "\n".join(text for text in _texts(messages[place]) if not text.lstrip().startswith(_NOTICES)).strip()
            if own:
                return own, place + 1
    return "", len(messages)


def _run_of(message: dict[str, Any]) -> str | None:
    """The id of the run that the message is about."""
    found = next(filter(None, map(_RUN.fullmatch, _texts(message))), None)
    return found[1] if found else None


def _steps(messages: list[dict[str, Any]]) -> Iterator[Step]:
    called: dict[str, str] = {}
    for message in messages:
        for block in _objects(message.get("content")):
            if block.get("type") == "tool_use":
                called[str(block.get("id"))] = str(block.get("name"))
            elif block.get("type") == "tool_result":
                tool = called.get(str(block.get("tool_use_id")), "")
                yield Step(tool, "\n".join(_texts(block)), block.get("is_error") is True)


def _text(message: dict[str, Any]) -> str:
    return "\n".join(_texts(message))


def _texts(holder: dict[str, Any]) -> list[str]:
    content = holder.get("content")
    if isinstance(content, str):
        return [content]
    texts = [block.get("text") for block in _objects(content) if block.get("type") == "text"]
    return [text for text in texts if isinstance(text, str)]


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []

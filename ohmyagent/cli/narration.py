"""A run's events as lines for a person."""

import json
from collections.abc import Iterator
from typing import Any

from rich.text import Text

from ohmyagent.cli import forms, words
from ohmyagent.cli.screen import clean

TELLING = ("command", "file_path", "path", "url", "query", "pattern", "description")
"""The parts of a tool's input that say what it does, the first that is there."""
ANSWER_LINES = 5

STATE_STYLES = {
    "succeeded": "green", "active": "green", "running": "cyan", "launching": "cyan",
    "failed": "red", "timed_out": "red", "cancelled": "yellow", "paused": "yellow", "missed": "yellow",
}  # fmt: skip


def lines(event: dict[str, Any]) -> Iterator[Text]:
    """How an event is shown; `usage` and `result` have their place elsewhere."""
    match event["type"]:
        case "text":
            yield from (Text(line) for line in clean(event["text"]).strip().split("\n"))
        case "tool_call":
            call = ("→ ", "cyan"), (clean(event["name"]), "bold"), "  ", gist(event["input"])
            yield Text.assemble(*call, no_wrap=True, overflow="ellipsis")
        case "tool_result":
            yield from _answer(event)
        case "network":
            yield _network(event)
        case "log":
            yield Text(f"! {clean(event['text'])}", style="yellow")
        case "artifact":
            yield Text(f"+ {clean(event['path'])} ({forms.size(event['bytes'])})", style="green")
        case "status":
            yield _status(event)


def gist(value: Any) -> str:
    """The part of a tool's input that tells a person what it does."""
    if not isinstance(value, dict):
        return ""
    told = next((value[name] for name in TELLING if isinstance(value.get(name), str)), None)
    text = json.dumps(value, ensure_ascii=False) if told is None else told
    return clean(text).strip().split("\n", 1)[0]


def output_text(output: Any) -> str:
    """A tool's answer as text: plain, the text blocks of a list, or JSON."""
    if isinstance(output, str):
        return output
    if isinstance(output, list) and all(isinstance(block, dict) and "text" in block for block in output):
        return "\n".join(str(block["text"]) for block in output)
    return json.dumps(output, ensure_ascii=False)


def state(name: str) -> Text:
    return Text(forms.state(name), style=STATE_STYLES.get(name, ""))


def _answer(event: dict[str, Any]) -> Iterator[Text]:
    rows = clean(output_text(event["output"])).strip().split("\n")
    shown = rows[:ANSWER_LINES] + ([f"… +{len(rows) - ANSWER_LINES}"] if len(rows) > ANSWER_LINES else [])
    for row in shown:
        yield Text(f"  │ {row}", style="red" if event["isError"] else "dim", no_wrap=True, overflow="ellipsis")


def _network(event: dict[str, Any]) -> Text:
    allowed = event["allowed"]
    verdict = words.ALLOWED_HOST() if allowed else words.REFUSED_HOST()
    reason = f" ({clean(str(event['reason']))})" if event.get("reason") else ""
    return Text(f"⇄ {clean(event['host'])} {verdict}{reason}", style="dim" if allowed else "red")


def _status(event: dict[str, Any]) -> Text:
    said = f" – {clean(event['text'])}" if event.get("text") else ""
    return Text(f"· {forms.state(event['status'])}{said}", style="dim")

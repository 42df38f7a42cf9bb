"""The keys of an agent file: where each stands, which field of a draft it is, and how its value is written.

Values are read from the typed text, never by YAML's own guesses.  Readers raise ValueError with words for a person.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from yaml.nodes import Node, ScalarNode, SequenceNode

from ohmyagent.domain.schedules import OnHoliday

YAML = "tag:yaml.org,2002:"
MICRO = 1_000_000

_USD = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_WHOLE = re.compile(r"[0-9]{1,9}")
_DURATION = re.compile(r"(?:([0-9]{1,5})h)?(?:([0-9]{1,7})m)?(?:([0-9]{1,9})s?)?")
_TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True)
class Kind:
    """How a value stands in the file."""

    read: Callable[[Node], Any]
    write: Callable[[Any], Node]


@dataclass(frozen=True)
class Key:
    """`path` in the file, `field` in the draft.  A value equal to `unsaid` is not written, and absent it is meant."""

    path: tuple[str, ...]
    field: tuple[str, ...]
    kind: Kind
    unsaid: Any = None
    older: tuple[tuple[str, ...], ...] = ()


def _text(node: Node) -> str:
    if not isinstance(node, ScalarNode):
        raise ValueError("must be a text")
    return str(node.value)


def _texts(node: Node) -> list[str]:
    if not isinstance(node, SequenceNode):
        raise ValueError("must be a list")
    return [_text(item) for item in node.value]


def _names(node: Node) -> list[str]:
    """`A, B` as Claude Code writes it, or a list."""
    if isinstance(node, ScalarNode):
        return [name.strip() for name in node.value.split(",") if name.strip()]
    return _texts(node)


def _whole(node: Node) -> int:
    text = _text(node)
    if not _WHOLE.fullmatch(text):
        raise ValueError("must be a whole number")
    return int(text)


def _truth(node: Node) -> bool:
    truth = _TRUTHS.get(_text(node).lower())
    if truth is None:
        raise ValueError("must be true or false")
    return truth


def _micro_usd(node: Node) -> int:
    text = _text(node)
    if not _USD.fullmatch(text):
        raise ValueError("must be dollars such as 0.50")
    return int(Decimal(text) * MICRO)


def _seconds(node: Node) -> int:
    text = _text(node)
    parts = _DURATION.fullmatch(text)
    if not text or parts is None:
        raise ValueError("must be a length of time such as 15m, 90s or 1h")
    hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    return hours * 3600 + minutes * 60 + seconds


def _scalar(value: object, tag: str = "str") -> ScalarNode:
    text = str(value)
    # PyYAML breaks a line at U+0085 when it is free to choose the quotes, which reads back as a blank.
    return ScalarNode(YAML + tag, text, style='"' if "\x85" in text else None)


def _quoted(value: object) -> ScalarNode:
    return ScalarNode(YAML + "str", str(value), style='"')


def _list(values: tuple[object, ...]) -> Node:
    return SequenceNode(YAML + "seq", [_scalar(value) for value in values], flow_style=True)


def _comma_list(values: tuple[object, ...]) -> Node:
    return _scalar(", ".join(map(str, values))) if values else _list(values)


def _usd(micro: int) -> ScalarNode:
    whole, rest = divmod(micro, MICRO)
    return _scalar(f"{whole}.{f'{rest:06d}'.rstrip('0'):0<2}", "float")


def _length(seconds: int) -> ScalarNode:
    """In the largest unit that is exact."""
    for unit, size in (("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return _scalar(f"{seconds // size}{unit}")
    return _scalar(f"{seconds}s")


plain = Kind(_text, _scalar)
quoted = Kind(_text, _quoted)
texts = Kind(_texts, _list)
names = Kind(_names, _comma_list)
whole = Kind(_whole, lambda number: _scalar(number, "int"))
truth = Kind(_truth, lambda value: _scalar("true" if value else "false", "bool"))
dollars = Kind(_micro_usd, _usd)
length = Kind(_seconds, _length)

OMA = ("oma",)
SCHEDULE = ("oma", "schedule")
BLOCKS = (OMA, SCHEDULE, ("oma", "limits"), ("oma", "network"), ("oma", "retry"), ("oma", "notify"))
VERSION = ("oma", "version")


def _limit(name: str, field: str, kind: Kind, *older: str) -> Key:
    return Key(("oma", "limits", name), ("limits", field), kind, older=tuple(("oma", "limits", old) for old in older))


KEYS = (
    Key(("name",), ("slug",), plain),
    Key(("description",), ("description",), plain),
    Key(("tools",), ("tools",), names),
    Key(("model",), ("model",), plain),
    Key(("oma", "display_name"), ("name",), plain),
    Key((*SCHEDULE, "cron"), ("schedule", "cron"), quoted),
    Key((*SCHEDULE, "timezone"), ("schedule", "timezone"), plain),
    Key((*SCHEDULE, "calendar"), ("schedule", "calendar"), plain),
    Key((*SCHEDULE, "on_holiday"), ("schedule", "on_holiday"), plain, unsaid=OnHoliday.RUN),
    Key((*SCHEDULE, "last_business_day"), ("schedule", "last_business_day"), truth, unsaid=False),
    Key((*SCHEDULE, "overlap"), ("schedule", "overlap"), plain),
    Key((*SCHEDULE, "catch_up"), ("schedule", "catch_up"), plain),
    Key((*SCHEDULE, "text"), ("schedule", "text"), plain),
    _limit("max_cost_usd", "max_cost_micro_usd", dollars, "max_budget_usd"),
    _limit("monthly_cost_usd", "monthly_cost_micro_usd", dollars),
    _limit("max_turns", "max_turns", whole),
    _limit("timeout", "timeout_seconds", length),
    Key(("oma", "network", "allow"), ("network", "allow"), texts, unsaid=()),
    Key(("oma", "retry", "times"), ("retry", "times"), whole, unsaid=1),
    Key(("oma", "retry", "after_calls"), ("retry", "after_calls"), truth, unsaid=False),
    Key(("oma", "notify", "email"), ("notify", "email"), plain),
    Key(("oma", "notify", "webhook_url"), ("notify", "webhook_url"), plain),
    Key(("oma", "tags"), ("tags",), texts, unsaid=()),
    Key(("oma", "color"), ("color",), quoted),
    Key(("oma", "icon"), ("icon",), plain),
)
"""In the order of the canonical text."""

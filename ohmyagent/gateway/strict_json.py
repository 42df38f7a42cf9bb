"""JSON as strict as the strictest upstream: an object whose members can be found again in the text.

The body is forwarded as it came, so what we read and what the upstream reads must be the same: duplicate keys, NaN,
other encodings than UTF-8 are refused, because parsers differ on them.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ohmyagent.domain.errors import Malformed

_SPACE = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class Member:
    """A value, and where it stands in the text."""

    value: Any
    start: int
    end: int


def parsed(body: bytes) -> dict[str, Any]:
    """The object that the body holds; raises Malformed for anything else."""
    try:
        value = _decode(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Malformed(detail="The body is not a valid JSON object.") from error
    if type(value) is not dict:
        raise Malformed(detail="The body is not a valid JSON object.")
    return value


def members(body: bytes) -> tuple[str, dict[str, Member]]:
    """The text, and where the members of its object stand, at several times the price; raises what `parsed` raises."""
    try:
        text = body.decode("utf-8")
        return text, _object(text)
    except (ValueError, StopIteration, RecursionError) as error:
        raise Malformed(detail="The body is not a valid JSON object.") from error


def replaced(text: str, places: dict[str, Member], values: dict[str, Any]) -> bytes:
    """The text with some members' values changed, and not one byte else."""
    for name in sorted(values, key=lambda name: places[name].start, reverse=True):
        place = places[name]
        text = text[: place.start] + json.dumps(values[name]) + text[place.end :]
    return text.encode("utf-8")


def _object(text: str) -> dict[str, Member]:
    found: dict[str, Member] = {}
    at = _expect(text, 0, "{")
    if text[at : at + 1] == "}":
        at += 1
    else:
        while True:
            if text[at : at + 1] != '"':
                raise ValueError("a name is missing")
            name, at = _scan(text, at)
            start = _expect(text, at, ":")
            value, end = _scan(text, start)
            if name in found:
                raise ValueError("a name stands twice")
            found[name] = Member(value, start, end)
            at = _skip(text, end)
            if text[at : at + 1] == "}":
                at += 1
                break
            at = _expect(text, at, ",")
    if _skip(text, at) != len(text):
        raise ValueError("something follows the object")
    return found


def _skip(text: str, at: int) -> int:
    if at < len(text) and text[at] > " ":
        return at
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]  # it matches the empty text


def _expect(text: str, at: int, sign: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != sign:
        raise ValueError(f"{sign} is missing")
    return _skip(text, at + 1)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise ValueError("a name stands twice")
    return unique


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


_decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse)
_decode = _decoder.decode
_scan: Callable[[str, int], tuple[Any, int]]
_scan = _decoder.scan_once  # type: ignore[attr-defined]
"""The C scanner: the value at a place in the text, and where it ends."""

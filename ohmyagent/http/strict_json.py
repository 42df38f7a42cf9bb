"""JSON read strictly: one object, UTF-8, no key twice, no number or text that another reader would take otherwise."""

import json
import math
import re
from collections import Counter
from typing import Any

from ohmyagent.domain.errors import FieldError, Malformed

DEEPEST = 64
INT64 = 2**63
LONGEST_INTEGER = 20
"""Digits and sign of an int64; a longer number is not even converted."""
_SUSPECT = re.compile(rb"[0-9]{19}|[0-9][eE]\+?[0-9]{3}|\\u[dD][89a-fA-F]")
"""What a number out of range or a lone surrogate is written with (UTF-8 itself has no surrogates)."""
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Twice(ValueError):
    """A key stands twice in one object."""


def parsed(body: bytes) -> dict[str, Any]:
    """The object a body holds; raises Malformed naming the field, or `body` when it is the whole."""
    if not body.strip():
        raise _refused("body", "is empty")
    suspect = _SUSPECT.search(body) is not None
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_integer if suspect else int,
        )
    except UnicodeDecodeError:
        raise _refused("body", "is not UTF-8") from None
    except RecursionError:
        raise _refused("body", f"is nested more than {DEEPEST} deep") from None
    except _Twice as twice:
        raise _refused(str(twice), "is given twice") from None
    except ValueError:
        raise _refused("body", "is not valid JSON") from None
    if not isinstance(value, dict):
        raise _refused("body", "must be a JSON object")
    for name, member in value.items():
        if _deeper(member, DEEPEST - 1):
            raise _refused(name, f"is nested more than {DEEPEST} deep")
    if suspect and (found := _wrong(value)):
        raise _refused(".".join(reversed(found[0])), found[1])
    return value


def _deeper(value: Any, levels: int) -> bool:
    """Whether more levels of lists and objects than these lie in each other."""
    found = [value] if type(value) in (dict, list) else []
    for _ in range(levels):
        found = [
            item
            for node in found
            for item in (node.values() if type(node) is dict else node)
            if type(item) is dict or type(item) is list
        ]
    return bool(found)


def _wrong(value: Any) -> tuple[list[str], str] | None:
    """The first thing that another reader would take otherwise: its path from the inside out, and what it is."""
    if isinstance(value, str):
        return None if value.isascii() or not _SURROGATE.search(value) else ([], "is not valid Unicode")
    if isinstance(value, int | float):
        return None if _in_range(value) else ([], "is a number out of range")
    if not isinstance(value, dict | list):
        return None
    for name, item in value.items() if isinstance(value, dict) else enumerate(value):
        found = _wrong(name) if isinstance(name, str) else None
        found = found or _wrong(item)
        if found:
            return [*found[0], str(name)], found[1]
    return None


def _in_range(number: int | float) -> bool:
    return math.isfinite(number) if isinstance(number, float) else -INT64 <= number < INT64


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise _Twice(name)
    return unique


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= LONGEST_INTEGER else math.inf


def _refused(field: str, message: str) -> Malformed:
    return Malformed(FieldError(field, message))

"""JSON read strictly: one object, UTF-8, no key twice, no number or text that another reader would take otherwise."""

import json
import math
from collections.abc import Iterator
from typing import Any

from ohmyagent.domain.errors import FieldError, Malformed

DEEPEST = 64
INT64 = 2**63
LONGEST_INTEGER = 20
"""Digits and sign of an int64; a longer number is not even converted."""


class _Twice(ValueError):
    """A key stands twice in one object."""


def parsed(body: bytes) -> dict[str, Any]:
    """The object a body holds; raises Malformed naming the field, or `body` when it is the whole."""
    if not body.strip():
        raise _refused("body", "is empty")
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer
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
    for field, found in _walk(value):
        _check(field, found)
    return value


def _walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key and value with its dotted path; raises Malformed when nested too deep."""
    waiting: list[tuple[str, Any, int]] = [("", value, 0)]
    while waiting:
        path, found, depth = waiting.pop()
        if depth > DEEPEST:
            raise _refused(path.split(".")[0], f"is nested more than {DEEPEST} deep")
        if isinstance(found, dict):
            for key, item in found.items():
                yield key, key
                waiting.append((f"{path}.{key}" if path else key, item, depth + 1))
        elif isinstance(found, list):
            waiting += [(f"{path}.{at}", item, depth + 1) for at, item in enumerate(found)]
        else:
            yield path, found


def _check(field: str, found: Any) -> None:
    if isinstance(found, str):
        # only an escaped lone surrogate can be here: the body was UTF-8
        if not found.isascii() and any("\ud800" <= letter <= "\udfff" for letter in found):
            raise _refused(field, "is not valid Unicode")
    elif isinstance(found, int | float) and not _in_range(found):
        raise _refused(field, "is a number out of range")


def _in_range(number: int | float) -> bool:
    return math.isfinite(number) if isinstance(number, float) else -INT64 <= number < INT64


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(next(name for name in names if names.count(name) > 1))
    return unique


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= LONGEST_INTEGER else math.inf


def _refused(field: str, message: str) -> Malformed:
    return Malformed(FieldError(field, message))

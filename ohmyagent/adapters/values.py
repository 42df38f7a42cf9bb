"""What a document, a path and a query may hold: the same refusals on every target."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from ohmyagent.domain.errors import Invalid
from ohmyagent.ports import Document, Task

MAX_DOCUMENT = 1_048_576
"""Bytes, as Firestore counts them.  Source: https://firebase.google.com/docs/firestore/storage-size"""
MAX_TEXT = 1_048_487
PLAIN = 1_000
"""Characters of a text that is looked at in place."""
MAX_DEPTH = 20
"""Lists and maps within the document."""
MAX_FLOAT = 1e300
"""Beyond any count, price or duration; what lies outside orders nulls and booleans below the numbers in SQLite."""
MAX_INTEGER = 2**63 - 1

_ID = r"(?!\.{1,2}(?:/|$))(?!__[^/]*__(?:/|$))[A-Za-z0-9._~-]{1,128}"
_COLLECTION = r"[A-Za-z][A-Za-z0-9_]{0,63}"
_PATH = re.compile(rf"{_COLLECTION}/{_ID}(?:/{_COLLECTION}/{_ID})?")
_COLLECTION_PATH = re.compile(rf"{_COLLECTION}(?:/{_ID}/{_COLLECTION})?")
_FIELD = re.compile(r"(?!__.*__$)[A-Za-z_][A-Za-z0-9_]{0,127}")
_SCALARS = (int, float, datetime)
_LISTS = (list, tuple)
_NAME_OVERHEAD = 16
_DOCUMENT_OVERHEAD = 32


class Key(NamedTuple):
    """A document's path in its two parts."""

    collection: str
    id: str


@lru_cache(maxsize=4096)
def key_of(path: str) -> Key:
    """Raises Invalid for the field `id`."""
    if not isinstance(path, str) or not _PATH.fullmatch(path):
        raise Invalid.of("id", "must be 1 to 128 letters, digits, or one of . _ ~ -")
    collection, _, id = path.rpartition("/")
    return Key(collection, id)


def check_collection(path: str) -> None:
    """Raises Invalid for the field `collection`."""
    if not _COLLECTION_PATH.fullmatch(path):
        raise Invalid.of("collection", "is not the path of a collection")


def check_field(dotted: str) -> None:
    """Raises Invalid naming the field, which may lie within maps: `lease.expiresAt`."""
    if not all(_FIELD.fullmatch(name) for name in dotted.split(".")):
        raise Invalid.of(dotted, "is not the name of a field")


def check_document(path: str, data: Document) -> None:
    """Raises Invalid naming the first field that no store could keep as it is."""
    size = _NAME_OVERHEAD + len(path) + _DOCUMENT_OVERHEAD + _map_size(data, "", 0)
    if size > MAX_DOCUMENT:
        raise Invalid.of("document", f"is {size} bytes, more than {MAX_DOCUMENT}")


def check_update(fields: Document) -> None:
    """Raises Invalid for an update of nothing, which Firestore does not take."""
    if not fields:
        raise Invalid.of("document", "is an update without a field")


def milliseconds(moment: datetime) -> datetime:
    """The same moment in UTC, cut to milliseconds."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@lru_cache(maxsize=4096)
def _is_field(name: str) -> bool:
    return _FIELD.fullmatch(name) is not None


def _map_size(data: Mapping[str, Any], where: str, depth: int) -> int:
    _check_depth(where, depth)
    size = 0
    for name, value in data.items():
        if not isinstance(name, str) or not _is_field(name):
            raise Invalid.of(f"{where}.{name}" if where else str(name), "is not the name of a field")
        kind = type(value)  # most fields are plain, and need neither a call nor the place they stand at
        if kind is int and -MAX_INTEGER - 1 <= value <= MAX_INTEGER:
            size += len(name) + 9
        elif kind is bool or value is None:
            size += len(name) + 2
        elif kind is str and len(value) < PLAIN and value.isascii() and "\0" not in value:
            size += len(name) + len(value) + 2
        else:
            size += len(name) + 1 + value_size(value, f"{where}.{name}" if where else name, depth)
    return size


def value_size(value: Any, where: str, depth: int = 0) -> int:
    """Bytes, as Firestore counts them; raises Invalid naming the field `where`."""
    if isinstance(value, str):
        return text_size(value, where) + 1
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, _SCALARS):
        check_scalar(value, where)
        return 8
    if isinstance(value, _LISTS):
        return _list_size(value, where, depth + 1)
    if isinstance(value, Mapping):
        return _map_size(value, where, depth + 1)
    raise Invalid.of(where, f"is a {type(value).__name__}, which no document can hold")


def _list_size(values: list[Any] | tuple[Any, ...], where: str, depth: int) -> int:
    _check_depth(where, depth)
    size = 0
    for index, value in enumerate(values):
        dotted = f"{where}.{index}"
        if isinstance(value, _LISTS):
            raise Invalid.of(dotted, "is a list directly within a list")
        size += value_size(value, dotted, depth)
    return size


def _check_depth(where: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Invalid.of(where, f"is nested more than {MAX_DEPTH} deep")


def text_size(text: str, where: str) -> int:
    """Bytes in UTF-8.  NUL is refused because SQLite's JSON functions end a text there."""
    if "\0" in text:
        raise Invalid.of(where, "contains a NUL character")
    try:
        size = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        raise Invalid.of(where, "is not valid Unicode") from None
    if size > MAX_TEXT:
        raise Invalid.of(where, f"is {size} bytes, more than {MAX_TEXT}")
    return size


def check_scalar(value: Any, where: str) -> None:
    """Raises Invalid for a number or a moment out of range."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise Invalid.of(where, "is a time without a zone")
    elif isinstance(value, float):
        if not math.isfinite(value) or abs(value) > MAX_FLOAT:
            raise Invalid.of(where, "is not a finite number")
    elif isinstance(value, int) and not -MAX_INTEGER - 1 <= value <= MAX_INTEGER:
        raise Invalid.of(where, "is beyond 64 bits")


_KIND = re.compile(r"[a-z][A-Za-z0-9_.-]{0,63}")
_TASK_NAME = re.compile(r"[A-Za-z0-9_-]{1,200}")
MAX_TASK = 65_536
"""Bytes of a task's body, well below the 100 KB of Cloud Tasks."""


def check_task(task: Task) -> None:
    """Raises Invalid for the fields `kind`, `name`, `due` or `body`; names are those that Cloud Tasks takes."""
    if not _KIND.fullmatch(task.kind):
        raise Invalid.of("kind", "is not a kind of task")
    if not _TASK_NAME.fullmatch(task.name):
        raise Invalid.of("name", "must be 1 to 200 letters, digits, - or _")
    if task.due is not None:
        check_scalar(task.due, "due")
    size = 0
    for name, value in task.body.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise Invalid.of("body", "must be texts by name")
        size += text_size(name, "body") + text_size(value, f"body.{name}")
    if size > MAX_TASK:
        raise Invalid.of("body", f"is {size} bytes, more than {MAX_TASK}")

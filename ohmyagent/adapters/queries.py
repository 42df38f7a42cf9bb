"""The parts of a query that every target treats alike: its rules, its total order and its cursors."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from math import prod
from typing import Any, Literal

from ohmyagent.adapters.values import check_collection, check_field, check_scalar, key_of, text_size, value_size
from ohmyagent.domain.errors import Invalid
from ohmyagent.ports import Document, Query, Where

Direction = Literal["asc", "desc"]
INEQUALITIES = ("<", "<=", ">", ">=")
MAX_IN = 30
MAX_LIMIT = 1000
MOMENT = "$"
"""A moment is kept in JSON as {"$": "2026-11-20T12:00:00.000Z"}: of fixed width, and no field has that name."""


@dataclass(frozen=True)
class Plan:
    """A checked query: `order` without the id, the `direction` of the id, and the values to start after, if any."""

    query: Query
    order: tuple[tuple[str, Direction], ...]
    direction: Direction
    start: tuple[list[Any], str] | None


def plan(query: Query) -> Plan:
    """Raises Invalid naming what is wrong."""
    check_collection(query.collection)
    if not 1 <= query.limit <= MAX_LIMIT:
        raise Invalid.of("limit", f"must be between 1 and {MAX_LIMIT}")
    for where in query.where:
        check_where(where)
    if sum(where.op == "array_contains" for where in query.where) > 1:
        raise Invalid.of("where", "has several array_contains")
    if prod(len(where.value) for where in query.where if where.op == "in") > MAX_IN:
        raise Invalid.of("where", f"has more than {MAX_IN} combinations of values")
    order = _order(query)
    start = None if query.after is None else _opened(query, len(order), query.after)
    return Plan(query, order, order[-1][1] if order else "asc", start)


def _order(query: Query) -> tuple[tuple[str, Direction], ...]:
    unequal = {where.field for where in query.where if where.op in INEQUALITIES}
    if len(unequal) > 1:
        raise Invalid.of("where", "has inequalities on several fields")
    order: tuple[tuple[str, Direction], ...] = query.order or tuple((field, "asc") for field in unequal)
    if len({field for field, _ in order}) < len(order):
        raise Invalid.of("order", "names a field twice")
    for field, direction in order:
        check_field(field)
        if direction not in ("asc", "desc"):
            raise Invalid.of("order", "must be asc or desc")
    if unequal and order[0][0] not in unequal:
        raise Invalid.of("order", "must begin with the field of the inequality")
    return order


def check_where(where: Where) -> None:
    check_field(where.field)
    if where.op == "in":
        if not isinstance(where.value, list | tuple) or not 1 <= len(where.value) <= MAX_IN:
            raise Invalid.of(where.field, f"must be compared with 1 to {MAX_IN} values")
        for value in where.value:
            _check_compared(where.field, value, null=False)
    elif where.op in ("==", *INEQUALITIES, "array_contains"):
        _check_compared(where.field, where.value, null=where.op == "==")
    else:
        raise Invalid.of(where.field, f"cannot be compared by {where.op}")


def _check_compared(field: str, value: Any, null: bool) -> None:
    if isinstance(value, str):
        text_size(value, field)
    elif isinstance(value, bool | int | float | datetime):
        check_scalar(value, field)
    elif value is not None or not null:
        raise Invalid.of(field, f"cannot be compared with {type(value).__name__}")


def field_of(data: Document, dotted: str) -> Any:
    """The value at `lease.expiresAt`; raises KeyError when it is absent."""
    value: Any = data
    for name in dotted.split("."):
        if not isinstance(value, dict):
            raise KeyError(dotted)
        value = value[name]
    return value


def cursor(plan: Plan, data: Document, id: str) -> str:
    """An opaque, URL-safe text from which the same query goes on after this document."""
    values = [field_of(data, field) for field, _ in plan.order]
    return urlsafe_b64encode(encoded([_fingerprint(plan.query), values, id]).encode()).decode().rstrip("=")


def _opened(query: Query, width: int, text: str) -> tuple[list[Any], str]:
    try:
        found = decoded(urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
        fingerprint, values, id = found
        key_of(f"{query.collection}/{id}")
        if fingerprint != _fingerprint(query) or not isinstance(values, list) or len(values) != width:
            raise ValueError(fingerprint)
        for value in values:
            value_size(value, "cursor")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, Invalid):
        raise Invalid.of("cursor", "does not belong to this list") from None
    return values, id


def _fingerprint(query: Query) -> str:
    conditions = [[where.field, where.op, where.value] for where in query.where]
    text = encoded([query.collection, conditions, [list(order) for order in query.order]])
    return sha256(text.encode()).hexdigest()[:12]


def encoded(value: Any) -> str:
    """JSON in which moments survive."""
    return _encoder.encode(value)


def decoded(text: str) -> Any:
    """The inverse of `encoded`; raises ValueError."""
    return _decoder.decode(text)


def moment_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _moment(value: object) -> dict[str, str]:
    if isinstance(value, datetime):
        return {MOMENT: moment_text(value)}
    raise TypeError(f"{type(value).__name__} is not a value")


def _revived(data: dict[str, Any]) -> Any:
    text = data.get(MOMENT)
    return data if text is None else datetime.fromisoformat(text)


_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_moment)
_decoder = json.JSONDecoder(object_hook=_revived)

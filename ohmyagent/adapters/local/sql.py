"""Queries in SQL: one expression per field gives Firestore's order of values, and indexes are over that expression.

The expression maps a JSON value to one SQL value in Firestore's order: null, false, true, numbers, moments, texts.
SQLite orders numbers below texts, so the first three become numbers below any that a document may hold, and moments
and texts get the prefixes `!` and `"`.  An absent field is SQL's NULL, which no comparison matches.
Lists (`[…`) and maps (`{…`) come last; their order among themselves is that of their JSON text, unlike Firestore's.
Source: https://firebase.google.com/docs/firestore/manage-data/data-types
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol

from ohmyagent.adapters.queries import MOMENT, Direction, Plan, encoded, moment_text
from ohmyagent.adapters.values import MAX_FLOAT
from ohmyagent.ports import Where

_NULL, _FALSE, _TRUE = "-9e999", "-1.7e308", "-1.6e308"
_OPPOSITE: dict[Direction, str] = {"asc": ">", "desc": "<"}


class Declared(Protocol):
    """An index: the last name of a collection's path, and its fields with their directions."""

    @property
    def collection(self) -> str: ...

    @property
    def fields(self) -> tuple[tuple[str, Direction], ...]: ...


def sortable(field: str) -> str:
    """The SQL expression of a field."""
    path = f"'$.{field}'"
    moment = f"""'$.{field}."{MOMENT}"'"""
    return (
        f"CASE json_type(data,{path}) WHEN 'text' THEN '\"'||json_extract(data,{path})"
        f" WHEN 'object' THEN ifnull('!'||json_extract(data,{moment}),json_extract(data,{path}))"
        f" WHEN 'true' THEN {_TRUE} WHEN 'false' THEN {_FALSE} WHEN 'null' THEN {_NULL}"
        f" ELSE json_extract(data,{path}) END"
    )


def sort_key(value: Any) -> Any:
    """What `sortable` gives for a field that holds this value."""
    if isinstance(value, str):
        return '"' + value
    if value is None:
        return float(_NULL)
    if isinstance(value, bool):
        return float(_TRUE if value else _FALSE)
    if isinstance(value, int | float):
        return value
    return "!" + moment_text(value) if isinstance(value, datetime) else encoded(value)


def declaration(index: Declared) -> str:
    """`CREATE INDEX IF NOT EXISTS …`, for the documents of that collection only."""
    last = index.fields[-1][1]
    columns = [f"{sortable(field)} {direction}" for field, direction in index.fields]
    text = f"docs(collection, {', '.join(columns)}, id {last}) WHERE kind = '{index.collection}'"
    return f"CREATE INDEX IF NOT EXISTS docs_{index.collection}_{sha256(text.encode()).hexdigest()[:10]} ON {text}"


def select(plan: Plan) -> tuple[str, list[Any]]:
    """The statement and its parameters; gives `id, data` of one document more than the limit, if there is one."""
    # The kind is written out because SQLite uses a partial index only for a literal.
    terms = [f"kind = '{plan.query.collection.rpartition('/')[2]}'", "collection = ?"]
    values: list[Any] = [plan.query.collection]
    for where in plan.query.where:
        _add(terms, values, _condition(where))
    terms += [f"{sortable(field)} IS NOT NULL" for field, _ in plan.order]
    if plan.start is not None:
        _add(terms, values, _after(plan.order, plan.direction, *plan.start))
    columns = [f"{sortable(field)} {direction}" for field, direction in plan.order] + [f"id {plan.direction}"]
    statement = f"SELECT id, data FROM docs WHERE {' AND '.join(terms)} ORDER BY {', '.join(columns)} LIMIT ?"  # noqa: S608
    return statement, [*values, plan.query.limit + 1]


def _add(terms: list[str], values: list[Any], more: tuple[str, list[Any]]) -> None:
    terms.append(more[0])
    values.extend(more[1])


def _condition(where: Where) -> tuple[str, list[Any]]:
    field = sortable(where.field)
    if where.op == "==":
        return f"{field} = ?", [sort_key(where.value)]
    if where.op == "in":
        return f"{field} IN ({', '.join('?' * len(where.value))})", [sort_key(value) for value in where.value]
    if where.op == "array_contains":
        return _contains(where)
    low, high = _bounds(where.value)
    if where.op in ("<", "<="):
        return f"({field} >= ? AND {field} {where.op} ?)", [low, sort_key(where.value)]
    return f"({field} {where.op} ? AND {field} < ?)", [sort_key(where.value), high]


def _contains(where: Where) -> tuple[str, list[Any]]:
    """Items are compared as `sortable` would compare them, from json_each's own columns."""
    each = f"json_each(data, '$.{where.field}') AS item"
    value = where.value
    if isinstance(value, bool):
        test, values = f"item.type = '{'true' if value else 'false'}'", []
    elif isinstance(value, str):
        test, values = "item.type = 'text' AND item.value = ?", [value]
    elif isinstance(value, datetime):
        test, values = "item.type = 'object' AND item.value = ?", [encoded(value)]
    else:
        test, values = "item.type IN ('integer', 'real') AND item.value = ?", [value]
    is_list = f"json_type(data, '$.{where.field}') = 'array'"
    return f"({is_list} AND EXISTS (SELECT 1 FROM {each} WHERE {test}))", values  # noqa: S608


def _bounds(value: Any) -> tuple[Any, Any]:
    """The lowest sort key of this value's type, and one above its highest."""
    if isinstance(value, bool):
        return float(_FALSE), float(_TRUE) / 2
    if isinstance(value, int | float):
        return -MAX_FLOAT, ""
    return ("!", '"') if isinstance(value, datetime) else ('"', "#")


def _after(order: Iterable[tuple[str, Direction]], last: Direction, start: list[Any], id: str) -> tuple[str, list[Any]]:
    """Strictly after the start in the given order.

    Where all directions agree, a row comparison lets the index seek; else it is spelled out from the last column on.
    """
    columns = [(sortable(field), direction) for field, direction in order] + [("id", last)]
    keys = [*map(sort_key, start), id]
    if len({direction for _, direction in columns}) == 1:
        names = ", ".join(name for name, _ in columns)
        return f"({names}) {_OPPOSITE[last]} ({', '.join('?' * len(keys))})", keys
    term, values = f"id {_OPPOSITE[last]} ?", [id]
    for (name, direction), key in reversed(list(zip(columns, keys, strict=True))[:-1]):
        compare = _OPPOSITE[direction]
        term, values = f"({name} {compare} ? OR ({name} = ? AND {term}))", [key, key, *values]
    return term, values

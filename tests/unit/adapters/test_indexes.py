"""Which composite indexes a query needs, and that SQLite answers from them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ohmyagent.adapters.local.sql import select
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.adapters.queries import plan
from ohmyagent.ports import Query, Where
from ohmyagent.records.indexes import EXPIRING, INDEXES, Index, firestore_indexes_json, missing_index

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINE = Where("userId", "==", "u1")
OK = Where("status", "==", "ok")
OVERDUE = Where("lease.expiresAt", "<", NOON)


@pytest.mark.parametrize(
    "query",
    [
        Query("executions"),
        Query("executions", (MINE,)),
        Query("executions", (MINE, OK)),
        Query("executions", (MINE, Where("status", "in", ["a", "b"]))),
        Query("executions", (OVERDUE,)),
        Query("executions", (OVERDUE,), (("lease.expiresAt", "desc"),)),
        Query("executions", order=(("createdAt", "desc"),)),
        Query("executions", (Where("tags", "array_contains", "x"),)),
    ],
)
def test_a_single_field_and_equalities_alone_need_none(query: Query) -> None:
    assert missing_index(query, ()) is None


NEEDED: list[tuple[Query, Any]] = [
    (Query("x", (MINE,), (("createdAt", "desc"),)), (("userId", "asc"), ("createdAt", "desc"))),
    (Query("x", (OK, MINE), (("at", "asc"),)), (("status", "asc"), ("userId", "asc"), ("at", "asc"))),
    (Query("x", (OK, OVERDUE)), (("status", "asc"), ("lease.expiresAt", "asc"))),
    (Query("x", order=(("a", "asc"), ("b", "desc"))), (("a", "asc"), ("b", "desc"))),
    (Query("y/y1/x", (MINE,), (("a", "asc"),)), (("userId", "asc"), ("a", "asc"))),
]


@pytest.mark.parametrize(("query", "fields"), NEEDED)
def test_equalities_with_an_order_or_a_range_need_a_composite(query: Query, fields: Any) -> None:
    needed = Index("x", fields)
    assert missing_index(query, ()) == needed
    assert missing_index(query, (needed,)) is None
    assert missing_index(query, (Index("other", fields),)) == needed
    backwards = tuple((field, "desc" if direction == "asc" else "asc") for field, direction in fields)
    assert missing_index(query, (Index("x", backwards),)) is None
    assert missing_index(query, (Index("x", fields[:1]), Index("x", (*fields, ("more", "asc"))))) == needed


def test_an_index_of_another_direction_does_not_serve() -> None:
    query = Query("x", (MINE,), (("a", "asc"), ("b", "desc")))
    same = Index("x", (("userId", "asc"), ("a", "asc"), ("b", "asc")))
    assert missing_index(query, (same,)) is not None


def test_the_indexes_are_written_as_firestore_wants_them() -> None:
    index = Index("executions", (("status", "asc"), ("lease.expiresAt", "desc")))
    listed = Index("agents", (("userId", "asc"), ("tags", "asc"), ("createdAt", "desc")))
    assert firestore_indexes_json((index,))["indexes"] == [
        {
            "collectionGroup": "executions",
            "queryScope": "COLLECTION",
            "fields": [
                {"fieldPath": "status", "order": "ASCENDING"},
                {"fieldPath": "lease.expiresAt", "order": "DESCENDING"},
            ],
        }
    ]
    fields = firestore_indexes_json((listed,))["indexes"][0]["fields"]
    assert fields[1] == {"fieldPath": "tags", "arrayConfig": "CONTAINS"}


def test_what_expires_is_deleted_by_firestore_and_queried_by_nobody() -> None:
    overrides = firestore_indexes_json()["fieldOverrides"]
    assert {override["collectionGroup"] for override in overrides} == {"sessions", "signinCodes", "tickets"}
    assert all(override["ttl"] and override["indexes"] == [] for override in overrides)
    queried = {(index.collection, field) for index in INDEXES for field, _ in index.fields}
    assert not queried & set(EXPIRING)


def test_the_file_for_firestore_is_current() -> None:
    """Write it with `python scripts/indexes.py`."""
    written = json.loads((Path(__file__).resolve().parents[3] / "firestore.indexes.json").read_text(encoding="utf-8"))
    assert written == firestore_indexes_json()


def explained(store: SqliteStore, query: Query) -> str:
    """What SQLite says that it would do."""
    statement, values = select(plan(query))
    return " ".join(row[3] for row in store.database.read(f"EXPLAIN QUERY PLAN {statement}", values))


@pytest.mark.parametrize("index", INDEXES, ids=lambda index: f"{index.collection}-{index.fields[-1][0]}")
def test_sqlite_seeks_in_every_declared_index_and_sorts_nothing(tmp_path: Path, index: Index) -> None:
    store = SqliteStore(tmp_path / "oma.db", indexes=INDEXES)
    where = tuple(Where(field, "==", "x") for field, _ in index.fields[:-1])
    order = index.fields[-1:]
    query = Query(index.collection, where, order, 1)
    for number in range(3):
        store.create(
            f"{index.collection}/d{number}", nested({**dict.fromkeys((w.field for w in where), "x"), order[0][0]: NOON})
        )
    for asked in (query, Query(index.collection, where, order, 1, after=store.query(query).cursor)):
        said = explained(store, asked)
        assert f"USING INDEX docs_{index.collection}_" in said
        assert said.count("<expr>=?") == len(where)
        assert "TEMP B-TREE" not in said
    store.close()


def nested(fields: dict[str, Any]) -> dict[str, Any]:
    """Dotted names as maps."""
    data: dict[str, Any] = {}
    for name, value in fields.items():
        *outer, last = name.split(".")
        inner = data
        for part in outer:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return data

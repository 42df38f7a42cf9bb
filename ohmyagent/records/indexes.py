"""The composite indexes that the program's queries need, declared once for both targets."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from ohmyagent.ports import Query

Direction = Literal["asc", "desc"]
INEQUALITIES = ("<", "<=", ">", ">=")


@dataclass(frozen=True)
class Index:
    """`collection` is the last name of the path, so that all subcollections of that name share the index."""

    collection: str
    fields: tuple[tuple[str, Direction], ...]


INDEXES: tuple[Index, ...] = (
    Index("apiKeys", (("userId", "asc"), ("createdAt", "desc"))),
    Index("agents", (("userId", "asc"), ("deletedAt", "asc"), ("createdAt", "desc"))),
    Index("agents", (("userId", "asc"), ("deletedAt", "asc"), ("status", "asc"), ("createdAt", "desc"))),
    Index("agents", (("userId", "asc"), ("deletedAt", "asc"), ("tags", "asc"), ("createdAt", "desc"))),
    Index(
        "agents", (("userId", "asc"), ("deletedAt", "asc"), ("status", "asc"), ("tags", "asc"), ("createdAt", "desc"))
    ),
    Index("agentVersions", (("agentId", "asc"), ("userId", "asc"), ("version", "desc"))),
    Index("executions", (("userId", "asc"), ("createdAt", "desc"))),
    Index("executions", (("userId", "asc"), ("agentId", "asc"), ("createdAt", "desc"))),
    Index("executions", (("userId", "asc"), ("status", "asc"), ("createdAt", "desc"))),
    Index("executions", (("userId", "asc"), ("agentId", "asc"), ("status", "asc"), ("createdAt", "desc"))),
    Index("executions", (("agentId", "asc"), ("userId", "asc"), ("dueTime", "asc"))),
    Index("executions", (("agentId", "asc"), ("userId", "asc"), ("dueTime", "desc"))),
    Index("executions", (("agentId", "asc"), ("status", "asc"), ("createdAt", "asc"))),
    Index("executions", (("status", "asc"), ("createdAt", "asc"))),
    Index("executions", (("status", "asc"), ("lease.expiresAt", "asc"))),
    Index("hooks", (("agentId", "asc"), ("createdAt", "asc"))),
    Index("deliveries", (("agentId", "asc"), ("userId", "asc"), ("createdAt", "desc"))),
    Index("deliveries", (("userId", "asc"), ("createdAt", "desc"))),
    Index("deliveries", (("status", "asc"), ("nextAttemptAt", "asc"))),
    Index("betaApplications", (("status", "asc"), ("createdAt", "desc"))),
    Index("audit", (("userId", "asc"), ("at", "desc"))),
    Index("feedback", (("userId", "asc"), ("createdAt", "desc"))),
    Index("outbox", (("userId", "asc"), ("createdAt", "desc"))),
    Index("outbox", (("state", "asc"), ("dueAt", "asc"))),
    Index("outbox", (("state", "asc"), ("attemptAt", "asc"))),
    Index("conversations", (("userId", "asc"), ("deletedAt", "asc"), ("updatedAt", "desc"))),
    Index("turns", (("state", "asc"), ("lease.expiresAt", "asc"))),
)

ARRAYS = frozenset({("agents", "tags")})
"""Fields that are lists: an index of one answers `array_contains`."""

EXPIRING: tuple[tuple[str, str], ...] = (
    ("sessions", "expiresAt"),
    ("signinCodes", "expiresAt"),
    ("tickets", "expiresAt"),
)
"""Collections whose documents Firestore deletes within a day after the instant in that field; nobody queries by it."""


def missing_index(query: Query, indexes: Iterable[Index] = INDEXES) -> Index | None:
    """The composite index that `query` needs and `indexes` lacks, or None.

    Firestore's rule: every single field is indexed by itself, and equalities alone are answered by merging those
    indexes; equalities together with a range or an order, or an order of several fields, need one composite index,
    whose fields are the equalities in any order, then the order.  It may be read backwards as a whole.
    Source: https://firebase.google.com/docs/firestore/query-data/index-overview
    """
    equal = {where.field for where in query.where if where.op in ("==", "in")}
    contained = [where.field for where in query.where if where.op == "array_contains"]
    order = query.order or tuple((where.field, "asc") for where in query.where if where.op in INEQUALITIES)[:1]
    if not order or (len(order) == 1 and not equal and not contained):
        return None
    collection = query.collection.rpartition("/")[2]
    needed = Index(collection, (*((field, "asc") for field in sorted(equal) + contained), *order))
    serves = any(_serves(index, collection, equal | set(contained), order) for index in indexes)
    return None if serves else needed


def _serves(index: Index, collection: str, equal: set[str], order: tuple[tuple[str, Direction], ...]) -> bool:
    if index.collection != collection or len(index.fields) != len(equal) + len(order):
        return False
    head, tail = index.fields[: len(equal)], index.fields[len(equal) :]
    return {field for field, _ in head} == equal and tail in (order, _backwards(order))


def _backwards(order: tuple[tuple[str, Direction], ...]) -> tuple[tuple[str, Direction], ...]:
    return tuple((field, "desc" if direction == "asc" else "asc") for field, direction in order)


def firestore_indexes_json(indexes: Iterable[Index] = INDEXES) -> dict[str, Any]:
    """What `firestore.indexes.json` must say."""
    expiring = [{"collectionGroup": name, "fieldPath": field, "ttl": True, "indexes": []} for name, field in EXPIRING]
    return {"indexes": [_composite(index) for index in indexes], "fieldOverrides": expiring}


def _composite(index: Index) -> dict[str, Any]:
    names = {"asc": "ASCENDING", "desc": "DESCENDING"}
    fields = [
        {"fieldPath": field, "arrayConfig": "CONTAINS"}
        if (index.collection, field) in ARRAYS
        else {"fieldPath": field, "order": names[direction]}
        for field, direction in index.fields
    ]
    return {"collectionGroup": index.collection, "queryScope": "COLLECTION", "fields": fields}

"""What every Store must find.  Runs on SQLite and on the official Firestore emulator."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest

from ohmyagent.domain.errors import Invalid
from ohmyagent.ports import Document, Query, Store, Where

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

VALUES: dict[str, Any] = {
    "a": None,
    "b": False,
    "c": True,
    "d": -1e300,
    "e": -(2**63),
    "f": -1,
    "g": 0,
    "h": 0.5,
    "i": 2,
    "j": 2.0,
    "k": 2**63 - 1,
    "l": 1e300,
    "m": datetime(1, 1, 1, tzinfo=UTC),
    "n": NOON,
    "o": NOON + timedelta(milliseconds=1),
    "p": datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
    "q": "",
    "r": "\x01",
    "s": "!",
    "t": '"',
    "u": "2026-11-20T12:00:00.000Z",
    "v": "A",
    "w": "a",
    "x": '{"$":"2026-11-20T12:00:00.000Z"}',
    "y": "é",
    "z": "한",
    "zz": "🙂",
}
"""By the id of its document, in Firestore's order of values; `i` and `j` are equal."""


def fill(store: Store, documents: dict[str, Document]) -> None:
    for id, data in documents.items():
        store.create(f"things/{id}", {"id": id, **data})


def found(store: Store, *where: Where, order: Any = (), limit: int = 100, collection: str = "things") -> str:
    """The ids, in order."""
    items = store.query(Query(collection, where, order, limit)).items
    return " ".join(item["id"] for item in items)


def pages(store: Store, query: Query) -> list[list[str]]:
    """The ids page by page."""
    got = []
    while True:
        page = store.query(query)
        got.append([item["id"] for item in page.items])
        if page.cursor is None:
            return got
        query = replace(query, after=page.cursor)


def test_a_collection_is_listed_by_id_and_without_its_subcollections(store: Store) -> None:
    fill(store, {id: {} for id in ("b", "a", "Z", "~", "10", "9")})
    store.create("things/a/parts/p1", {"id": "p1"})
    store.create("other/o1", {"id": "o1"})
    assert found(store) == "10 9 Z a b ~"
    assert found(store, collection="things/a/parts") == "p1"
    assert found(store, collection="things/b/parts") == ""
    assert found(store, collection="none") == ""


def test_values_are_ordered_by_type_and_then_by_value(store: Store) -> None:
    fill(store, {id: {"v": value} for id, value in VALUES.items()})
    ids = list(VALUES)
    assert found(store, order=(("v", "asc"),)) == " ".join(ids)
    assert found(store, order=(("v", "desc"),)) == " ".join(reversed(ids))


@pytest.mark.parametrize("op", ["<", "<=", ">", ">="])
def test_comparisons_match_values_of_the_same_type_only(store: Store, op: Any) -> None:
    fill(store, {id: {"v": value} for id, value in VALUES.items()})
    for pivot in ("b", "c", "d", "f", "h", "i", "j", "l", "m", "n", "p", "q", "s", "v", "zz"):
        ids = [id for id, value in VALUES.items() if compared(value, op, VALUES[pivot])]
        assert found(store, Where("v", op, VALUES[pivot])) == " ".join(ids), (op, pivot)


def compared(value: Any, op: str, with_: Any) -> bool:
    """Python's own comparison, of one type only."""
    if kind(value) != kind(with_):
        return False
    return bool({"<": value < with_, "<=": value <= with_, ">": value > with_, ">=": value >= with_}[op])


def kind(value: Any) -> str:
    return "number" if type(value) in (int, float) else type(value).__name__


def test_equality_is_strict_on_types_but_not_on_kinds_of_numbers(store: Store) -> None:
    fill(store, {id: {"v": value} for id, value in VALUES.items()})
    same = {"i": "i j", "j": "i j"}
    for id, value in VALUES.items():
        assert found(store, Where("v", "==", value)) == same.get(id, id), id


def test_true_is_not_one_and_false_is_not_zero(store: Store) -> None:
    fill(store, {"yes": {"v": True}, "one": {"v": 1}, "no": {"v": False}, "zero": {"v": 0}, "text": {"v": "1"}})
    assert found(store, Where("v", "==", True)) == "yes"
    assert found(store, Where("v", "==", 1)) == "one"
    assert found(store, Where("v", "==", 0)) == "zero"
    assert found(store, Where("v", "in", [False, 1])) == "no one"


def test_a_missing_field_never_matches_and_is_not_null(store: Store) -> None:
    fill(store, {"absent": {}, "null": {"v": None}, "one": {"v": 1}})
    assert found(store, Where("v", "==", None)) == "null"
    assert found(store, Where("v", "<", 2)) == "one"
    assert found(store, order=(("v", "asc"),)) == "null one"
    assert found(store, order=(("v", "desc"),)) == "one null"


def test_fields_within_maps_are_named_with_dots(store: Store) -> None:
    fill(
        store,
        {
            "a": {"lease": {"at": NOON, "by": {"name": "x"}}},
            "b": {"lease": {"at": NOON - timedelta(seconds=1)}},
            "c": {"lease": None},
            "d": {"lease": "x"},
            "e": {"lease": [{"at": NOON}]},
            "f": {},
        },
    )
    assert found(store, Where("lease.at", "<=", NOON), order=(("lease.at", "asc"),)) == "b a"
    assert found(store, Where("lease.by.name", "==", "x")) == "a"


def test_in_matches_any_of_up_to_thirty_values(store: Store) -> None:
    fill(store, {id: {"v": value, "n": n} for n, (id, value) in enumerate(VALUES.items())})
    assert found(store, Where("v", "in", [2, "a", NOON, True])) == "c i j n w"
    assert found(store, Where("v", "in", ["a", "a"])) == "w"
    assert found(store, Where("v", "in", ["é", "A", *(f"none{n}" for n in range(28))])) == "v y"
    assert found(store, Where("v", "in", ["é", "A"]), order=(("n", "desc"),)) == "y v"


def test_array_contains_finds_an_item_of_that_type(store: Store) -> None:
    fill(
        store,
        {
            "a": {"v": [1, "x", NOON, True]},
            "b": {"v": ["1", 1.0]},
            "c": {"v": []},
            "d": {"v": "x"},
            "e": {"v": {"x": "x"}},
            "f": {"m": {"v": ["x"]}},
            "g": {"v": [{"x": 1}, None, '{"$":"2026-11-20T12:00:00.000Z"}']},
        },
    )
    assert found(store, Where("v", "array_contains", "x")) == "a"
    assert found(store, Where("v", "array_contains", 1)) == "a b"
    assert found(store, Where("v", "array_contains", NOON)) == "a"
    assert found(store, Where("v", "array_contains", True)) == "a"
    assert found(store, Where("v", "array_contains", False)) == ""
    assert found(store, Where("m.v", "array_contains", "x")) == "f"


def test_conditions_are_all_required(store: Store) -> None:
    fill(
        store,
        {
            f"e{n}": {"userId": f"u{n % 2}", "status": "ok" if n % 3 else "failed", "createdAt": NOON + timedelta(n)}
            for n in range(12)
        },
    )
    mine = Where("userId", "==", "u1")
    newest = (("createdAt", "desc"),)
    assert found(store, mine, order=newest) == "e11 e9 e7 e5 e3 e1"
    assert found(store, mine, Where("status", "==", "failed"), order=newest) == "e9 e3"
    assert found(store, mine, Where("createdAt", "<", NOON + timedelta(6)), order=newest) == "e5 e3 e1"
    within = (Where("createdAt", ">=", NOON + timedelta(3)), Where("createdAt", "<", NOON + timedelta(9)))
    assert found(store, mine, *within) == "e3 e5 e7"


def test_equal_values_are_ordered_by_id_in_the_direction_of_the_last_field(store: Store) -> None:
    fill(store, {id: {"a": n // 2, "b": 1} for n, id in enumerate("tsrqpo")})
    assert found(store, order=(("b", "asc"),)) == "o p q r s t"
    assert found(store, order=(("b", "desc"),)) == "t s r q p o"
    assert found(store, order=(("a", "asc"), ("b", "desc"))) == "t s r q p o"
    assert found(store, order=(("a", "desc"), ("b", "asc"))) == "o p q r s t"


def test_an_inequality_alone_orders_by_its_field(store: Store) -> None:
    fill(store, {"a": {"v": 3}, "b": {"v": 1}, "c": {"v": 2}})
    assert found(store, Where("v", ">", 0)) == "b c a"


ORDERS: list[Any] = [
    (),
    (("v", "asc"),),
    (("v", "desc"),),
    (("w", "asc"), ("v", "asc")),
    (("w", "desc"), ("v", "desc")),
    (("w", "asc"), ("v", "desc")),
    (("w", "desc"), ("v", "asc")),
]


@pytest.mark.parametrize("order", ORDERS)
def test_pages_follow_each_other_without_gaps_or_repetitions(store: Store, order: Any) -> None:
    fill(store, {id: {"v": value, "w": n % 3} for n, (id, value) in enumerate(VALUES.items())})
    query = Query("things", order=order, limit=100)
    (whole,) = pages(store, query)
    assert len(whole) == len(VALUES)
    for limit in (1, 5, 9):
        split = pages(store, replace(query, limit=limit))
        assert list(chain.from_iterable(split)) == whole
        assert {len(page) for page in split[:-1]} <= {limit}
        assert split[-1]


def test_pages_of_a_filtered_list_follow_each_other(store: Store) -> None:
    fill(store, {f"e{n:02}": {"u": f"u{n % 2}", "at": NOON + timedelta(n % 5), "s": n % 4} for n in range(40)})
    for where in (
        (Where("u", "==", "u1"),),
        (Where("u", "in", ["u1", "u0"]), Where("s", "==", 2)),
        (Where("at", ">", NOON), Where("at", "<=", NOON + timedelta(3)), Where("u", "==", "u0")),
    ):
        query = Query("things", where, (("at", "desc"),), 100)
        (whole,) = pages(store, query)
        assert list(chain.from_iterable(pages(store, replace(query, limit=3)))) == whole
        assert len(whole) > 8


def test_a_page_that_holds_the_last_document_has_no_cursor(store: Store) -> None:
    fill(store, {"a": {}, "b": {}})
    assert store.query(Query("things", limit=1)).cursor is not None
    assert store.query(Query("things", limit=2)).cursor is None
    assert store.query(Query("none", limit=2)).cursor is None


def test_a_cursor_stands_where_it_was_when_documents_come_and_go(store: Store) -> None:
    fill(store, {id: {"v": 1} for id in "bdfh"})
    query = Query("things", order=(("v", "asc"),), limit=2)
    page = store.query(query)
    store.delete("things/d")
    fill(store, {"a": {"v": 1}, "e": {"v": 1}})
    assert pages(store, replace(query, after=page.cursor)) == [["e", "f"], ["h"]]


def test_a_cursor_is_url_safe_whatever_the_values(store: Store) -> None:
    fill(store, {"a": {"v": "한/+?&=\n🙂"}, "b": {"v": "한글"}})
    cursor = store.query(Query("things", order=(("v", "asc"),), limit=1)).cursor
    assert cursor is not None
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert [item["id"] for item in store.query(Query("things", order=(("v", "asc"),), limit=1, after=cursor)).items]


def test_a_cursor_of_another_query_is_refused(store: Store) -> None:
    fill(store, {"a": {"v": 1, "w": 1}, "b": {"v": 2, "w": 1}})
    query = Query("things", (Where("w", "==", 1),), (("v", "asc"),), 1)
    cursor = store.query(query).cursor
    assert store.query(replace(query, after=cursor, limit=50)).items
    for other in (
        replace(query, where=(Where("w", "==", 2),)),
        replace(query, order=(("v", "desc"),)),
        replace(query, order=()),
        replace(query, collection="other"),
    ):
        with pytest.raises(Invalid) as caught:
            store.query(replace(other, after=cursor))
        assert [error.field for error in caught.value.errors] == ["cursor"]


@pytest.mark.parametrize(
    "cursor", ["", "x", "한", "e30", "W10", "WzEsMiwzXQ", "bnVsbA", "\ud800", "A" * 5000, "W" * 9999]
)
def test_what_is_no_cursor_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(Invalid) as caught:
        store.query(Query("things", after=cursor))
    assert [error.field for error in caught.value.errors] == ["cursor"]


BAD_QUERIES: dict[str, tuple[str, Query]] = {
    "no collection": ("collection", Query("")),
    "a document's path": ("collection", Query("things/t1")),
    "a hostile collection": ("collection", Query("things'; DROP TABLE docs; --")),
    "limit 0": ("limit", Query("things", limit=0)),
    "a large limit": ("limit", Query("things", limit=1001)),
    "a hostile field": ("v') --", Query("things", (Where("v') --", "==", 1),))),
    "a hostile order": ("v desc; --", Query("things", order=(("v desc; --", "asc"),))),
    "an empty field": ("", Query("things", (Where("", "==", 1),))),
    "half a dotted field": ("a.", Query("things", (Where("a.", "==", 1),))),
    "an unknown operator": ("v", Query("things", (Where("v", "!=", 1),))),  # type: ignore[arg-type]
    "a null inequality": ("v", Query("things", (Where("v", "<", None),))),
    "a list": ("v", Query("things", (Where("v", "==", [1]),))),
    "a map": ("v", Query("things", (Where("v", "==", {}),))),
    "NUL": ("v", Query("things", (Where("v", "==", "a\0b"),))),
    "a lone surrogate": ("v", Query("things", (Where("v", "==", "\ud800"),))),
    "a naive moment": ("v", Query("things", (Where("v", ">", datetime(2026, 1, 1)),))),
    "infinity": ("v", Query("things", (Where("v", ">", float("inf")),))),
    "a huge number": ("v", Query("things", (Where("v", ">", 2**63),))),
    "in nothing": ("v", Query("things", (Where("v", "in", []),))),
    "in too much": ("v", Query("things", (Where("v", "in", list(range(31))),))),
    "in null": ("v", Query("things", (Where("v", "in", [None]),))),
    "in a text": ("v", Query("things", (Where("v", "in", "abc"),))),
    "contains null": ("v", Query("things", (Where("v", "array_contains", None),))),
    "contains twice": ("where", Query("things", (Where("v", "array_contains", 1), Where("w", "array_contains", 1)))),
    "too many combinations": ("where", Query("things", (Where("v", "in", [*range(6)]), Where("w", "in", [*range(6)])))),
    "inequalities on two fields": ("where", Query("things", (Where("v", ">", 1), Where("w", ">", 1)))),
    "inequality not first in order": ("order", Query("things", (Where("v", ">", 1),), (("w", "asc"), ("v", "asc")))),
    "a field twice in order": ("order", Query("things", order=(("v", "asc"), ("v", "desc")))),
    "an unknown direction": ("order", Query("things", order=(("v", "up"),))),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("case", BAD_QUERIES)
def test_a_query_that_no_target_can_answer_is_refused_by_field(store: Store, case: str) -> None:
    field, query = BAD_QUERIES[case]
    with pytest.raises(Invalid) as caught:
        store.query(query)
    assert [error.field for error in caught.value.errors] == [field]

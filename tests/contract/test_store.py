"""What every Store must do.  Runs on SQLite and on the official Firestore emulator."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest

from ohmyagent.domain.errors import AlreadyExists, Contention, Invalid, NotFound
from ohmyagent.ports import Document, Store, Transaction

NOON = datetime(2026, 11, 20, 12, 0, 0, 123000, tzinfo=UTC)


class Status(StrEnum):
    QUEUED = "queued"


EVERYTHING: Document = {
    "text": '한국어 🙂 "quoted" \\ \n',
    "empty": "",
    "yes": True,
    "no": False,
    "nothing": None,
    "integer": 42,
    "largest": 2**63 - 1,
    "smallest": -(2**63),
    "float": 0.1,
    "whole": 1.0,
    "moment": NOON,
    "early": datetime(1, 1, 1, tzinfo=UTC),
    "list": [1, "a", None, NOON, {"inner": [1]}],
    "map": {"moment": NOON, "deeper": {"flag": True}},
    "_private1": {},
    "items": [],
}


def test_a_document_comes_back_as_it_was_written(store: Store) -> None:
    store.create("things/t1", EVERYTHING)
    found = store.get("things/t1")
    assert found == EVERYTHING
    assert {name: type(value) for name, value in found.items()} == {n: type(v) for n, v in EVERYTHING.items()}


def test_moments_come_back_in_utc_and_cut_to_milliseconds(store: Store) -> None:
    seoul = timezone(timedelta(hours=9))
    store.create("things/t1", {"at": datetime(2026, 11, 20, 21, 0, 0, 999_999, tzinfo=seoul)})
    at = store.get("things/t1")["at"]
    assert (at, at.tzinfo) == (datetime(2026, 11, 20, 12, 0, 0, 999_000, tzinfo=UTC), UTC)


def test_a_text_that_looks_like_a_moment_stays_a_text(store: Store) -> None:
    store.create("things/t1", {"at": "2026-11-20T12:00:00.123Z"})
    assert store.get("things/t1")["at"] == "2026-11-20T12:00:00.123Z"


def test_tuples_and_enumerations_come_back_as_lists_and_texts(store: Store) -> None:
    store.create("things/t1", {"status": Status.QUEUED, "pair": (1, 2)})
    found = store.get("things/t1")
    assert found == {"status": "queued", "pair": [1, 2]}
    assert type(found["status"]) is str


def test_what_was_read_belongs_to_the_reader(store: Store) -> None:
    store.create("things/t1", {"list": [1]})
    store.get("things/t1")["list"].append(2)
    assert store.get("things/t1") == {"list": [1]}


def test_there_is_nothing_at_a_path_before_it_is_created(store: Store) -> None:
    assert store.find("things/t1") is None
    with pytest.raises(NotFound):
        store.get("things/t1")


def test_creating_what_exists_is_refused_and_changes_nothing(store: Store) -> None:
    store.create("things/t1", {"a": 1})
    with pytest.raises(AlreadyExists):
        store.create("things/t1", {"a": 2})
    assert store.get("things/t1") == {"a": 1}


def test_put_replaces_the_whole_document_whether_or_not_there_is_one(store: Store) -> None:
    store.put("things/t1", {"a": 1, "b": 1})
    store.put("things/t1", {"a": 2})
    assert store.get("things/t1") == {"a": 2}


def test_an_empty_document_is_a_document(store: Store) -> None:
    store.put("things/t1", {})
    assert store.find("things/t1") == {}


def test_update_replaces_top_level_fields_and_keeps_the_others(store: Store) -> None:
    store.create("things/t1", {"a": 1, "m": {"x": 1, "y": 2}, "at": NOON})
    store.update("things/t1", {"m": {"z": 3}, "n": None})
    assert store.get("things/t1") == {"a": 1, "m": {"z": 3}, "n": None, "at": NOON}


def test_updating_what_is_missing_is_refused(store: Store) -> None:
    with pytest.raises(NotFound):
        store.update("things/t1", {"a": 1})
    assert store.find("things/t1") is None


def test_deleting_is_no_error_whether_or_not_there_is_one(store: Store) -> None:
    store.create("things/t1", {"a": 1})
    store.delete("things/t1")
    store.delete("things/t1")
    assert store.find("things/t1") is None


def test_deleting_a_document_leaves_its_subcollections(store: Store) -> None:
    store.create("things/t1", {})
    store.create("things/t1/parts/p1", {"a": 1})
    store.delete("things/t1")
    assert store.get("things/t1/parts/p1") == {"a": 1}


@pytest.mark.parametrize("id", ["a", "A" * 128, "0", "-", "~", "_", "__x", "x__", "...", ".a", "a.b_c~d-e", "__"])
def test_ids_are_url_safe(store: Store, id: str) -> None:
    store.create(f"things/{id}", {"a": 1})
    assert store.get(f"things/{id}") == {"a": 1}


BAD_IDS = ["", ".", "..", "__x__", "____", "A" * 129, "a b", "a%2Fb", "é", "a\n", "a\0", "🙂", "a?", "a#", "a:b"]


@pytest.mark.parametrize("id", BAD_IDS)
@pytest.mark.parametrize("path", ["things/{}", "things/{}/parts/p1", "things/t1/parts/{}"])
def test_other_ids_are_refused_before_anything_happens(store: Store, path: str, id: str) -> None:
    for refused in (
        lambda: store.get(path.format(id)),
        lambda: store.find(path.format(id)),
        lambda: store.create(path.format(id), {}),
        lambda: store.put(path.format(id), {}),
        lambda: store.update(path.format(id), {"a": 1}),
        lambda: store.delete(path.format(id)),
        lambda: store.transact(lambda tx: tx.find(path.format(id))),
        lambda: store.transact(lambda tx: tx.put(path.format(id), {})),
    ):
        with pytest.raises(Invalid) as caught:
            refused()
        assert [error.field for error in caught.value.errors] == ["id"]


@pytest.mark.parametrize("path", ["", "things", "things/t1/parts", "a/b/c/d/e/f", "/things/t1", "things//t1", "1/t1"])
def test_other_paths_are_refused(store: Store, path: str) -> None:
    with pytest.raises(Invalid):
        store.find(path)


def deep(levels: int, leaf: Any = 1) -> Any:
    return {"m": deep(levels - 1, leaf)} if levels else leaf


BAD_VALUES = {
    "NUL": ("a", {"a": "x\0y"}),
    "lone surrogate": ("a", {"a": "\ud800"}),
    "naive moment": ("a", {"a": datetime(2026, 1, 1)}),
    "not a number": ("a", {"a": float("nan")}),
    "infinity": ("a", {"a": float("inf")}),
    "too large an integer": ("a", {"a": 2**63}),
    "too small an integer": ("a", {"a": -(2**63) - 1}),
    "too large a float": ("a", {"a": 1e301}),
    "bytes": ("a", {"a": b"x"}),
    "a set": ("a", {"a": {1}}),
    "a list within a list": ("a.1", {"a": [1, [2]]}),
    "within a list": ("a.1.b", {"a": [1, {"b": b"x"}]}),
    "within a map": ("a.b", {"a": {"b": float("nan")}}),
    "an empty name": ("", {"": 1}),
    "a dotted name": ("a.b", {"a.b": 1}),
    "a dashed name": ("a-b", {"a-b": 1}),
    "a name that begins with a digit": ("1a", {"1a": 1}),
    "a reserved name": ("__a__", {"__a__": 1}),
    "a name that is no text": ("1", {1: 1}),
    "a hostile name": ("a') OR 1=1 --", {"a') OR 1=1 --": 1}),
    "a bad name in a map": ("a.b c", {"a": {"b c": 1}}),
    "too deep": (".".join("m" * 21), deep(22)),
    "too deep in a list": (".".join(["m", "0", *"m" * 19]), {"m": [deep(20)]}),
    "too deep a list": (".".join("m" * 21), deep(21, [1])),
    "too large": ("document", {"a": "x" * 600_000, "b": "x" * 600_000}),
    "too large in characters of three bytes": ("document", {"a": "한" * 200_000, "b": "한" * 200_000}),
    "too long a text": ("a", {"a": "x" * 1_048_488}),
    "too many small numbers": ("document", {"a": [0] * 140_000}),
}


@pytest.mark.parametrize("case", BAD_VALUES)
def test_what_no_document_can_hold_is_refused_by_field_and_nothing_is_written(store: Store, case: str) -> None:
    field, data = BAD_VALUES[case]
    store.create("things/t1", {"a": 1})
    for refused in (
        lambda: store.create("things/t2", data),
        lambda: store.put("things/t2", data),
        lambda: store.update("things/t1", data),
        lambda: store.transact(lambda tx: (tx.put("things/t3", {}), tx.put("things/t2", data))),
    ):
        with pytest.raises(Invalid) as caught:
            refused()
        assert [error.field for error in caught.value.errors] == [field]
    assert store.get("things/t1") == {"a": 1}
    assert store.find("things/t2") is store.find("things/t3") is None


def test_the_deepest_and_the_largest_document_fit(store: Store) -> None:
    store.create("things/deep", deep(21))
    store.create("things/list", deep(20, [1]))
    large = {"a": "x" * 1_000_000, "b": "한" * 16_000}
    store.create("things/large", large)
    assert store.get("things/deep") == deep(21)
    longest = {"a": "x" * 1_048_487}
    store.create("things/longest", longest)
    assert store.get("things/longest") == longest
    assert store.get("things/large") == large


def test_an_update_that_makes_a_document_too_large_is_refused(store: Store) -> None:
    store.create("things/t1", {"a": "x" * 600_000})
    with pytest.raises(Invalid) as caught:
        store.update("things/t1", {"b": "x" * 600_000})
    assert [error.field for error in caught.value.errors] == ["document"]
    assert "b" not in store.get("things/t1")


def test_an_update_of_nothing_is_refused(store: Store) -> None:
    store.create("things/t1", {"a": 1})
    with pytest.raises(Invalid):
        store.update("things/t1", {})
    with pytest.raises(Invalid):
        store.transact(lambda tx: tx.update("things/t1", {}))


# Transactions


def test_of_many_writers_that_read_the_same_version_one_wins(store: Store) -> None:
    store.create("executions/e1", {"status": "queued"})

    def claim(_: int) -> bool:
        def work(tx: Transaction) -> bool:
            if tx.get("executions/e1")["status"] != "queued":
                return False
            tx.update("executions/e1", {"status": "running"})
            return True

        return store.transact(work)

    with ThreadPoolExecutor(8) as runners:
        assert sum(runners.map(claim, range(8))) == 1


def test_increments_of_many_threads_all_count(store: Store) -> None:
    store.create("counters/c1", {"n": 0})

    def add(_: int) -> None:
        store.transact(lambda tx: tx.update("counters/c1", {"n": tx.get("counters/c1")["n"] + 1}))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add, range(20)))
    assert store.get("counters/c1") == {"n": 20}


def test_of_many_threads_that_find_nothing_one_creates(store: Store) -> None:
    def claim(number: int) -> bool:
        def work(tx: Transaction) -> bool:
            if tx.find("executions/e1") is not None:
                return False
            tx.create("executions/e1", {"by": number})
            return True

        return store.transact(work)

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(claim, range(8)))
    assert sum(won) == 1
    assert store.get("executions/e1") == {"by": won.index(True)}


def test_what_a_transaction_wrote_appears_together(store: Store) -> None:
    store.create("things/t1", {"a": 1})
    store.create("things/t2", {"a": 1})

    def work(tx: Transaction) -> str:
        tx.get("things/t1")
        tx.put("things/t1", {"a": 2})
        tx.delete("things/t2")
        tx.create("things/t3", {"a": 3})
        return "done"

    assert store.transact(work) == "done"
    assert [store.find(f"things/t{n}") for n in (1, 2, 3)] == [{"a": 2}, None, {"a": 3}]


def test_what_work_raises_passes_through_and_nothing_is_written(store: Store) -> None:
    def work(tx: Transaction) -> None:
        tx.put("things/t1", {})
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        store.transact(work)
    assert store.find("things/t1") is None


def test_of_a_refused_transaction_nothing_is_written(store: Store) -> None:
    store.create("things/t2", {"a": 1})

    def creating(tx: Transaction) -> None:
        tx.put("things/t1", {})
        tx.create("things/t2", {"a": 2})

    def updating(tx: Transaction) -> None:
        tx.put("things/t1", {})
        tx.update("things/t3", {"a": 2})

    with pytest.raises(AlreadyExists):
        store.transact(creating)
    with pytest.raises(NotFound):
        store.transact(updating)
    assert [store.find(f"things/t{n}") for n in (1, 2, 3)] == [None, {"a": 1}, None]


def test_refusals_are_the_same_after_reading(store: Store) -> None:
    store.create("things/t1", {})
    with pytest.raises(AlreadyExists):
        store.transact(lambda tx: (tx.get("things/t1"), tx.create("things/t1", {})))
    with pytest.raises(NotFound):
        store.transact(lambda tx: (tx.find("things/t2"), tx.update("things/t2", {"a": 1})))
    with pytest.raises(NotFound):
        store.transact(lambda tx: tx.get("things/t2"))


def disturbed(store: Store, work: Any, disturb: Any, times: int = 1) -> tuple[Any, int]:
    """Run `work`, with `disturb` after its reads the first `times`; returns its result and how often it ran."""
    runs = 0

    def wrapped(tx: Transaction) -> Any:
        nonlocal runs
        runs += 1
        return work(tx, lambda: disturb() if runs <= times else None)

    return store.transact(wrapped), runs


def test_a_transaction_whose_document_has_changed_runs_again(store: Store) -> None:
    store.create("things/t1", {"n": 1})

    def work(tx: Transaction, disturb: Any) -> int:
        n: int = tx.get("things/t1")["n"]
        disturb()
        tx.put("things/t1", {"n": n + 1})
        return n

    assert disturbed(store, work, lambda: store.put("things/t1", {"n": 10})) == (10, 2)
    assert store.get("things/t1") == {"n": 11}


def test_a_transaction_whose_read_only_document_has_changed_runs_again(store: Store) -> None:
    store.create("things/t1", {"n": 1})

    def work(tx: Transaction, disturb: Any) -> None:
        n = tx.get("things/t1")["n"]
        disturb()
        tx.put("things/t2", {"n": n})

    assert disturbed(store, work, lambda: store.put("things/t1", {"n": 10})) == (None, 2)
    assert store.get("things/t2") == {"n": 10}
    assert store.get("things/t1") == {"n": 10}


def test_what_was_only_glanced_at_may_change_before_the_commit(store: Store) -> None:
    store.create("things/t1", {"n": 1})
    store.create("things/t3", {"n": 1})

    def work(tx: Transaction, disturb: Any) -> tuple[Document | None, Document | None]:
        tx.get("things/t3")
        seen = tx.glance("things/t1"), tx.glance("things/t2")
        disturb()
        tx.put("things/t3", {"n": 2})
        return seen

    def disturb() -> None:
        store.put("things/t1", {"n": 10})
        store.create("things/t2", {})

    assert disturbed(store, work, disturb) == (({"n": 1}, None), 1)
    assert [store.get(f"things/t{n}") for n in (1, 2, 3)] == [{"n": 10}, {}, {"n": 2}]


@pytest.mark.parametrize("glance_first", [True, False])
def test_what_was_glanced_at_and_read_is_checked(store: Store, glance_first: bool) -> None:
    store.create("things/t1", {"n": 1})

    def work(tx: Transaction, disturb: Any) -> None:
        looks = [tx.glance, tx.find] if glance_first else [tx.find, tx.glance]
        seen = [look("things/t1") for look in looks]
        disturb()
        tx.put("things/t1", {"seen": [(document or {})["n"] for document in seen]})

    assert disturbed(store, work, lambda: store.put("things/t1", {"n": 10})) == (None, 2)
    assert store.get("things/t1") == {"seen": [10, 10]}


def test_writing_after_a_mere_glance_or_glancing_after_a_write_is_a_mistake_of_the_code(store: Store) -> None:
    with pytest.raises(RuntimeError, match="glanced"):
        store.transact(lambda tx: (tx.glance("things/t1"), tx.put("things/t1", {})))
    with pytest.raises(RuntimeError, match="after a write"):
        store.transact(lambda tx: (tx.put("things/t1", {}), tx.glance("things/t2")))
    with pytest.raises(Invalid):
        store.transact(lambda tx: tx.glance("things/__t__"))
    assert store.find("things/t1") is None


def test_a_transaction_that_found_nothing_runs_again_when_there_is_something(store: Store) -> None:
    def work(tx: Transaction, disturb: Any) -> bool:
        found = tx.find("things/t1") is not None
        disturb()
        tx.put("things/t2", {"found": found})
        return found

    assert disturbed(store, work, lambda: store.create("things/t1", {})) == (True, 2)


def test_a_transaction_that_found_something_runs_again_when_it_is_gone(store: Store) -> None:
    store.create("things/t1", {})

    def work(tx: Transaction, disturb: Any) -> bool:
        found = tx.find("things/t1") is not None
        disturb()
        tx.delete("things/t1")
        tx.put("things/t2", {})
        return found

    assert disturbed(store, work, lambda: store.delete("things/t1")) == (False, 2)


def test_a_document_that_was_deleted_and_written_again_has_changed(store: Store) -> None:
    store.create("things/t1", {"n": 1})

    def work(tx: Transaction, disturb: Any) -> None:
        tx.get("things/t1")
        disturb()
        tx.update("things/t1", {"seen": True})

    def again() -> None:
        store.delete("things/t1")
        store.create("things/t1", {"n": 1})

    assert disturbed(store, work, again) == (None, 2)


def test_a_transaction_that_is_always_outrun_gives_up(store: Store) -> None:
    store.create("things/t1", {"n": 0})
    others = iter(range(1, 1000))

    def work(tx: Transaction, disturb: Any) -> None:
        tx.get("things/t1")
        disturb()
        tx.update("things/t1", {"mine": True})

    with pytest.raises(Contention):
        disturbed(store, work, lambda: store.update("things/t1", {"n": next(others)}), times=1000)
    assert store.get("things/t1") == {"n": next(others) - 1}


def test_reading_after_writing_is_a_mistake_of_the_code(store: Store) -> None:
    with pytest.raises(RuntimeError, match="after a write"):
        store.transact(lambda tx: (tx.put("things/t1", {}), tx.find("things/t2")))
    with pytest.raises(RuntimeError, match="after a write"):
        store.transact(lambda tx: (tx.put("things/t1", {}), tx.get("things/t1")))
    assert store.find("things/t1") is None


def test_writing_a_document_twice_is_a_mistake_of_the_code(store: Store) -> None:
    with pytest.raises(RuntimeError, match="twice"):
        store.transact(lambda tx: (tx.put("things/t1", {}), tx.put("things/t1", {})))


# Watching


def test_a_watcher_is_woken_for_each_kind_of_change_in_its_collection_only(store: Store) -> None:
    store.create("things/old", {})
    woken: list[str] = []
    seen = threading.Condition()

    def wake(path: str) -> None:
        with seen:
            woken.append(path)
            seen.notify()

    def wait_for(path: str) -> None:
        with seen:
            assert seen.wait_for(lambda: path in woken, 5), f"{path} not in {woken}"

    stop = store.watch("things", wake)
    try:
        store.create("other/o1", {})
        store.create("things/t1/parts/p1", {})
        store.create("things/t1", {"a": 1})
        wait_for("things/t1")
        store.delete("things/old")
        wait_for("things/old")
        store.transact(lambda tx: tx.create("things/t2", {}))
        wait_for("things/t2")
        with seen:
            woken.clear()
        store.update("things/t1", {"a": 2})
        wait_for("things/t1")
        assert {path for path in woken if not path.startswith("things/")} == set()
        assert "things/t1/parts/p1" not in woken
    finally:
        stop()


def test_a_stopped_watcher_is_left_in_peace(store: Store) -> None:
    woken: list[str] = []
    other = threading.Event()
    store.watch("things", woken.append)()
    stop = store.watch("things", lambda path: other.set())
    try:
        store.create("things/t1", {})
        assert other.wait(60)
        assert woken == []
    finally:
        stop()

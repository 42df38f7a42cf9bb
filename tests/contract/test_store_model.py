"""Both stores go through the same random operations and must answer alike, down to the cursors."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.domain.errors import Invalid, Problem
from ohmyagent.ports import Document, Query, Store, Transaction, Where
from ohmyagent.records.indexes import Index

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

MOMENTS = st.sampled_from(
    [NOON, NOON + timedelta(milliseconds=1), NOON + timedelta(microseconds=1), NOON - timedelta(9)]
)
NUMBERS = st.sampled_from([0, 1, -1, 2, 2**53 + 1, 2**63 - 1, -(2**63), 0.0, -0.0, 1.0, 0.25, -2.5, 2.0**53, 1e300])
TEXTS = st.sampled_from(
    ["", "a", "A", "aa", "é", "한", "🙂", "\x01", "1", "null", "2026-11-20T12:00:00.000Z", "a\n\"'"]
)
COMPARED = st.one_of(st.booleans(), NUMBERS, TEXTS, MOMENTS)
SCALARS = st.one_of(st.none(), COMPARED)
REFUSED = st.sampled_from([float("nan"), 2**63, "\0", b"", datetime(2026, 1, 1), [[1]], {"a-b": 1}])
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "a": SCALARS,
        "b": SCALARS,
        "l": st.one_of(SCALARS, st.lists(st.one_of(SCALARS, st.fixed_dictionaries({"x": SCALARS})), max_size=3)),
        "m": st.one_of(SCALARS, st.fixed_dictionaries({}, optional={"x": SCALARS, "y": st.lists(SCALARS, max_size=2)})),
        "c": st.one_of(SCALARS, SCALARS, SCALARS, REFUSED),
    },
)
IDS = st.sampled_from(["a", "b", "B", "~", "10", "9", "a.b", "-", "__x", "a", "b", "__x__"])
COLLECTIONS = st.sampled_from(["things", "parts"])
FIELDS = st.sampled_from(["a", "b", "m.x"])
EQUALS = st.one_of(
    st.builds(Where, FIELDS, st.just("=="), SCALARS),
    st.builds(Where, FIELDS, st.just("in"), st.lists(COMPARED, min_size=1, max_size=4)),
    st.builds(Where, st.sampled_from(["l", "m.y", "a"]), st.just("array_contains"), COMPARED),
)
DIRECTIONS = st.sampled_from(["asc", "desc"])
UPDATE = st.tuples(st.sampled_from(["create", "put", "update", "delete"]), COLLECTIONS, IDS, DOCUMENTS)

LOOKS = st.lists(st.tuples(st.booleans(), COLLECTIONS, IDS), min_size=1, max_size=3)
"""At documents; whether it is only a glance, and which."""


@st.composite
def queries(draw: st.DrawFn) -> Query:
    """Mostly such as every target can answer."""
    equal = tuple(draw(st.lists(EQUALS, max_size=2)))
    ordered = draw(st.lists(st.tuples(FIELDS, DIRECTIONS), max_size=2, unique_by=lambda item: item[0]))
    unequal: tuple[Where, ...] = ()
    if draw(st.booleans()):
        field = ordered[0][0] if ordered else draw(FIELDS)
        bounds = st.builds(Where, st.just(field), st.sampled_from(["<", "<=", ">", ">="]), COMPARED)
        unequal = tuple(draw(st.lists(bounds, min_size=1, max_size=2)))
    return Query(draw(COLLECTIONS), equal + unequal, tuple(ordered), draw(st.sampled_from([1, 2, 3, 50])))


Outcome = tuple[str, Any]


def outcome(call: Callable[[], Any]) -> Outcome:
    """What came of it: a result, or the refusal and the fields it names."""
    try:
        return "gave", call()
    except Invalid as problem:
        return "Invalid", [error.field for error in problem.errors]
    except Problem as problem:
        return type(problem).__name__, None


def machine(stores: tuple[Store, Store]) -> type[RuleBasedStateMachine]:
    class BothStores(RuleBasedStateMachine):
        @initialize()
        def start(self) -> None:
            # A database for all examples, and collections of their own for each.
            self.own = f"boxes/{uuid4().hex}/"
            self.cursor: tuple[Query, str] | None = None

        def both(self, call: Callable[[Store], Any]) -> Any:
            one, other = (outcome(lambda store=store: call(store)) for store in stores)
            assert one == other
            assert typed(one) == typed(other)
            return one

        @rule(write=UPDATE)
        def write(self, write: Any) -> None:
            self.both(lambda store: apply(store, self.own, write))

        @rule(collection=COLLECTIONS, id=IDS)
        def read(self, collection: str, id: str) -> None:
            self.both(lambda store: store.find(f"{self.own}{collection}/{id}"))
            self.both(lambda store: store.get(f"{self.own}{collection}/{id}"))

        @rule(reads=st.lists(st.tuples(COLLECTIONS, IDS), max_size=2), writes=st.lists(UPDATE, max_size=3))
        def transact(self, reads: Any, writes: Any) -> None:
            def work(tx: Transaction) -> list[Document | None]:
                found = [tx.find(f"{self.own}{collection}/{id}") for collection, id in reads]
                for write in writes:
                    apply(tx, self.own, write)
                return found

            if len({(collection, id) for _, collection, id, _ in writes}) == len(writes):
                self.both(lambda store: store.transact(work))

        @rule(reads=st.lists(st.tuples(COLLECTIONS, IDS), min_size=1, max_size=2), first=UPDATE, write=UPDATE)
        def transact_while_another_writes(self, reads: Any, first: Any, write: Any) -> None:
            def interrupted(store: Store) -> Any:
                runs = 0

                def work(tx: Transaction) -> list[Document | None]:
                    nonlocal runs
                    runs += 1
                    found = [tx.find(f"{self.own}{collection}/{id}") for collection, id in reads]
                    if runs == 1:
                        outcome(lambda: apply(store, self.own, first))
                    apply(tx, self.own, write)
                    return found

                return outcome(lambda: store.transact(work)), runs

            self.both(interrupted)

        @rule(
            looks=st.lists(st.tuples(st.booleans(), COLLECTIONS, IDS), min_size=1, max_size=3),
            first=UPDATE,
            write=UPDATE,
        )
        def glance_while_another_writes(self, looks: Any, first: Any, write: Any) -> None:
            def interrupted(store: Store) -> Any:
                runs = 0

                def work(tx: Transaction) -> list[Document | None]:
                    nonlocal runs
                    runs += 1
                    paths = [(tx.glance if hasty else tx.find, f"{self.own}{c}/{id}") for hasty, c, id in looks]
                    found = [look(path) for look, path in paths]
                    if runs == 1:
                        outcome(lambda: apply(store, self.own, first))
                    apply(tx, self.own, write)
                    return found

                return outcome(lambda: store.transact(work)), runs

            checked = {(c, id) for hasty, c, id in looks if not hasty}
            if write[1:3] in checked or write[1:3] not in {(c, id) for _, c, id in looks}:
                self.both(interrupted)

        @rule(query=queries())
        def query(self, query: Query) -> None:
            query = replace(query, collection=self.own + query.collection)
            self.turn(query)

        @precondition(lambda self: self.cursor)
        @rule(limit=st.sampled_from([1, 2, 50]))
        def next_page(self, limit: int) -> None:
            assert self.cursor is not None
            query = replace(self.cursor[0], limit=limit, after=self.cursor[1])
            self.turn(query)

        def turn(self, query: Query) -> None:
            kind, found = self.both(lambda store: page_of(store, query))
            self.cursor = (query, found[1]) if kind == "gave" and found[1] else None

    return BothStores


def page_of(store: Store, query: Query) -> tuple[list[Document], str | None]:
    page = store.query(query)
    return page.items, page.cursor


def typed(value: Any) -> Any:
    """The value with the types in it, as 1 == 1.0 == True."""
    if isinstance(value, list | tuple):
        return [typed(item) for item in value]
    if isinstance(value, dict):
        return {name: typed(item) for name, item in value.items()}
    return type(value), value


def apply(target: Any, own: str, write: Any) -> None:
    kind, collection, id, data = write
    path = f"{own}{collection}/{id}"
    if kind == "delete":
        target.delete(path)
    else:
        getattr(target, kind)(path, data)


INDEXES = (
    Index("things", (("a", "asc"), ("b", "desc"))),
    Index("parts", (("m.x", "asc"), ("a", "asc"))),
)


def run(firestore: Callable[[], Store], folder: Path, examples: int, steps: int, *phases: Phase) -> None:
    local = SqliteStore(folder / "oma.db", indexes=INDEXES)
    checks = settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=not phases,
        phases=(Phase.generate, *phases),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    run_state_machine_as_test(machine((local, firestore())), settings=checks)
    local.close()


@pytest.mark.emulator
def test_both_stores_answer_alike(firestore: Callable[[], Store], tmp_path: Path) -> None:
    run(firestore, tmp_path, 40, 30)


@pytest.mark.emulator
@pytest.mark.long
@pytest.mark.timeout(1200)
def test_both_stores_answer_alike_for_long(firestore: Callable[[], Store], tmp_path: Path) -> None:
    run(firestore, tmp_path, 600, 60, Phase.shrink)

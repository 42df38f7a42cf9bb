"""What each commit wrote, seen below all faults: a commit whose reply is lost is a commit."""

from collections.abc import Callable
from typing import TypeVar

from ohmyagent.ports import Document, Page, Query, Store, Transaction, Where

T = TypeVar("T")
Writes = dict[str, Document | None]
"""By path; None was deleted."""


class WitnessedStore:
    """A Store that tells `seen` of everything that was committed, a transaction at a time."""

    def __init__(self, store: Store, seen: Callable[[Writes], None]) -> None:
        self._store, self._seen = store, seen

    def get(self, path: str) -> Document:
        return self._store.get(path)

    def find(self, path: str) -> Document | None:
        return self._store.find(path)

    def query(self, query: Query) -> Page:
        return self._store.query(query)

    def create(self, path: str, data: Document) -> None:
        self._store.create(path, data)
        self._seen({path: data})

    def put(self, path: str, data: Document) -> None:
        self._store.put(path, data)
        self._seen({path: data})

    def update(self, path: str, fields: Document) -> None:
        self._store.update(path, fields)
        self._seen({path: self._store.get(path)})

    def delete(self, path: str) -> None:
        self._store.delete(path)
        self._seen({path: None})

    def transact(self, work: Callable[[Transaction], T]) -> T:
        writes: Writes = {}

        def noted(tx: Transaction) -> T:
            writes.clear()
            return work(_Noting(tx, writes))

        result = self._store.transact(noted)
        if writes:
            self._seen(writes)
        return result

    def watch(self, collection: str, wake: Callable[[str], None], where: Where | None = None) -> Callable[[], None]:
        return self._store.watch(collection, wake, where)


class _Noting:
    def __init__(self, tx: Transaction, writes: Writes) -> None:
        self._tx, self._writes = tx, writes

    def get(self, path: str) -> Document:
        return self._tx.get(path)

    def find(self, path: str) -> Document | None:
        return self._tx.find(path)

    def glance(self, path: str) -> Document | None:
        return self._tx.glance(path)

    def create(self, path: str, data: Document) -> None:
        self._tx.create(path, data)
        self._writes[path] = data

    def put(self, path: str, data: Document) -> None:
        self._tx.put(path, data)
        self._writes[path] = data

    def update(self, path: str, fields: Document) -> None:
        self._tx.update(path, fields)
        self._writes[path] = (self._writes.get(path) or self._tx.get(path)) | fields

    def delete(self, path: str) -> None:
        self._tx.delete(path)
        self._writes[path] = None

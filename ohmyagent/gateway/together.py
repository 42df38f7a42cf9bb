"""Several pieces of work in one transaction, each as if it were alone."""

from collections.abc import Sequence
from typing import Any

from ohmyagent.domain.errors import AlreadyExists, NotFound
from ohmyagent.ports import Document, Store, Transaction
from ohmyagent.use_cases.metering import Work

_GONE = None
Writes = dict[str, Document | None]
"""What is to be written by path; None is to be deleted."""


def together(store: Store, works: Sequence[Work[Any]]) -> list[Any]:
    """The result of each work, in order, or what it raised; all that succeeded is committed in one go.

    Each sees what the ones before it wrote.  One that raises, whatever it is, writes nothing and hurts none of the
    others: they belong to different users.  If the commit itself fails, all of them have failed with that.
    """

    def work(tx: Transaction) -> list[Any]:
        written: Writes = {}
        results = [_one(_Overlay(tx, written), single) for single in works]
        for path, document in written.items():
            tx.delete(path) if document is _GONE else tx.put(path, document)
        return results

    try:
        return store.transact(work)
    except Exception as error:
        return [error] * len(works)


def _one(tx: "_Overlay", work: Work[Any]) -> Any:
    try:
        result = work(tx)
    except Exception as error:
        return error
    tx.keep()
    return result


class _Overlay:
    """A transaction on top of one: reads see the writes kept so far, own writes are kept at the end or never."""

    def __init__(self, tx: Transaction, written: Writes) -> None:
        self._tx = tx
        self._written = written
        self._own: Writes = {}

    def keep(self) -> None:
        self._written.update(self._own)

    def find(self, path: str) -> Document | None:
        return self._written[path] if path in self._written else self._tx.find(path)

    def glance(self, path: str) -> Document | None:
        return self._written[path] if path in self._written else self._tx.glance(path)

    def get(self, path: str) -> Document:
        found = self.find(path)
        if found is None:
            raise NotFound
        return found

    def create(self, path: str, data: Document) -> None:
        if self.find(path) is not None:
            raise AlreadyExists
        self._own[path] = data

    def put(self, path: str, data: Document) -> None:
        self._own[path] = data

    def update(self, path: str, fields: Document) -> None:
        self._own[path] = self.get(path) | fields

    def delete(self, path: str) -> None:
        self._own[path] = None

"""What one transaction has read and will write, before any target commits it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ohmyagent.adapters.values import check_document, check_update, key_of
from ohmyagent.domain.errors import AlreadyExists, NotFound
from ohmyagent.ports import Document


@dataclass(frozen=True)
class Write:
    kind: Literal["create", "put", "update", "delete"]
    data: Document


def refused(path: str, write: Write, exists: bool) -> None:
    """Raises AlreadyExists or NotFound if the write cannot be done."""
    if write.kind == "create" and exists:
        raise AlreadyExists(f"{path} exists already.")
    if write.kind == "update" and not exists:
        raise NotFound(f"There is no {path}.")


class Collected:
    """A `Transaction` that remembers; `load` gives a document and its version, each None when there is none.

    Each document is written at most once and not after a mere glance, and reads come before writes: RuntimeError
    otherwise, as the code is wrong.
    """

    def __init__(self, load: Callable[[str], tuple[Document | None, Any]]) -> None:
        self._load = load
        self.read: dict[str, Any] = {}
        self.glanced: set[str] = set()
        self.writes: dict[str, Write] = {}

    def get(self, path: str) -> Document:
        found = self.find(path)
        if found is None:
            raise NotFound(f"There is no {path}.")
        return found

    def find(self, path: str) -> Document | None:
        if self.writes:
            raise RuntimeError(f"{path} is read after a write")
        data, version = self._load(path)
        self.read.setdefault(path, version)
        return data

    def glance(self, path: str) -> Document | None:
        if self.writes:
            raise RuntimeError(f"{path} is read after a write")
        self.glanced.add(path)
        return self._load(path)[0]

    def create(self, path: str, data: Document) -> None:
        self._write(path, Write("create", data))

    def put(self, path: str, data: Document) -> None:
        self._write(path, Write("put", data))

    def update(self, path: str, fields: Document) -> None:
        check_update(fields)
        self._write(path, Write("update", fields))

    def delete(self, path: str) -> None:
        self._write(path, Write("delete", {}))

    def _write(self, path: str, write: Write) -> None:
        key_of(path)
        check_document(path, write.data)
        if path in self.writes:
            raise RuntimeError(f"{path} is written twice")
        if path in self.glanced and path not in self.read:
            raise RuntimeError(f"{path} was only glanced at and is written")
        if path in self.read:
            refused(path, write, exists=self.read[path] is not None)
        self.writes[path] = write

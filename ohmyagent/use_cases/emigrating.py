"""Everything of one platform onto another, and the proof that it arrived."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ohmyagent import records
from ohmyagent.domain.deliveries import WebhookSecret
from ohmyagent.domain.errors import Conflict
from ohmyagent.domain.executions import OWNED
from ohmyagent.domain.hooks import hook_context
from ohmyagent.domain.secrets import Secret
from ohmyagent.ports import Document, Files, Store, Vault

CONTEXTS: dict[str, Callable[[Document], str]] = {
    "secrets": lambda data: Secret.of(data).context,
    "hooks": lambda data: hook_context(data["userId"], data["agentId"], data["id"]),
    "webhookSecrets": lambda data: WebhookSecret.of(data).context,
}
"""By the collections that hold sealed values: what those are bound to."""
SEALED = ("sealed", "previous")


class Place(Protocol):
    """A platform's parts that keep something."""

    @property
    def store(self) -> Store: ...
    @property
    def files(self) -> Files: ...
    @property
    def vault(self) -> Vault: ...


@dataclass(frozen=True)
class Moved:
    """How many documents of each collection and how many files arrived, and one checksum over all of them."""

    documents: dict[str, int]
    files: int
    checksum: str


def emigrate(old: Place, new: Place, paths: Iterable[str], keys: Iterable[str]) -> Moved:
    """Copy the documents and files named, sealing secrets anew, then read all of it again and compare.

    Repeating it is harmless.  Raises Conflict while a run goes on, or when what arrived is not what was sent.
    """
    documents, bodies = sorted(paths), sorted(keys)
    for path in documents:
        if path.startswith("executions/") and old.store.get(path).get("status") in OWNED:
            raise Conflict(
                "A run goes on; wait until it has ended.", korean="실행 중인 작업이 있습니다. 끝난 뒤에 해 주세요."
            )
    for path in documents:
        data = old.store.get(path)
        new.store.put(path, _resealed(path, data, lambda text, context: _moved(old, new, text, context)))
    for key in bodies:
        new.files.write(key, old.files.read(key))
    sent, arrived = _checksum(old, documents, bodies), _checksum(new, documents, bodies)
    if sent != arrived:
        raise Conflict("What arrived is not what was sent.", korean="옮겨진 내용이 원본과 다릅니다.")
    return Moved(dict(Counter(_collection(path) for path in documents)), len(bodies), arrived)


def _collection(path: str) -> str:
    return path.split("/")[-2]


def _moved(old: Place, new: Place, sealed: str, context: str) -> str:
    return new.vault.seal(old.vault.unseal(sealed, context), context)


def _resealed(path: str, data: Document, seal: Callable[[str, str], str]) -> Document:
    context_of = CONTEXTS.get(_collection(path))
    if context_of is None:
        return data
    context = context_of(data)

    def fresh(value: Any, name: str) -> Any:
        if isinstance(value, dict):
            return {inner: fresh(found, inner) for inner, found in value.items()}
        return seal(value, context) if name in SEALED and isinstance(value, str) else value

    return {name: fresh(value, name) for name, value in data.items()}


def _checksum(place: Place, paths: list[str], keys: list[str]) -> str:
    """Over paths, documents with their secrets in the clear, and files."""
    digest = hashlib.sha256()
    for line in _lines(place, paths, keys):
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def _lines(place: Place, paths: list[str], keys: list[str]) -> Iterator[str]:
    for path in paths:
        data = _resealed(path, place.store.get(path), place.vault.unseal)
        yield f"{path} {json.dumps(data, sort_keys=True, ensure_ascii=False, default=_instant)}"
    for key in keys:
        yield f"{key} {hashlib.sha256(place.files.read(key)).hexdigest()}"


def _instant(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    raise TypeError(type(value).__name__)


def empty(store: Store) -> bool:
    """Whether nobody has an account there."""
    return not records.users.page(store, limit=1)[0]

"""A guest's work becomes the account's: everything with the guest's name on it, however often this is begun."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from ohmyagent import records
from ohmyagent.domain.agents import Agent
from ohmyagent.domain.errors import Problem
from ohmyagent.domain.executions import Execution, StoredFile
from ohmyagent.domain.hooks import hook_context
from ohmyagent.domain.moves import Move
from ohmyagent.domain.signatures import Keys
from ohmyagent.domain.talks import Talk
from ohmyagent.domain.uploads import Upload
from ohmyagent.domain.usage import Month, month_id
from ohmyagent.domain.workspaces import Workspace
from ohmyagent.ports import Files, Store, Transaction, Vault, Where
from ohmyagent.use_cases import keeping, shelving, uploading
from ohmyagent.use_cases.shelving import Hold

log = structlog.get_logger()

MOST_AT_ONCE = 400
"""Documents of one transaction: a guest has fewer, as a rule, so that the whole move is one instant."""
ROUNDS = 5
MONEY = (records.months, records.days, records.ledgers, records.executions, records.turns, records.conversations)
"""These go together and first: who ends a run under way finds it, its ledger and its month with one user."""
REST = (
    records.inputs, records.agent_versions, records.deliveries, records.outbox, records.talks, records.uploads,
    records.drafts, records.workspaces, records.webhook_secrets, records.hooks, records.agents,
    records.feedback, records.audit,
)  # fmt: skip
LEFT = (records.api_keys, records.sessions, records.signin_codes, records.tickets, records.slugs, records.shelves)
"""What ends with the guest.  A test holds these lists equal to what an erasure looks for."""
Write = Callable[[Transaction], None]


@dataclass(frozen=True)
class Place:
    """A document of the guest's."""

    collection: records.Collection[Any]
    id: str


def begin(store: Store, files: Files, vault: Vault, move: Move, now: datetime) -> None:
    """Carry it out now if that is possible; if not, `resume` does, for somebody has signed in already."""
    try:
        carry_out(store, files, vault, move, now)
    except (Problem, OSError) as error:
        log.warning("a move is put off", guest=move.id, error=type(error).__name__)


def carry_out(store: Store, files: Files, vault: Vault, move: Move, now: datetime) -> bool:
    """Move everything; whether nothing is left.  What comes up later is moved by `resume`."""
    for _ in range(ROUNDS):
        places = _places(store, move.id)
        if not places:
            _finish(store, files, move, now)
            return True
        _copy_bodies(store, files, move, places)
        for start in range(0, len(places), MOST_AT_ONCE):
            batch = places[start : start + MOST_AT_ONCE]
            shelving.transact(store, move.user_id, lambda tx, hold, batch=batch: _moved(tx, hold, vault, move, batch))  # type: ignore[misc]
    return False


def resume(store: Store, files: Files, vault: Vault, now: datetime, limit: int = 20) -> int:
    """Carry on moves that were cut off, and look again at those that were done; returns how many have nothing left."""
    pending, _ = records.moves.page(store, Where("dueAt", "<=", now), oldest="dueAt", limit=limit)
    return sum(carry_out(store, files, vault, move, now) for move in pending)


def _places(store: Store, guest: str) -> list[Place]:
    found = [place for collection in (*MONEY, *REST) for place in _of(store, collection, guest)]
    agents = {document["id"] for document in _documents(store, records.agents, guest)}
    agents |= {document["agentId"] for document in _documents(store, records.workspaces, guest)}
    return found + [place for agent in sorted(agents) for place in _of(store, records.secrets(agent), guest)]


def _of(store: Store, collection: records.Collection[Any], guest: str) -> list[Place]:
    return [Place(collection, _id(collection, document)) for document in _documents(store, collection, guest)]


def _documents(store: Store, collection: records.Collection[Any], guest: str) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        found, cursor = collection.page(store, Where("userId", "==", guest), limit=100, after=cursor)
        yield from (record.document() for record in found)
        if cursor is None:
            return


def _id(collection: records.Collection[Any], document: dict[str, Any]) -> str:
    if collection is records.agent_versions:
        return f"{document['agentId']}.{document['version']:06d}"
    if collection is records.workspaces:
        return str(document["agentId"])
    return str(document.get("id") or document["name"])


def _moved(tx: Transaction, hold: Hold, vault: Vault, move: Move, batch: list[Place]) -> None:
    """Reads all, then writes all."""
    writes = [_rewritten(tx, hold, vault, move, place) for place in batch]
    for write in writes:
        write(tx)


def _rewritten(tx: Transaction, hold: Hold, vault: Vault, move: Move, place: Place) -> Write:
    record = place.collection.find(tx, place.id)
    if record is None or record.user_id != move.id:
        return _nothing
    if place.collection is records.months:
        return _month(tx, move, record)
    if place.collection is records.days:
        return _day(tx, move, record)
    if place.collection is records.agents:
        return _agent(hold, move, record)
    named = record.replace(user_id=move.user_id)
    if place.collection is records.audit and record.actor_id == move.id:
        named = named.replace(actor_id=move.user_id)
    if place.collection is records.hooks:
        contexts = [hook_context(user, record.agent_id, record.id) for user in (move.id, move.user_id)]
        named = named.replace(keys=_resealed(vault, record.keys, *contexts))
    elif place.collection is records.webhook_secrets:
        named = named.replace(keys=_resealed(vault, record.keys, record.context, named.context))
    elif place.collection.name.endswith("/secrets"):
        named = named.replace(sealed=vault.seal(vault.unseal(record.sealed, record.context), named.context))
    return lambda tx: place.collection.put(tx, place.id, named) and None


def _nothing(tx: Transaction) -> None:
    """It is gone, or the account's already."""


def _agent(hold: Hold, move: Move, agent: Agent) -> Write:
    """Under another slug if the account uses its own; one that is deleted is named when it is restored."""
    mine = agent.replace(user_id=move.user_id)
    moved = hold.named(mine) if mine.deleted_at is None else mine

    def write(tx: Transaction) -> None:
        records.agents.put(tx, moved.id, moved)
        if moved.deleted_at is None:
            hold.write()

    return write


def _month(tx: Transaction, move: Move, month: Month) -> Write:
    theirs = records.months.find(tx, month_id(move.user_id, month.month)) or Month.empty(move.user_id, month.month)
    merged = theirs.joined(month)

    def write(tx: Transaction) -> None:
        records.months.put(tx, merged.id, merged)
        records.months.delete(tx, month.id)

    return write


def _day(tx: Transaction, move: Move, day: Any) -> Write:
    id = f"{move.user_id}.{day.day}"
    theirs = records.days.find(tx, id) or day.replace(id=id, user_id=move.user_id, runs=0)
    merged = theirs.replace(runs=theirs.runs + day.runs)

    def write(tx: Transaction) -> None:
        records.days.put(tx, merged.id, merged)
        records.days.delete(tx, day.id)

    return write


def _resealed(vault: Vault, keys: Keys, before: str, after: str) -> Keys:
    def again(sealed: str | None) -> str | None:
        return vault.seal(vault.unseal(sealed, before), after) if sealed else sealed

    return keys.replace(sealed=again(keys.sealed), previous=again(keys.previous))


def _copy_bodies(store: Store, files: Files, move: Move, places: list[Place]) -> None:
    """Bodies under the account's keys before any document names them."""
    for place in places:
        record = place.collection.find(store, place.id)
        for before, after in _bodies(record, move):
            if files.exists(before) and not files.exists(after):
                files.write(after, files.read(before))


def _bodies(record: object, move: Move) -> Iterator[tuple[str, str]]:
    if isinstance(record, Upload):
        yield uploading.body_key(record), uploading.body_key(record.replace(user_id=move.user_id))
        return
    held: tuple[StoredFile, ...] = ()
    if isinstance(record, Execution):
        held = record.artifacts
    elif isinstance(record, Workspace):
        held = record.files
    elif isinstance(record, Talk):
        held = (record.record,) if record.record else ()
    for file in held:
        agent: str = record.agent_id  # type: ignore[attr-defined]
        yield keeping.body_key(move.id, agent, file.sha256), keeping.body_key(move.user_id, agent, file.sha256)


def _finish(store: Store, files: Files, move: Move, now: datetime) -> None:
    """Done; the second time, when links to the guest's bodies have ended, nothing of the guest stays."""
    for collection in LEFT:
        for place in _of(store, collection, move.id):
            collection.delete(store, place.id)
    if not move.done:
        records.moves.put(store, move.id, move.replace(done=True, due_at=now + keeping.URL_LENGTH))
        log.info("a guest's work was moved", guest=move.id, user=move.user_id)
        return
    for folder in ("agents", "uploads"):
        for key in files.listed(f"{folder}/{move.id}/"):
            files.delete(key)
    records.users.delete(store, move.id)
    records.moves.delete(store, move.id)

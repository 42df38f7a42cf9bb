"""What a runner tells while it works."""

from collections.abc import Sequence
from datetime import datetime

from ohmyagent import records
from ohmyagent.domain.errors import AlreadyExists, Invalid, NotFound
from ohmyagent.domain.executions import Event, EventBatch, Execution, StoredFile
from ohmyagent.domain.runner import EventsReply, FilesReply, Pace
from ohmyagent.ports import Files, Store, Transaction
from ohmyagent.use_cases import keeping
from ohmyagent.use_cases.running.logs import batch_id


def report(
    store: Store,
    execution_id: str,
    token: str,
    epoch: int,
    from_seq: int,
    events: Sequence[Event],
    *,
    pace: Pace,
    now: datetime,
) -> EventsReply:
    """Keep a batch of events, once however often it is sent, and renew the lease when half of it is gone.

    An event kept in the very moment of the end lies past `lastSeq` and is not shown.
    Raises Forbidden, StaleEpoch, Gone; Invalid when the seqs are not consecutive.
    """
    execution = held(store, execution_id, token, epoch)
    last_seq = from_seq - 1 + len(events)
    if [event.seq for event in events] != list(range(from_seq, last_seq + 1)):
        raise Invalid.of("events", "need consecutive seqs from fromSeq on")
    if events:
        _keep(store, execution, from_seq, last_seq, events, now)
    if execution.lease is not None and execution.lease.expires_at - now < pace.lease / 2:
        store.transact(lambda tx: _renew(tx, execution_id, token, epoch, pace, now))
    return EventsReply(cancel=execution.cancel_requested_at is not None, last_seq=last_seq)


def held(store: Store, execution_id: str, token: str, epoch: int) -> Execution:
    """The execution, for its own runner; an unknown one is Forbidden like a wrong token."""
    execution = records.executions.find(store, execution_id)
    if execution is None:
        raise NotFound()
    return execution.held_by(token, epoch)


def _keep(
    store: Store, execution: Execution, from_seq: int, last_seq: int, events: Sequence[Event], now: datetime
) -> None:
    batch = EventBatch(
        from_seq=from_seq,
        last_seq=last_seq,
        epoch=execution.epoch,
        events=tuple(event.model_dump(mode="json") for event in events),
        created_at=now,
    )
    try:
        records.batches(execution.id).create(store, batch_id(from_seq), batch)
    except AlreadyExists:
        return


def _renew(tx: Transaction, execution_id: str, token: str, epoch: int, pace: Pace, now: datetime) -> None:
    execution = records.executions.get(tx, execution_id).held_by(token, epoch)
    records.executions.put(tx, execution.id, execution.renewed(now, pace.lease))


def uploads(
    store: Store,
    files: Files,
    execution_id: str,
    token: str,
    epoch: int,
    wanted: tuple[StoredFile, ...],
    now: datetime,
) -> FilesReply:
    """Addresses for the bodies that the platform does not have yet."""
    execution = held(store, execution_id, token, epoch)
    return FilesReply(uploads=keeping.missing(files, execution, wanted, now))

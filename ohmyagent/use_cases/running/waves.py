"""Starting many launches by one call: Cloud Run takes about 180 a minute, and 10,000 runs may be due together."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar

from ohmyagent import records
from ohmyagent.domain.errors import Contention, NoRoom, NotFound, Unavailable
from ohmyagent.domain.executions import Execution, Launch
from ohmyagent.domain.runner import Pace
from ohmyagent.domain.text import new_secret
from ohmyagent.domain.waves import Wave
from ohmyagent.ports import Jobs, Queue, Store, Transaction
from ohmyagent.use_cases import queueing
from ohmyagent.use_cases.running.launches import noted, start, unstart
from ohmyagent.use_cases.running.requests import dispatch

T = TypeVar("T")
R = TypeVar("R")

THREADS = 16
"""Launches that are started at the same time: each is some hundred calls of Firestore, one after the other."""
ROOM_PAUSE = timedelta(seconds=1)


def launch_together(
    store: Store, queue: Queue, jobs: Jobs, launch_ids: Sequence[str], pace: Pace, now: datetime, threads: int = THREADS
) -> None:
    """Start runners for what these launches hold and what may start now.  Calling it again changes nothing.

    One that nobody can have now is queued by itself; when there is no room for all, each half is.
    """
    nonce = new_secret()
    started = _started(store, queue, launch_ids, nonce, pace, now, threads)
    if not started:
        return
    wave = Wave.started({id: len(runs) for id, runs in started.items()}, now)
    records.waves.create(store, wave.id, wave)
    noted(wave.id, [run for runs in started.values() for run in runs], now)
    try:
        handle = jobs.launch(wave.id, nonce, wave.tasks)
    except NoRoom:
        _each(lambda runs: store.transact(lambda tx: unstart(tx, runs)), started.values(), threads)
        _halve(queue, list(started), now + ROOM_PAUSE)
        return
    _each(lambda launch: _told(store, *launch, nonce, handle), wave.offsets.items(), threads)


def place(store: Store, id: str, task: int) -> tuple[str, int]:
    """The launch of a runner that was started as the task of a launch or a wave, and its number there."""
    return records.waves.get(store, id).place(task) if Wave.is_named(id) else (id, task)


def _told(store: Store, launch_id: str, offset: int, nonce: str, handle: str) -> None:
    """Where its runners are, kept with the launch, or with a run that is alone in its own."""
    if Launch.is_document(launch_id):
        store.update(records.launches.path(launch_id), {"handle": handle, "offset": offset})
        return

    def work(tx: Transaction) -> None:
        execution = records.executions.get(tx, launch_id)
        records.executions.put(tx, launch_id, execution.reached(nonce, handle, offset))

    store.transact(work)


def _started(
    store: Store, queue: Queue, launch_ids: Sequence[str], nonce: str, pace: Pace, now: datetime, threads: int
) -> dict[str, list[Execution]]:
    def one(launch_id: str) -> list[Execution]:
        try:
            return store.transact(lambda tx: start(tx, launch_id, nonce, pace, now))
        except NotFound:
            return []
        except (Contention, Unavailable):
            dispatch(queue, launch_id, now.strftime("-%Y%m%dT%H%MZ"))
            return []

    runs = _each(one, launch_ids, threads)
    return {id: started for id, started in zip(launch_ids, runs, strict=True) if started}


def _halve(queue: Queue, launch_ids: list[str], due: datetime) -> None:
    """Fewer may find room where all do not; in the end each launch waits for its own."""
    middle = (len(launch_ids) + 1) // 2
    queueing.together(queue, launch_ids[:middle], due)
    queueing.together(queue, launch_ids[middle:], due)


def _each(work: Callable[[T], R], items: Iterable[T], threads: int) -> list[R]:
    """In threads, in order; raises what the first that failed did, when all have ended."""
    if threads == 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))

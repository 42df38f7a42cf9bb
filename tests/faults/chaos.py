"""Faults at every border between the program and its engines, chosen by a seed or one by one."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from ohmyagent.domain.errors import Unavailable
from ohmyagent.ports import (
    Document,
    Jobs,
    Letter,
    Liveness,
    Page,
    Posted,
    Query,
    Queue,
    Store,
    Task,
    Transaction,
    Undelivered,
    Where,
)
from tests.faults.outside import MailServer, Receiver

T = TypeVar("T")
INTERRUPTED = 0.03
"""The share of operations at which something else runs to its end in between: that is how threads interleave here."""


class Killed(BaseException):
    """The platform's process died at this operation; no handler of the program may catch it."""


class Fault(StrEnum):
    KILL_BEFORE = "kill before"
    KILL_AFTER = "kill after"
    REFUSE = "refuse"
    LOSE_REPLY = "lose reply"


@dataclass
class Chaos:
    """Decides at each operation.  `at` picks one operation by its number; else `rate` is the share that fails."""

    rng: random.Random
    rate: float = 0.0
    at: tuple[int, Fault] | None = None
    meanwhile: Callable[[], None] | None = None
    dead: bool = False
    steps: int = 0
    injected: Counter[str] = field(default_factory=Counter)
    _nested: bool = False

    def around(self, act: Callable[[], T]) -> T:
        """One operation, with what befalls it."""
        self._alive()
        self.interrupt()
        fault = self._fault()
        if fault is not None:
            self.injected[fault.value] += 1
        if fault is Fault.KILL_BEFORE:
            self.die()
        if fault is Fault.REFUSE:
            raise Unavailable()
        result = act()
        self._alive()
        if fault is Fault.KILL_AFTER:
            self.die()
        if fault is Fault.LOSE_REPLY:
            raise Unavailable()
        return result

    def interrupt(self) -> None:
        """Perhaps let something else happen right here, between two operations of whoever calls."""
        if self.meanwhile is None or self._nested or not self.rate or self.rng.random() >= INTERRUPTED:
            return
        self._nested = True
        try:
            self.injected["interleaved"] += 1
            self.meanwhile()
        finally:
            self._nested = False
        self._alive()

    def die(self) -> None:
        self.dead = True
        raise Killed

    def _alive(self) -> None:
        if self.dead:
            raise Killed

    def _fault(self) -> Fault | None:
        self.steps += 1
        if self.at is not None:
            return self.at[1] if self.at[0] == self.steps else None
        return self.rng.choice(list(Fault)) if self.rng.random() < self.rate else None


class ChaosStore:
    """A Store whose operations may fail; an interruption may also fall between reading and commit."""

    def __init__(self, store: Store, chaos: Chaos) -> None:
        self._store, self._chaos = store, chaos

    def get(self, path: str) -> Document:
        return self._chaos.around(lambda: self._store.get(path))

    def find(self, path: str) -> Document | None:
        return self._chaos.around(lambda: self._store.find(path))

    def create(self, path: str, data: Document) -> None:
        self._chaos.around(lambda: self._store.create(path, data))

    def put(self, path: str, data: Document) -> None:
        self._chaos.around(lambda: self._store.put(path, data))

    def update(self, path: str, fields: Document) -> None:
        self._chaos.around(lambda: self._store.update(path, fields))

    def delete(self, path: str) -> None:
        self._chaos.around(lambda: self._store.delete(path))

    def query(self, query: Query) -> Page:
        return self._chaos.around(lambda: self._store.query(query))

    def transact(self, work: Callable[[Transaction], T]) -> T:
        def interrupted(tx: Transaction) -> T:
            result = work(tx)
            self._chaos.interrupt()
            return result

        return self._chaos.around(lambda: self._store.transact(interrupted))

    def watch(self, collection: str, wake: Callable[[str], None], where: Where | None = None) -> Callable[[], None]:
        return self._store.watch(collection, wake, where)


class ChaosQueue:
    """A Queue that may die or refuse; `kept` hears of every task that it said it would keep."""

    def __init__(self, queue: Queue, chaos: Chaos, kept: Callable[[Task, bool], None]) -> None:
        self._queue, self._chaos, self._kept = queue, chaos, kept

    def enqueue(self, task: Task) -> bool:
        new = self._chaos.around(lambda: self._queue.enqueue(task))
        self._kept(task, new)
        return new


class ChaosJobs:
    """Jobs whose calls may fail before or after they took effect."""

    def __init__(self, jobs: Jobs, chaos: Chaos) -> None:
        self._jobs, self._chaos = jobs, chaos

    def launch(self, launch_id: str, nonce: str, tasks: int) -> str:
        return self._chaos.around(lambda: self._jobs.launch(launch_id, nonce, tasks))

    def probe(self, handle: str, index: int) -> Liveness:
        return self._chaos.around(lambda: self._jobs.probe(handle, index))

    def stop(self, handle: str, index: int) -> None:
        self._chaos.around(lambda: self._jobs.stop(handle, index))


class ChaosMail:
    """Mail whose attempts may die with the platform.  By its promise it raises nothing: it says what it knows."""

    domain = MailServer.domain

    def __init__(self, server: MailServer, chaos: Chaos) -> None:
        self._server, self._chaos = server, chaos

    def send(self, letter: Letter) -> tuple[Posted, str | None]:
        attempt, heard = self._server.begin(letter), False

        def act() -> Posted:
            nonlocal heard
            heard = True
            return self._server.take(attempt)

        try:
            attempt.answer = self._chaos.around(act)
        except Unavailable:
            attempt.answer = Posted.UNKNOWN if heard else Posted.LATER
        return attempt.answer, attempt.answer.value


class ChaosCourier:
    """A Courier whose requests may get lost on either way, and may die with the platform."""

    def __init__(self, receiver: Receiver, chaos: Chaos) -> None:
        self._receiver, self._chaos = receiver, chaos

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        try:
            return self._chaos.around(lambda: self._receiver.post(url, headers, body))
        except Unavailable:
            raise Undelivered("no_answer") from None

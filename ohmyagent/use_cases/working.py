"""What a platform does by itself: the kinds of deferred work, and the rounds that come again and again.

On one machine threads do it; on Google Cloud each task and each minute is a request.  Both read the tables here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from ohmyagent import records
from ohmyagent.domain.costs import ModelTable
from ohmyagent.domain.errors import Forbidden, Gone, Invalid, NotFound
from ohmyagent.domain.plans import Plans
from ohmyagent.domain.runner import Pace
from ohmyagent.domain.tasks import DeadTask
from ohmyagent.domain.text import derived_id
from ohmyagent.ports import Courier, Files, Jobs, Later, Mail, Queue, Store, Task, Vault
from ohmyagent.use_cases import (
    delivering,
    erasing,
    guarding,
    identifying,
    mailing,
    moving,
    pausing,
    planning,
    retaining,
    running,
    ticking,
    watching,
)
from ohmyagent.use_cases.vouching import Office

log = structlog.get_logger()

MOST_FAILURES = 10
"""Attempts of one task, not counting those that were put off."""
PERMANENT = (Invalid, NotFound, Gone, Forbidden)
"""What the next attempt would meet again."""


class Program(Protocol):
    """The parts that work needs."""

    @property
    def store(self) -> Store: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def files(self) -> Files: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def courier(self) -> Courier: ...
    @property
    def mail(self) -> Mail: ...
    @property
    def models(self) -> ModelTable: ...
    @property
    def pace(self) -> Pace: ...
    @property
    def clock(self) -> ticking.Clock: ...
    @property
    def plans(self) -> Plans: ...
    @property
    def office(self) -> Office: ...
    @property
    def now(self) -> Callable[[], datetime]: ...


@dataclass(frozen=True)
class Kind:
    """How tasks of a kind are done; `service` is the function that does them on Google Cloud."""

    service: str
    handle: Callable[[Program, Task], None]


@dataclass(frozen=True)
class Round:
    """Work that comes again: every so many seconds on one machine, every minute on Google Cloud."""

    seconds: float
    work: Callable[[Program], object]


def launch(app: Program, task: Task) -> None:
    if "launchIds" in task.body:
        ids = task.body["launchIds"].split()
        running.launch_together(app.store, app.queue, app.jobs, ids, app.pace, app.now())
    else:
        running.launch(app.store, app.jobs, task.body["launchId"], app.pace, app.now())


def check(app: Program, task: Task) -> None:
    running.check(app.store, app.queue, app.jobs, task.body["executionId"], pace=app.pace, now=app.now())


def deliver(app: Program, task: Task) -> None:
    body = task.body
    delivering.deliver(app.store, app.vault, app.courier, body["deliveryId"], int(body["attempt"]), app.now())


def post(app: Program, task: Task) -> None:
    mailing.deliver(app.store, app.mail, task.body["mailId"], app.office, app.now)


KINDS: Mapping[str, Kind] = {
    "launch": Kind("launch", launch),
    "check": Kind("launch", check),
    "webhook": Kind("deliver", deliver),
    "mail": Kind("deliver", post),
}
"""By the kind of `Task`."""


def attempt(app: Program, task: Task, failures: int) -> None:
    """Do a task that failed so often before; when another attempt would not help, it is kept as a dead letter.

    Raises Later, and what the handler raised when it is worth another attempt.
    """
    try:
        KINDS[task.kind].handle(app, task)
    except Later:
        raise
    except PERMANENT as error:
        _bury(app, task, failures + 1, error)
    except Exception as error:  # a process border: a handler may raise whatever it likes
        if failures + 1 < MOST_FAILURES:
            raise
        _bury(app, task, failures + 1, error)


def _bury(app: Program, task: Task, attempts: int, error: Exception) -> None:
    """Its message may hold what a person typed, so only its type is kept."""
    kind = type(error).__name__
    log.error("task dead", kind=task.kind, name=task.name, attempts=attempts, error=kind)
    id = derived_id("t", task.kind, task.name)
    dead = DeadTask(
        id=id, kind=task.kind, name=task.name, body=dict(task.body), attempts=attempts, error=kind, at=app.now()
    )
    records.dead_tasks.put(app.store, id, dead)


def tick(app: Program) -> None:
    done = ticking.tick(app.store, app.queue, app.models, app.clock, app.now())
    watching.came_through(app.store, app.office, app.now())
    if done.runs or done.missed or done.aside:
        log.info("tick", runs=done.runs, missed=done.missed, aside=len(done.aside))


def watch(app: Program) -> None:
    if watching.look(app.store, app.office, app.now()):
        log.error("the tick is silent")


def sweep(app: Program) -> None:
    running.sweep(app.store, app.queue, app.jobs, pace=app.pace, now=app.now())


def dispatch_deliveries(app: Program) -> None:
    delivering.dispatch(app.store, app.queue, app.now())


def dispatch_mails(app: Program) -> None:
    mailing.dispatch(app.store, app.queue, app.now())


def review(app: Program) -> None:
    resumed = pausing.review(app.store, app.now())
    if resumed:
        log.info("agents go on", count=resumed)


def publish_plans(app: Program) -> None:
    planning.publish(app.store, app.plans)


def observe_spending(app: Program) -> None:
    planning.observe(app.store, app.now())


def erase(app: Program) -> None:
    erasing.round(app.store, app.queue, app.files, app.pace, app.now())


def move_work(app: Program) -> None:
    moving.resume(app.store, app.files, app.vault, app.now())


def forget_nonces(app: Program) -> None:
    identifying.sweep(app.store, app.now())


def retain(app: Program) -> None:
    retaining.round(app.store, app.files, app.now())


def forgive(app: Program) -> None:
    guarding.sweep(app.store, app.now())


ROUNDS: Mapping[str, Round] = {
    "tick": Round(1.0, tick),
    # on one machine a thread of its own, so it sees a tick that hangs
    "watch": Round(30.0, watch),
    "sweep": Round(1.0, sweep),
    "deliveries": Round(1.0, dispatch_deliveries),
    "mails": Round(1.0, dispatch_mails),
    # how soon an agent goes on after the month has changed; a raised limit is looked at when it is saved
    "review": Round(15.0, review),
    "erase": Round(15.0, erase),
    "retain": Round(60.0, retain),
    "plans": Round(3600.0, publish_plans),
    # how old the sum may be by which the platform's own monthly limit is judged
    "spending": Round(30.0, observe_spending),
    "moves": Round(15.0, move_work),
    "nonces": Round(600.0, forget_nonces),
    "blocks": Round(600.0, forgive),
}
"""By name, in the order in which one minute does them."""


def minute(app: Program) -> list[str]:
    """Every round once; returns the names of those that failed.  One that fails does not keep the others from work."""
    return [name for name, round in ROUNDS.items() if not _went_well(app, name, round)]


def _went_well(app: Program, name: str, round: Round) -> bool:
    try:
        round.work(app)
    except Exception:  # a process border: a round may raise whatever the store or a service does
        log.exception("round failed", round=name)
        return False
    return True

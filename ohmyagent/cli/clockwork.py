"""What a cloud does around the program, done by threads here: work off the queue, sweep, back up."""

import threading
from collections.abc import Callable
from functools import partial

import structlog

from ohmyagent import wiring
from ohmyagent.ports import Change, Task
from ohmyagent.use_cases import reacting, running, working

log = structlog.get_logger()

RELIEVE_SECONDS = 1.0
BACKUP_SECONDS = 600.0
THREADS = {("launch", "check"): 4, ("webhook",): 4, ("mail",): 4}
"""Threads for kinds of work.  Webhooks have their own: receivers that are slow to answer must not hold up runs.

Several send mail, so that a server that is slow to answer holds up few letters.
"""


class Clockwork:
    """Started once, stopped once; `stop` returns when nothing is under way any more."""

    def __init__(self, app: wiring.Local) -> None:
        self._app = app
        self._stop = threading.Event()
        rounds: list[tuple[str, float, Callable[[], object]]] = [
            *((name, round.seconds, partial(round.work, app)) for name, round in working.ROUNDS.items()),
            ("relieve", RELIEVE_SECONDS, self._relieve),
            ("backup", BACKUP_SECONDS, self._back_up),
        ]
        self._threads = [
            *(threading.Thread(target=self._work, args=entry, name=entry[0][0]) for entry in THREADS.items()),
            threading.Thread(target=app.changes.run, args=(self._react, self._stop), name="changes"),
            *(threading.Thread(target=self._every, args=round, name=round[0]) for round in rounds),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._app.mail.close()

    def _work(self, kinds: tuple[str, ...], threads: int) -> None:
        handlers: dict[str, Callable[[Task], None]] = {
            kind: partial(working.KINDS[kind].handle, self._app) for kind in kinds
        }
        self._app.queue.run(handlers, threads, self._stop)

    def _react(self, change: Change) -> None:
        reacting.react(change, self._app)

    def _relieve(self) -> None:
        app = self._app
        short = app.host.must_free()
        if short:
            ended = running.relieve(app.store, app.queue, app.jobs, f"host_{short}", app.now())
            log.warning("machine is short", of=short, ended=ended.id if ended else None)

    def _back_up(self) -> None:
        made = wiring.backup_if_due(self._app.settings)
        if made:
            log.info("backup made", name=made.name)

    def _every(self, name: str, seconds: float, work: Callable[[], object]) -> None:
        while True:
            try:
                work()
            except Exception:  # a process border: one failed round must not end the clock
                log.exception("clockwork", work=name)
            if self._stop.wait(seconds):
                return

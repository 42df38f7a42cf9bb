"""What a cloud does around the program, done by threads here: work off the queue, sweep, back up."""

import threading
from collections.abc import Callable

import structlog

from ohmyagent import wiring
from ohmyagent.ports import Change, Task
from ohmyagent.use_cases import delivering, mailing, pausing, planning, reacting, running, ticking

log = structlog.get_logger()

SWEEP_SECONDS = 1.0
TICK_SECONDS = 1.0
MAIL_SECONDS = 1.0
REVIEW_SECONDS = 15.0
"""How soon an agent goes on after the month has changed; a raised limit is looked at when it is saved."""
SPENDING_SECONDS = 30.0
"""How old the sum may be by which the platform's own monthly limit is judged."""
MAIL_THREADS = 1
DELIVERY_SECONDS = 1.0
BACKUP_SECONDS = 600.0
QUEUE_THREADS = 4
WEBHOOK_THREADS = 4
"""Of their own: receivers that are slow to answer must not hold up the start of runs."""


class Clockwork:
    """Started once, stopped once; `stop` returns when nothing is under way any more."""

    def __init__(self, app: wiring.Local) -> None:
        self._app = app
        self._stop = threading.Event()
        handlers = {"launch": self._launch, "check": self._check}
        self._threads = [
            threading.Thread(target=app.queue.run, args=(handlers, QUEUE_THREADS, self._stop), name="queue"),
            threading.Thread(
                target=app.queue.run, args=({"webhook": self._deliver}, WEBHOOK_THREADS, self._stop), name="webhooks"
            ),
            threading.Thread(target=self._every, args=(SWEEP_SECONDS, self._sweep), name="sweep"),
            threading.Thread(target=self._every, args=(DELIVERY_SECONDS, self._dispatch_deliveries), name="deliveries"),
            threading.Thread(target=self._every, args=(SWEEP_SECONDS, self._relieve), name="relieve"),
            threading.Thread(target=self._every, args=(TICK_SECONDS, self._tick), name="tick"),
            threading.Thread(target=app.queue.run, args=({"mail": self._mail}, MAIL_THREADS, self._stop), name="mail"),
            threading.Thread(target=app.changes.run, args=(self._react, self._stop), name="changes"),
            threading.Thread(target=self._every, args=(MAIL_SECONDS, self._dispatch_mails), name="mails"),
            threading.Thread(target=self._every, args=(REVIEW_SECONDS, self._review), name="review"),
            threading.Thread(target=self._every, args=(SPENDING_SECONDS, self._observe_spending), name="spending"),
            threading.Thread(target=self._every, args=(BACKUP_SECONDS, self._back_up), name="backup"),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _launch(self, task: Task) -> None:
        app = self._app
        running.launch(app.store, app.jobs, task.body["launchId"], app.pace, app.now())

    def _check(self, task: Task) -> None:
        app = self._app
        running.check(app.store, app.queue, app.jobs, task.body["executionId"], pace=app.pace, now=app.now())

    def _deliver(self, task: Task) -> None:
        app, body = self._app, task.body
        delivering.deliver(app.store, app.vault, app.courier, body["deliveryId"], int(body["attempt"]), app.now())

    def _dispatch_deliveries(self) -> None:
        app = self._app
        delivering.dispatch(app.store, app.queue, app.now())

    def _sweep(self) -> None:
        app = self._app
        running.sweep(app.store, app.queue, app.jobs, pace=app.pace, now=app.now())

    def _tick(self) -> None:
        app = self._app
        done = ticking.tick(app.store, app.queue, app.models, app.clock, app.now())
        ticking.mark(app.store, app.now())
        if done.runs or done.missed or done.aside:
            log.info("tick", runs=done.runs, missed=done.missed, aside=len(done.aside))

    def _mail(self, task: Task) -> None:
        app = self._app
        mailing.deliver(app.store, app.mail, task.body["mailId"], app.settings.public_url, app.now)

    def _react(self, change: Change) -> None:
        reacting.react(change, self._app)

    def _dispatch_mails(self) -> None:
        mailing.dispatch(self._app.store, self._app.queue, self._app.now())

    def _review(self) -> None:
        resumed = pausing.review(self._app.store, self._app.now())
        if resumed:
            log.info("agents go on", count=resumed)

    def _observe_spending(self) -> None:
        planning.observe(self._app.store, self._app.now())

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

    def _every(self, seconds: float, work: Callable[[], object]) -> None:
        while True:
            try:
                work()
            except Exception:  # a process border: one failed round must not end the clock
                log.exception("clockwork", work=work.__name__)
            if self._stop.wait(seconds):
                return

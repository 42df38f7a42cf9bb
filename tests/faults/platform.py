"""The program over real SQLite, with faults between it and its engines, and a clock that is set by hand."""

import random
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from ohmyagent import records
from ohmyagent.adapters.local.files import FolderFiles
from ohmyagent.adapters.local.queue import SqliteQueue
from ohmyagent.adapters.local.store import SqliteStore
from ohmyagent.adapters.local.task_rows import Retries
from ohmyagent.adapters.local.vault import KeyFileVault
from ohmyagent.domain.accounts import User, UserKind
from ohmyagent.domain.costs import CLAUDE, Model, ModelMode, ModelTable, TokenUsage
from ohmyagent.domain.errors import Problem, Unavailable
from ohmyagent.domain.runner import Pace
from ohmyagent.ports import Later, Task
from ohmyagent.records.indexes import INDEXES
from ohmyagent.use_cases import delivering, mailing, metering, pausing, running, ticking
from ohmyagent.use_cases.running.logs import members
from ohmyagent.use_cases.vouching import Office
from tests.faults.causes import Causes
from tests.faults.chaos import Chaos, ChaosCourier, ChaosJobs, ChaosMail, ChaosQueue, ChaosStore, Killed
from tests.faults.ledgers import Ledgers, ModelCall, Time
from tests.faults.machine import Machine
from tests.faults.outside import MailServer, Receiver
from tests.faults.witness import WitnessedStore, Writes

UNPRICED = Model(
    id="unpriced", name="Of unknown price", upstream="anthropic", mode=ModelMode.COMPATIBLE,
    context=200_000, max_output=8_000, price=None,
)  # fmt: skip
OFFICE = Office("https://agents.example.com", (), b"k" * 32)
EARLY = timedelta(seconds=2)
MODELS = ModelTable((*CLAUDE, UNPRICED), default="haiku")


class Platform:
    """`real` is the store without faults, for whoever looks on from outside."""

    def __init__(self, folder: Path, time: Time, chaos: Chaos, machine: Machine, clock: ticking.Clock) -> None:
        self.time, self.chaos, self.machine, self.clock = time, chaos, machine, clock
        self.ledgers = Ledgers()
        self.causes = Causes(lambda: time.now)
        self._sqlite = SqliteStore(folder / "oma.db", indexes=INDEXES)
        self.real = WitnessedStore(self._sqlite, self._witnessed)
        self.rows = SqliteQueue(folder / "oma.db", Retries(longest_pause=20), clock=lambda: time.now.timestamp())
        self.store = ChaosStore(self.real, chaos)
        self.queue = ChaosQueue(self.rows, chaos, lambda task, new: self.ledgers.keep(task, new, time.now))
        self.jobs = ChaosJobs(machine, chaos)
        self.files = FolderFiles(folder / "files", b"k" * 32)
        self.vault = KeyFileVault(folder / "key")
        self.post, self.receiver = MailServer(machine.rng), Receiver(machine.rng)
        self.mail, self.courier = ChaosMail(self.post, chaos), ChaosCourier(self.receiver, chaos)
        self.models, self.pace = MODELS, Pace()
        self.open_calls: list[tuple[metering.Call, ModelCall]] = []
        self.handlers = {"launch": self._launch, "check": self._check, "mail": self._mail, "webhook": self._webhook}

    def close(self) -> None:
        self._sqlite.close()

    def user(self, id: str, plan: str, email: str | None = None) -> User:
        user = User(id=id, kind=UserKind.GUEST, name=id, plan=plan, email=email, created_at=self.time.now)
        return records.users.put(self.real, id, user)

    def tick(self) -> None:
        self._try(lambda: ticking.tick(self.store, self.queue, self.models, self.clock, self.time.now))

    def sweep(self) -> None:
        now = self.time.now
        self._try(lambda: running.sweep(self.store, self.queue, self.jobs, pace=self.pace, now=now))

    def send(self) -> None:
        """Queue the mails and deliveries that are due, and look at the agents that wait for a reason to pass."""
        self._try(lambda: mailing.dispatch(self.store, self.queue, self.time.now))
        self._try(lambda: delivering.dispatch(self.store, self.queue, self.time.now))
        self._try(lambda: pausing.review(self.store, self.time.now))

    def work(self, most: int) -> None:
        """Work off up to so many due tasks."""
        with suppress(Killed):
            while most and not self.chaos.dead and self.rows.work_once(self.handlers):
                most -= 1

    def redeliver(self, rng: random.Random) -> None:
        """Deliver any task again, however long ago it was kept or done."""
        due = [task for task in self.ledgers.kept.values() if task.due and task.due <= self.time.now]
        if due:
            task = rng.choice(due)
            self._try(lambda: self.handlers[task.kind](task))

    def settle(self, call: metering.Call, made: ModelCall, rng: random.Random) -> None:
        """The gateway writes down what the stream said; perhaps twice, perhaps long after the run's end."""
        if (call, made) not in self.open_calls:
            return
        self.open_calls.remove((call, made))
        if rng.random() < 0.05:
            made.cost, made.usage = 0 if made.cost is not None else None, TokenUsage()
        made.partial, made.told = rng.random() < 0.1, None
        for _ in range(8):
            with suppress(Unavailable):
                metering.settle(self.store, call, made.cost, made.usage, 0, partial=made.partial, now=self.time.now)
                made.told = True
                if rng.random() < 0.8:
                    return

    def restart(self) -> None:
        """A new process: what the old one held in memory is gone, so calls under way are never settled."""
        self.chaos.dead = False
        self.open_calls.clear()

    def _witnessed(self, writes: Writes) -> None:
        """Whose schedule counts is noticed with each commit: a schedule may be there for a moment only."""
        self.causes.seen(writes)
        for path, data in writes.items():
            if data is not None and path.startswith("agents/") and path.count("/") == 1:
                self.ledgers.seen(records.agents.kind.of(data), self.time.now)

    def _launch(self, task: Task) -> None:
        self._delivered(task)
        before = self._early(task)
        if "launchIds" in task.body:
            ids = task.body["launchIds"].split()
            running.launch_together(self.store, self.queue, self.jobs, ids, self.pace, self.time.now, threads=1)
        else:
            running.launch(self.store, self.jobs, task.body["launchId"], self.pace, self.time.now)
        self.ledgers.handled.add((task.kind, task.name))
        self.ledgers.hasty += [id for id in before if records.executions.get(self.real, id).epoch]

    def _early(self, task: Task) -> list[str]:
        """Those of the launch that must not start now: their instant is yet to come."""
        ids = [id for launch in " ".join(task.body.values()).split() for id in members(self.real, launch)]
        runs = [records.executions.get(self.real, id) for id in ids]
        starts = {e.id: max(filter(None, (e.due_time, e.start_after)), default=None) for e in runs if not e.epoch}
        return [id for id, start in starts.items() if start and start > self.time.now + EARLY]

    def _check(self, task: Task) -> None:
        self._delivered(task)
        id, now = task.body["executionId"], self.time.now
        running.check(self.store, self.queue, self.jobs, id, pace=self.pace, now=now)
        self.ledgers.handled.add((task.kind, task.name))

    def _mail(self, task: Task) -> None:
        self._delivered(task)
        mailing.deliver(self.store, self.mail, task.body["mailId"], OFFICE, lambda: self.time.now)
        self.ledgers.handled.add((task.kind, task.name))

    def _webhook(self, task: Task) -> None:
        self._delivered(task)
        id, attempt = task.body["deliveryId"], int(task.body["attempt"])
        delivering.deliver(self.store, self.vault, self.courier, id, attempt, self.time.now)
        self.ledgers.handled.add((task.kind, task.name))

    def _delivered(self, task: Task) -> None:
        self.ledgers.deliveries += 1
        planned = self.ledgers.kept.get((task.kind, task.name), task).due
        if planned is not None and planned > self.time.now + timedelta(milliseconds=1):
            self.ledgers.early.append(task)

    def _try(self, work: object) -> None:
        with suppress(Killed, Problem, Later):
            work()  # type: ignore[operator]

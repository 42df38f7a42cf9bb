"""One history: a seed decides what happens, when, and what breaks."""

import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ohmyagent.use_cases.ticking import Clock
from tests.faults import checker, correspondence
from tests.faults.chaos import Chaos, Killed
from tests.faults.ledgers import Time
from tests.faults.machine import Machine
from tests.faults.people import People
from tests.faults.platform import Platform

STARTS = (datetime(2026, 11, 20, 11, 58, tzinfo=UTC), datetime(2026, 11, 30, 22, 30, tzinfo=UTC))
"""An ordinary noon, and an hour and a half before a month ends."""
CLOCKS = (Clock(), Clock(ahead=timedelta(seconds=60)), Clock(ahead=timedelta(seconds=60), batch=3))
TOGETHER = Clock(ahead=timedelta(seconds=60), together=3)
"""In every other history with launches of several runs there are several launches instead that one call starts."""
FAULT_RATE = 0.03
ROUNDS = 50
JUMP = timedelta(hours=1)
CALM = timedelta(seconds=66)
"""Lease and a minute: what a run may take to be named lost."""
LONGEST_DRAIN = timedelta(hours=6)


@dataclass(frozen=True)
class Told:
    """What one history showed."""

    seed: int
    violations: list[str]
    injected: Counter[str]
    deliveries: int
    executions: int


@contextmanager
def folder() -> Iterator[Path]:
    """In memory where the system has such a place: SQLite is real, the disk's slowness need not be."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        yield Path(name)


def run(seed: int, rounds: int = ROUNDS) -> Told:
    """The same seed is the same history."""
    random.seed(seed)  # the pauses between retries
    with folder() as place:
        return History(seed, place).told(rounds)


class History:
    def __init__(self, seed: int, place: Path) -> None:
        self.seed, self.rng = seed, random.Random(seed)
        self.time = Time(self.rng.choice(STARTS))
        self.machine = Machine(self.rng)
        self.chaos = Chaos(self.rng, FAULT_RATE, meanwhile=self._something)
        clock = self.rng.choice(CLOCKS)
        clock = TOGETHER if clock.batch > 1 and not seed % 2 else clock
        self.platform = Platform(place, self.time, self.chaos, self.machine, clock)
        self.people = People(self.platform, self.rng)
        self.watch = checker.Watch(self.platform)
        self.down_until: datetime | None = None

    def told(self, rounds: int) -> Told:
        for number in range(rounds):
            self._round()
            if number == rounds // 2:
                self._calm()
        self._calm()
        self._drain()
        violations = [*self.watch.violations, *checker.check(self.platform)]
        injected = self.chaos.injected
        told = Told(self.seed, violations, injected, self.platform.ledgers.deliveries, len(self.watch.executions))
        self.platform.close()
        return told

    def _round(self) -> None:
        """Some time passes, some things happen."""
        self._pass()
        for _ in range(12):
            self._something()
            if self.chaos.dead:
                self._fall()
        self.watch.look()

    def _pass(self) -> None:
        kind = self.rng.random()
        seconds = self.rng.uniform(0.2, 5)
        if kind > 0.97:
            seconds = self.rng.uniform(3600, 4 * 3600)
        elif kind > 0.88:
            seconds = self.rng.uniform(300, 1500)
        elif kind > 0.6:
            seconds = self.rng.uniform(10, 120)
        self.time.true += timedelta(milliseconds=int(seconds * 1000))
        if self.rng.random() < 0.03:
            jump = self.rng.choice((-JUMP, JUMP)) - self.time.skew
            self.time.skew += jump
            self.chaos.injected["clock jump"] += 1
        if self.down_until is not None and self.time.true >= self.down_until:
            self._rise()

    def _fall(self) -> None:
        if self.down_until is None:
            self.chaos.injected["platform down"] += 1
            self.down_until = self.time.true + timedelta(seconds=self.rng.choice((1, 1, 1, 5, 40, 400)))

    def _rise(self) -> None:
        self.down_until = None
        self.platform.restart()

    def _something(self) -> None:
        """One thing out of all that may happen, the platform's own duties most often."""
        platform, rng = self.platform, self.rng
        act = rng.random()
        if act < 0.08:
            platform.tick()
        elif act < 0.12:
            platform.send()
        elif act < 0.2:
            platform.sweep()
        elif act < 0.38:
            platform.work(rng.choice((1, 5)))
        elif act < 0.45:
            platform.redeliver(rng)
        elif act < 0.58:
            self.people.act()
        elif act < 0.62 and platform.open_calls:
            self._settle()
        elif living := self.machine.living():
            rng.choice(living).step(platform, rng, faulty=self.machine.faulty)

    def _settle(self) -> None:
        """A stream ends although nobody waits for it."""
        with suppress(Killed):
            self.platform.settle(*self.rng.choice(self.platform.open_calls), self.rng)

    def _calm(self) -> None:
        """No new faults for lease + 60 s: who had died before must have a named end after it."""
        self._pacify(True)
        dead = self.watch.dead()
        end = self.time.true + CALM
        while self.time.true < end:
            self._quiet_round(timedelta(seconds=6))
        self.watch.ended(dead)
        self._pacify(False)

    def _drain(self) -> None:
        """Let everything come to its end, with healthy runners, retries that wait for a clock that was set back too."""
        self._pacify(True)
        end = self.time.true + LONGEST_DRAIN
        quick = self.time.true + timedelta(minutes=3)
        while self.time.true < end:
            self._quiet_round(timedelta(seconds=7 if self.time.true < quick else 61))
            if not (self.watch.unfinished() or checker.owed(self.platform) or correspondence.waiting(self.platform)):
                return

    def _pacify(self, calm: bool) -> None:
        self.chaos.rate = 0.0 if calm else FAULT_RATE
        self.machine.faulty = self.platform.post.faulty = self.platform.receiver.faulty = not calm
        if calm and self.chaos.dead:
            self._rise()

    def _quiet_round(self, step: timedelta) -> None:
        self.time.true += step
        self.platform.tick()
        self.platform.sweep()
        self.platform.send()
        self.platform.work(50)
        for runner in self.machine.living():
            for _ in range(3):
                runner.step(self.platform, self.rng, faulty=False)
        self.platform.work(50)
        self.watch.look()

"""Runners and models outside the platform: they speak to it as the HTTP layer lets them, and fail as they like."""

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ohmyagent.domain.costs import TokenUsage
from ohmyagent.domain.errors import BudgetExceeded, NoRoom, Problem, Unavailable
from ohmyagent.domain.executions import Event
from ohmyagent.domain.runner import Claim, FinishRequest, Outcome
from ohmyagent.ports import Liveness
from ohmyagent.use_cases import metering, running
from tests.faults.chaos import Killed
from tests.faults.ledgers import CliStart, ModelCall

if TYPE_CHECKING:
    from tests.faults.platform import Platform

PATIENCE = timedelta(seconds=30)
UNREACHABLE = (Killed, Unavailable)


class Runner:
    """One process: claims, starts the CLI, calls models, reports, finishes; does one of these at each `step`."""

    def __init__(self, rng: random.Random, handle: str, launch_id: str, nonce: str, index: int) -> None:
        self.handle, self.launch_id, self.nonce, self.index = handle, launch_id, nonce, index
        self.claim_id = f"{handle}-{index}-{rng.getrandbits(64):x}"
        self.alive = True
        self.busy = False
        self.claim: Claim | None = None
        self.outcome: Outcome | None = None
        self.asleep_until: datetime | None = None
        self.lost_since: datetime | None = None
        self.seq = 0
        self.open: list[tuple[metering.Call, ModelCall]] = []

    def step(self, platform: "Platform", rng: random.Random, *, faulty: bool) -> None:
        time = platform.time.true
        if self.busy or not self.alive or (self.asleep_until is not None and time < self.asleep_until):
            return
        self.asleep_until = None
        if faulty and rng.random() < 0.04:
            self.alive = False
        elif faulty and rng.random() < 0.03:
            self.asleep_until = time + timedelta(seconds=rng.choice((5, 20, 90, 1500)))
        else:
            self._act(platform, rng, time)

    def _act(self, platform: "Platform", rng: random.Random, time: datetime) -> None:
        self.busy = True  # a process does one thing at a time, whatever else happens meanwhile
        try:
            if self.claim is None:
                self._claim(platform, time)
            elif self.outcome is not None:
                self._finish(platform, rng)
            else:
                rng.choice((self._report, self._call, self._call, self._settle, self._decide))(platform, rng)
            self.lost_since = None
        except UNREACHABLE:
            self.lost_since = self.lost_since or time
            self.alive = time - self.lost_since < PATIENCE
        except Problem:
            self.alive = False
        finally:
            self.busy = False

    def _claim(self, platform: "Platform", time: datetime) -> None:
        self.claim = running.claim(
            platform.store, platform.queue, platform.files, platform.models, self.launch_id, self.nonce, self.index,
            claim_id=self.claim_id, handle=self.handle,
            gateway_url="http://gateway", pace=platform.pace, now=platform.time.now,
        )  # fmt: skip
        platform.ledgers.starts.append(CliStart(self.claim.execution_id, self.claim.epoch, time))

    def _report(self, platform: "Platform", rng: random.Random) -> None:
        assert self.claim is not None
        now, first = platform.time.now, self.seq + 1
        events = [Event(seq=first, time=now, type="log")]
        for _ in range(rng.choice((1, 1, 2))):
            reply = running.report(
                platform.store, self.claim.execution_id, self.claim.token, self.claim.epoch, first, events,
                pace=platform.pace, now=now,
            )  # fmt: skip
        self.seq = first
        if reply.cancel:
            self.outcome = Outcome.CANCELLED

    def _call(self, platform: "Platform", rng: random.Random) -> None:
        assert self.claim is not None
        model = platform.models.find(self.claim.spec.model)
        assert model is not None
        try:
            call = metering.reserve(
                platform.store, self.claim.spec.model_token, model, 400, rng.choice((300, 2000)), platform.time.now
            )
        except UNREACHABLE:
            platform.ledgers.phantoms.add(self.claim.execution_id)
            raise
        except BudgetExceeded:
            self.outcome = Outcome.FAILED
            return
        usage = TokenUsage(input=rng.randrange(1, 200), output=rng.randrange(1, call.max_tokens + 1))
        cost = None if model.price is None else min(model.price.cost(usage), call.reserved)
        made = ModelCall(self.claim.execution_id, call.reserved, cost, usage)
        platform.ledgers.calls.append(made)
        self.open.append((call, made))
        platform.open_calls.append((call, made))

    def _settle(self, platform: "Platform", rng: random.Random) -> None:
        if self.open:
            platform.settle(*self.open.pop(0), rng)

    def _decide(self, platform: "Platform", rng: random.Random) -> None:
        self.outcome = rng.choice((Outcome.SUCCEEDED, Outcome.SUCCEEDED, Outcome.FAILED, Outcome.TIMED_OUT))

    def _finish(self, platform: "Platform", rng: random.Random) -> None:
        assert self.claim is not None
        assert self.outcome is not None
        told = {"kind": rng.choice(("done", "done", "blocked"))}
        done = FinishRequest(
            epoch=self.claim.epoch, outcome=self.outcome, last_seq=self.seq, result="끝", structured=told
        )  # fmt: skip
        for _ in range(rng.choice((1, 1, 2))):
            running.finish(
                platform.store, platform.queue, platform.files, self.claim.execution_id, self.claim.token, done,
                platform.time.now,
            )  # fmt: skip
        self.alive = False


class Machine:
    """The Jobs behind the platform.  A launch may start two runners for one index, which is nobody's promise."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.runners: list[Runner] = []
        self.launches = 0
        self.faulty = True

    def launch(self, launch_id: str, nonce: str, tasks: int) -> str:
        if self.faulty and self.rng.random() < 0.05:
            raise NoRoom()
        self.launches += 1
        handle = f"handle-{self.launches}"
        for index in range(tasks):
            for _ in range(2 if self.faulty and self.rng.random() < 0.1 else 1):
                self.runners.append(Runner(self.rng, handle, launch_id, nonce, index))
        return handle

    def probe(self, handle: str, index: int) -> Liveness:
        if self.faulty and self.rng.random() < 0.05:
            return Liveness.UNKNOWN
        return Liveness.ALIVE if any(r.alive for r in self._of(handle, index)) else Liveness.GONE

    def stop(self, handle: str, index: int) -> None:
        for runner in self._of(handle, index):
            runner.alive = False

    def living(self) -> list[Runner]:
        return [runner for runner in self.runners if runner.alive]

    def _of(self, handle: str, index: int) -> list[Runner]:
        return [runner for runner in self.runners if (runner.handle, runner.index) == (handle, index)]

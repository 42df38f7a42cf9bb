"""A hundred thousand deliveries of everything that may come twice, late or in any order: nothing happens twice."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.agents import AgentDraft
from ohmyagent.domain.costs import TokenUsage
from ohmyagent.domain.errors import Problem
from ohmyagent.domain.executions import Event, ExecutionRequest, Status
from ohmyagent.domain.runner import Claim, FinishRequest, Outcome
from ohmyagent.ports import Task
from ohmyagent.use_cases import designing, metering, running, ticking
from tests.faults import checker
from tests.faults.chaos import Chaos
from tests.faults.ledgers import CliStart, ModelCall, Time
from tests.faults.machine import Machine
from tests.faults.platform import Platform
from tests.faults.simulation import folder

FEW, MANY = 5_000, 100_000
RUNS = 60
Deliver = Callable[[], object]


class Run:
    """One run with all the messages about it that were ever sent."""

    def __init__(self, platform: Platform, execution_id: str, launch_id: str) -> None:
        self.platform, self.id, self.launch_id = platform, execution_id, launch_id
        self.claims: list[Claim] = []

    def launch(self) -> None:
        self.platform.handlers["launch"](Task("launch", self.launch_id, {"launchId": self.launch_id}))

    def check(self) -> None:
        self.platform.handlers["check"](Task("check", self.id, {"executionId": self.id}))

    def claim(self) -> None:
        """By every runner that was ever started for it."""
        for runner in [r for r in self.platform.machine.runners if r.launch_id == self.launch_id]:
            platform, now = self.platform, self.platform.time.now
            claim = running.claim(
                platform.store, platform.queue, platform.files, platform.models, self.launch_id, runner.nonce, 0,
                gateway_url="http://gateway", pace=platform.pace, now=now,
            )  # fmt: skip
            self.claims.append(claim)
            platform.ledgers.starts.append(CliStart(claim.execution_id, claim.epoch, now))
            model = platform.models.default
            call = metering.reserve(platform.store, claim.spec.model_token, model, 100, 300, now)
            usage = TokenUsage(input=3, output=4)
            platform.ledgers.calls.append(ModelCall(self.id, call.reserved, 50, usage, told=True))
            for _ in range(2):
                metering.settle(platform.store, call, 50, usage, 0, partial=False, now=now)

    def report(self) -> None:
        for claim in self.claims:
            events = [Event(seq=1, time=self.platform.time.now, type="log")]
            running.report(
                self.platform.store, self.id, claim.token, claim.epoch, 1, events,
                pace=self.platform.pace, now=self.platform.time.now,
            )  # fmt: skip

    def finish(self) -> None:
        for claim in self.claims:
            done = FinishRequest(epoch=claim.epoch, outcome=Outcome.SUCCEEDED, last_seq=1, result="끝")
            platform = self.platform
            running.finish(
                platform.store, platform.queue, platform.files, self.id, claim.token, done, platform.time.now
            )


@pytest.mark.parametrize("deliveries", [FEW, pytest.param(MANY, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
def test_no_delivery_has_an_effect_twice_and_none_is_lost(deliveries, capsys):
    rng = random.Random(deliveries)
    delivered = completed = 0
    with folder() as place:
        machine = Machine(rng)
        machine.faulty = False
        time = Time(datetime(2026, 11, 20, 12, tzinfo=UTC))
        platform = Platform(place, time, Chaos(rng), machine, ticking.Clock())
        user = platform.user("u", "owner")
        while delivered < deliveries:
            runs = requested(platform, user, completed)
            messages = [deliver for run in runs for deliver in everything(run, deliveries)]
            rng.shuffle(messages)
            delivered += deliver_all(messages)
            for run in runs:  # whatever order they came in: once more in the order of a life
                delivered += deliver_all([run.launch, run.claim, run.report, run.finish])
            completed += len(runs)
        found = [records.executions.kind.of(item) for item in checker.everything(platform, "executions")]
        assert checker.check(platform) == []
        starts = len(platform.ledgers.starts)
        platform.close()
    ended = sum(execution.status is Status.SUCCEEDED for execution in found)
    with capsys.disabled():
        print(f"\n{delivered} deliveries, {completed} runs: {starts - completed} duplicates, {completed - ended} lost")
    assert starts == completed == ended == len(found)


def requested(platform: Platform, user: User, first: int) -> list[Run]:
    draft = AgentDraft.model_validate({"name": "뉴스", "finalPrompt": "요약해 줘"})
    runs = []
    for number in range(first, first + RUNS):
        now = platform.time.now
        agent = designing.create(platform.real, platform.models, user, draft, now=now, key=f"a{number}")
        for _ in range(2):
            made = running.request(
                platform.store, platform.queue, platform.models, user, agent.id, ExecutionRequest(),
                now=now, key="once",
            )  # fmt: skip
        platform.ledgers.accepted.add(made.id)
        runs.append(Run(platform, made.id, made.launch_id))
    return runs


def everything(run: Run, deliveries: int) -> list[Deliver]:
    times = 10 if deliveries == FEW else 40
    return [run.launch, run.check, run.claim, run.report, run.finish] * times


def deliver_all(messages: list[Deliver]) -> int:
    for deliver in messages:
        with suppress(Problem):
            deliver()
    return len(messages)

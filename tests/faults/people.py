"""What people do to their agents, at random; who gets no answer asks again with the same key."""

import random
from contextlib import suppress
from datetime import datetime
from typing import Any

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.agents import Agent, AgentDraft, AgentStatus
from ohmyagent.domain.errors import Problem
from ohmyagent.domain.executions import ExecutionRequest
from ohmyagent.domain.hooks import Hook, hook_context
from ohmyagent.domain.plans import Plans
from ohmyagent.domain.schedules import CatchUp, Overlap, Schedule
from ohmyagent.domain.signatures import Keys
from ohmyagent.use_cases import designing, hooking, planning, running
from tests.faults.chaos import Killed
from tests.faults.platform import Platform

HOURLY = ("7 * * * *", "0 * * * *", "30 21 * * *", "1 0 * * *", "45 */2 * * *")
OFTEN = ("*/5 * * * *", "*/15 * * * *", "*/20 22 * * *", *HOURLY)
HOOK_KEY = "whsec_" + "aG9vaw" * 6
MAILS = ("on_failure", "on_failure", "always", "always", "never")
ZONES = ("Asia/Seoul", "America/New_York", "Asia/Kathmandu", "UTC")


def schedule(rng: random.Random, user: User) -> Schedule | None:
    if rng.random() < 0.1:
        return None
    return Schedule(
        cron=rng.choice(OFTEN if user.plan == "owner" else HOURLY),
        timezone=rng.choice(ZONES),
        overlap=rng.choice(list(Overlap)),
        catch_up=rng.choice(list(CatchUp)),
    )


def draft(rng: random.Random, user: User, number: int) -> AgentDraft:
    limits = {"maxCostMicroUsd": rng.choice((1_000, 3_000)), "monthlyCostMicroUsd": rng.choice((4_000, 40_000))}
    fields: dict[str, Any] = {
        "name": f"에이전트 {number}", "finalPrompt": "일해 줘", "limits": limits | {"timeoutSeconds": 60},
        "model": rng.choice(("haiku", "haiku", "unpriced")),
        "retry": {"times": rng.choice((0, 1, 2)), "afterCalls": rng.random() < 0.3},
        "notify": {"email": rng.choice(MAILS), "webhookUrl": rng.choice((None, "https://hooks.example.com/ended"))},
    }  # fmt: skip
    return AgentDraft.model_validate(fields).replace(schedule=schedule(rng, user))


class People:
    """Two users with a few agents each."""

    def __init__(self, platform: Platform, rng: random.Random) -> None:
        self._platform, self._rng = platform, rng
        address = rng.choice((None, "guest@example.com"))
        self.users = [
            platform.user("u-owner", "owner", "owner@example.com"), platform.user("u-guest", "guest", address)
        ]  # fmt: skip
        planning.publish(platform.real, Plans.parse('{"guest": {"agents": 10, "runsPerDay": 40}}'))
        self._owner: dict[str, User] = {}
        for number in range(rng.choice((3, 4, 5))):
            user, now = rng.choice(self.users), platform.time.now
            made = designing.create(
                platform.real, platform.models, user, draft(rng, user, number), now=now, key=f"agent-{number}"
            )
            self._owner[made.id] = user
            self._keep_hook(made.id, user)
        self._unanswered: list[tuple[str, str]] = []
        self._runs: list[str] = []
        self._keys = 0

    def act(self) -> None:
        """One wish of one person; what fails with a reason is their problem, what is not answered is tried again."""
        agent_id = self._rng.choice(list(self._owner))
        act = self._rng.choice(
            (self._run, self._run, self._run, self._edit, self._toggle, self._toggle, self._delete, self._restore,
             self._cancel, self._cancel, self._retry, self._rollback, self._hook, self._hook)
        )  # fmt: skip
        with suppress(Problem, Killed):
            act(agent_id, self._owner[agent_id])

    def _run(self, agent_id: str, user: User) -> None:
        if self._unanswered and self._rng.random() < 0.7:
            agent_id, key = self._unanswered.pop(0)
            user = self._owner[agent_id]
        else:
            self._keys += 1
            key = f"run-{self._keys}"
        text = None if key.endswith(("1", "2", "3")) else "자료"
        try:
            made = running.request(
                self._platform.store, self._platform.queue, self._platform.models, user, agent_id,
                ExecutionRequest(input=text), now=self._platform.time.now, key=key,
            )  # fmt: skip
        except BaseException:
            self._unanswered.append((agent_id, key))
            raise
        self._accepted(made.id)

    def _accepted(self, execution_id: str) -> None:
        self._platform.ledgers.accepted.add(execution_id)
        self._runs.append(execution_id)

    def _edit(self, agent_id: str, user: User) -> None:
        current = self._current(agent_id)
        wanted = current.draft.replace(schedule=schedule(self._rng, user))
        designing.save(self._platform.store, self._platform.models, user, agent_id, wanted, now=self._now)

    def _toggle(self, agent_id: str, user: User) -> None:
        current = self._current(agent_id)
        other = AgentStatus.PAUSED if current.status is AgentStatus.ACTIVE else AgentStatus.ACTIVE
        wanted = current.draft.replace(status=other)
        designing.save(self._platform.store, self._platform.models, user, agent_id, wanted, now=self._now)

    def _rollback(self, agent_id: str, user: User) -> None:
        designing.rollback(self._platform.store, self._platform.models, user, agent_id, 1, now=self._now)

    def _delete(self, agent_id: str, user: User) -> None:
        if self._rng.random() < 0.4:
            designing.delete(self._platform.store, user, agent_id, now=self._now)

    def _restore(self, agent_id: str, user: User) -> None:
        designing.restore(self._platform.store, user, agent_id, now=self._now)

    def _cancel(self, agent_id: str, user: User) -> None:
        if self._runs:
            id = self._rng.choice(self._runs[-4:])
            owner = self._owner[records.executions.get(self._platform.real, id).agent_id]
            running.cancel(
                self._platform.store, self._platform.queue, owner, id, pace=self._platform.pace, now=self._now
            )

    def _retry(self, agent_id: str, user: User) -> None:
        if self._runs:
            id = self._rng.choice(self._runs)
            owner = self._owner[records.executions.get(self._platform.real, id).agent_id]
            made = running.retry(
                self._platform.store, self._platform.queue, self._platform.models, owner, id,
                now=self._now, key=f"retry-{id}",
            )  # fmt: skip
            self._accepted(made.id)

    def _keep_hook(self, agent_id: str, user: User) -> None:
        """With an id that follows from the agent's, so that a seed replays."""
        id, vault = f"h_{agent_id}", self._platform.vault
        keys = Keys(sealed=vault.seal(HOOK_KEY, hook_context(user.id, agent_id, id)))
        hook = Hook(id=id, agent_id=agent_id, user_id=user.id, keys=keys, created_at=self._now)
        records.hooks.put(self._platform.real, id, hook)

    def _hook(self, agent_id: str, user: User) -> None:
        """A message to a hook: a new one, or one that was sent before, whether or not it was answered."""
        sent = self._platform.ledgers.messages
        known = [message for message in sent if message.startswith(f"h_{agent_id} ")]
        again = known and self._rng.random() < 0.6
        name = self._rng.choice(known) if again else f"h_{agent_id} msg-{len(sent)}"
        message = hooking.Message(b'{"n": 1}', "application/json", name.partition(" ")[2], None, None, HOOK_KEY, None)
        platform, answers = self._platform, sent.setdefault(name, set())
        made = hooking.accept(
            platform.store, platform.queue, platform.models, platform.vault, f"h_{agent_id}", message, self._now
        )
        answers.add(made.id)
        self._accepted(made.id)

    def _current(self, agent_id: str) -> Agent:
        return records.agents.get(self._platform.real, agent_id)

    @property
    def _now(self) -> datetime:
        return self._platform.time.now

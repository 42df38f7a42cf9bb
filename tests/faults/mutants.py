"""Bugs planted on purpose: the harness is worth its time only if it finds each of them."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from ohmyagent import records
from ohmyagent.adapters.local.task_rows import Claimed, TaskRows
from ohmyagent.domain.costs import ModelTable, TokenUsage
from ohmyagent.domain.deliveries import Attempt, Delivery
from ohmyagent.domain.executions import Execution, Lease, Status
from ohmyagent.domain.mail import OutboxMail
from ohmyagent.domain.text import digest, new_id
from ohmyagent.domain.usage import Ledger
from ohmyagent.ports import Courier, Posted, Queue, Store, Transaction, Vault
from ohmyagent.use_cases import delivering, hooking, mailing
from ohmyagent.use_cases.noticing import Notices
from ohmyagent.use_cases.running import claims, ends, sweeps
from ohmyagent.use_cases.running.aftermath import Aftermath
from ohmyagent.use_cases.ticking import instants, ticks

Plant = Callable[[pytest.MonkeyPatch], None]


def tick_moves_the_clock_first(patch: pytest.MonkeyPatch) -> None:
    """The next instant in one transaction, the documents in another: a death between them loses what was due."""

    def pages(
        store: Store,
        models: ModelTable,
        ids: list[str],
        clock: ticks.Clock,
        rules: ticks.Rules,
        now: datetime,
        aside: list[str],
    ) -> Iterator[list[Execution]]:
        for agent in [records.agents.get(store, id) for id in ids]:
            due, following = instants.due_until(agent, now + clock.ahead)
            store.update(records.agents.path(agent.id), {"nextRunAt": following})
            made = list(instants.documents(agent, models.find(agent.model), due, now, lambda _: False))
            made = [*_stored(store, made, now)]
            yield made

    patch.setattr(ticks, "_pages", pages)


def _stored(store: Store, made: list[Execution], now: datetime) -> Iterator[Execution]:
    for execution in made:
        yield records.executions.put(store, execution.id, execution)


def tick_names_runs_at_random(patch: pytest.MonkeyPatch) -> None:
    """An execution's id does not follow from its instant: after a step of the clock it is made twice."""
    patch.setattr(instants, "_id", lambda agent, due: new_id("x"))


def claim_works_twice(patch: pytest.MonkeyPatch) -> None:
    """The execution does not remember that it was claimed."""

    def claimed(
        self: Execution, nonce: str, token: str, now: datetime, lease: timedelta, **told: str | None
    ) -> Execution:
        kept = Lease(expires_at=now + lease, deadline=now + timedelta(hours=1))
        return self.replace(
            status=Status.RUNNING, start_time=now, token_digest=digest(token), lease=kept, handle=told["handle"]
        )

    patch.setattr(Execution, "claimed", claimed)


def finish_ends_twice(patch: pytest.MonkeyPatch) -> None:
    """A report is taken from whoever once held the run, also after its end."""

    def closed(self: Execution, status: Status, now: datetime, **found: Any) -> Execution:
        return self.replace(status=status, end_time=now, lease=None, **found)

    patch.setattr(Execution, "held_by", lambda self, token, epoch: self)
    patch.setattr(Execution, "closed", closed)


def finish_forgets_open_calls(patch: pytest.MonkeyPatch) -> None:
    """A call that was under way at the end costs nothing."""
    patch.setattr(Ledger, "ended", lambda self: self.replace(closed=True, open_calls=()))


def finish_keeps_the_agent(patch: pytest.MonkeyPatch) -> None:
    """The agent is not free again, so what waits for it waits for ever."""
    counted = ends._counted
    kept = "active_execution_id"
    patch.setattr(ends, "_counted", lambda agent, *more: counted(agent, *more).replace(**{kept: getattr(agent, kept)}))


def settle_counts_twice(patch: pytest.MonkeyPatch) -> None:
    """A settlement whose reply was lost is charged again when it is repeated."""
    settling = Ledger.settling

    def again(
        self: Ledger, call_id: str, cost: int | None, usage: TokenUsage, searches: int, *, partial: bool
    ) -> Ledger:
        after = settling(self, call_id, cost, usage, searches, partial=partial)
        return after if after is not self else self.replace(spent=self.spent + (cost or 0), usage=self.usage + usage)

    patch.setattr(Ledger, "settling", again)


def queue_forgets_what_it_hands_out(patch: pytest.MonkeyPatch) -> None:
    """A task is done once it is taken: if its worker dies, nobody takes it again."""
    claim = TaskRows.claim

    def taken(self: TaskRows, kind: str) -> Claimed | None:
        claimed = claim(self, kind)
        if claimed is not None:
            self.settle(claimed, "done", 0.0, 1)
        return claimed

    patch.setattr(TaskRows, "claim", taken)


def queue_is_early(patch: pytest.MonkeyPatch) -> None:
    """Work is handed out a minute before it is due."""
    add = TaskRows.add

    def hurried(self: TaskRows, task: Any) -> bool:
        due = None if task.due is None else task.due - timedelta(minutes=1)
        return add(self, type(task)(task.kind, task.name, task.body, due))

    patch.setattr(TaskRows, "add", hurried)


def outbox_forgets_the_mark(patch: pytest.MonkeyPatch) -> None:
    """A mail does not remember that an attempt is under way: after a death in it, it goes out again."""

    def sending(self: OutboxMail, domain: str, now: datetime) -> OutboxMail:
        return self.replace(attempts=self.attempts + 1, attempt_at=now, message_id=f"<{self.id}@{domain}>")

    patch.setattr(OutboxMail, "sending", sending)


def outbox_tries_again_when_unsure(patch: pytest.MonkeyPatch) -> None:
    """Where nobody knows whether a mail went, it goes again."""
    ended = mailing._ended

    def again(tx: Transaction, taken: OutboxMail, posted: Posted, *more: Any) -> OutboxMail:
        return ended(tx, taken, Posted.LATER if posted is Posted.UNKNOWN else posted, *more)

    patch.setattr(mailing, "_ended", again)


def outbox_is_written_after_the_cause(patch: pytest.MonkeyPatch) -> None:
    """An end in one transaction, its mails in another: a death between them loses the mails."""
    left: list[Notices] = []
    resume = ends.resume

    def write(self: Aftermath, tx: Transaction) -> None:
        left.append(self.notices)
        self_without_mails = Aftermath(self.agent, self.left, Notices())
        kept(self_without_mails, tx)

    def resumed(store: Store, queue: Queue, ended: Execution) -> None:
        while left:
            store.transact(left.pop().write)
        resume(store, queue, ended)

    kept = Aftermath.write
    patch.setattr(Aftermath, "write", write)
    for module in (ends, sweeps, claims):
        patch.setattr(module, "resume", resumed)


def webhook_is_done_before_it_is_posted(patch: pytest.MonkeyPatch) -> None:
    """A delivery counts as delivered, and then it is posted: a death between them loses it."""
    attempt = delivering._attempt

    def hopeful(store: Store, vault: Vault, courier: Courier, delivery: Delivery, *more: Any) -> Attempt:
        done = Attempt(at=more[-1], http_status=200)
        records.deliveries.put(store, delivery.id, delivery.attempted(done))
        attempt(store, vault, courier, delivery, *more)
        return done

    patch.setattr(delivering, "_attempt", hopeful)


def hook_forgets_its_messages(patch: pytest.MonkeyPatch) -> None:
    """A message that comes again starts another run."""
    patch.setattr(hooking, "_name", lambda message: new_id("m"))


def retry_repeats_model_calls(patch: pytest.MonkeyPatch) -> None:
    """What a model was called for is done again although nobody said so."""
    patch.setattr(Ledger, "touched", False)


MUTANTS: tuple[Plant, ...] = (
    tick_moves_the_clock_first,
    claim_works_twice,
    finish_ends_twice,
    finish_forgets_open_calls,
    finish_keeps_the_agent,
    settle_counts_twice,
    queue_forgets_what_it_hands_out,
    queue_is_early,
    outbox_forgets_the_mark,
    outbox_tries_again_when_unsure,
    outbox_is_written_after_the_cause,
    webhook_is_done_before_it_is_posted,
    hook_forgets_its_messages,
    retry_repeats_model_calls,
)
RARE: tuple[Plant, ...] = (tick_names_runs_at_random,)
"""Those that show in few histories only: minutes of looking."""

"""Runs that the platform lost are repeated, as often as their agent says: written together with their end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from ohmyagent import records
from ohmyagent.domain.agents import Agent
from ohmyagent.domain.executions import Execution, ExecutionInput, Status
from ohmyagent.domain.text import derived_id
from ohmyagent.domain.usage import Ledger
from ohmyagent.ports import Transaction

PLATFORM = ("lost", "sandbox", "upstream", "workspace", "host_disk", "host_memory")
"""Ends that say nothing of the agent or its work."""
PAUSES = (timedelta(seconds=30), timedelta(minutes=5))
"""Before the second and the third attempt: what broke is seldom whole in the same second."""


@dataclass(frozen=True)
class Repeat:
    """Read and decided; `write` is for later in the same transaction."""

    run: Execution
    input: ExecutionInput | None

    @classmethod
    def of(cls, tx: Transaction, ended: Execution, now: datetime) -> Self:
        """Of an end after which one `is_wanted`; reads only."""
        run = ended.repeated(derived_id("x", ended.id, "retry"), now + PAUSES[ended.attempt - 1], now)
        given = records.inputs.get(tx, ended.id) if ended.has_input else None
        return cls(run, given.replace(id=run.id) if given else None)

    def write(self, tx: Transaction) -> None:
        if self.input is not None:
            records.inputs.put(tx, self.input.id, self.input)
        records.executions.put(tx, self.run.id, self.run)


def is_wanted(ended: Execution, agent: Agent | None, ledger: Ledger | None) -> bool:
    """Whether the end is the platform's, its agent wants another attempt, and nothing would be done twice unasked."""
    policy = ended.agent.retry
    if agent is None or agent.deleted_at is not None or agent.paused_reason is not None or ended.attended:
        return False
    if ended.status is not Status.FAILED or ended.error_code not in PLATFORM or ended.cancel_requested_at is not None:
        return False
    return ended.attempt <= policy.times and (policy.after_calls or ledger is None or not ledger.touched)

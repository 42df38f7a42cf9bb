"""What a run's end means for its agent: counted, perhaps stopped or going on, and who hears of it."""

from dataclasses import dataclass
from datetime import datetime

from ohmyagent import records
from ohmyagent.domain.agents import Agent
from ohmyagent.domain.executions import Execution
from ohmyagent.domain.usage import Month, month_of
from ohmyagent.ports import Transaction
from ohmyagent.use_cases import noticing, pausing, planning
from ohmyagent.use_cases.noticing import Notices
from ohmyagent.use_cases.ticking.changes import left_behind


@dataclass(frozen=True)
class Aftermath:
    """Read and decided; `write` is for later in the same transaction."""

    agent: Agent
    left: tuple[Execution, ...]
    notices: Notices

    def write(self, tx: Transaction) -> None:
        records.agents.put(tx, self.agent.id, self.agent)
        for execution in self.left:
            records.executions.put(tx, execution.id, execution)
        self.notices.write(tx)


def aftermath(tx: Transaction, before: Agent, counted: Agent, run: Execution, month: Month, now: datetime) -> Aftermath:
    """`counted` is the agent with the run in its totals, `month` the one that the run is booked in.  Reads only."""
    glance = records.Glance(tx)  # a plan or a suspension of this very moment counts from the next run on
    user = records.users.find(glance, before.user_id)
    current = month if month.month == month_of(now) else Month.empty(before.user_id, month_of(now))
    cap = planning.plan_of(glance, user).monthly_micro_usd if user else None
    after = pausing.judged(counted, run, user, cap, current, now)
    left = tuple(left_behind(tx, before, after, now))
    return Aftermath(after, left, noticing.of_end(tx, user, before, after, run, now))

"""What a changed schedule leaves behind: nothing that was due, or made ahead of its time, goes without a word."""

from datetime import datetime
from itertools import dropwhile

from ohmyagent import records
from ohmyagent.domain.agents import Agent
from ohmyagent.domain.executions import Execution, Status
from ohmyagent.use_cases.ticking.instants import closed, due_until, kept, pause


def left_behind(documents: records.Documents, before: Agent, after: Agent, now: datetime) -> list[Execution]:
    """The executions to write together with `after`, when its clock was set anew; reads only.

    Runs made ahead are skipped, instants that were due and not ticked yet are too, and time paused is one interval.
    """
    if before.scheduled == after.scheduled and before.schedule == after.schedule:
        return []
    stopped = after.paused_reason.value if after.paused_reason else "paused"
    code = stopped if after.deleted_at is None and not after.scheduled else "schedule_changed"
    code = "agent_deleted" if after.deleted_at is not None else code
    found = [execution for id in before.planned if (execution := records.executions.find(documents, id))]
    ahead = [run for run in found if run.waits and run.due_time is not None and run.due_time > now]
    left = [run.closed(Status.SKIPPED, now, error_code=code) for run in ahead]
    due = list(dropwhile(kept(documents, before), due_until(before, now)[0]))
    if due:
        left.append(closed(before, due, Status.SKIPPED, code, now))
    if before.paused_at is not None and after.paused_at is None and after.deleted_at is None:
        left.append(pause(before, before.paused_at, now, now))
    return left

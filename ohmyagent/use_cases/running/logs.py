"""Reading executions and their events."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.agents import Agent
from ohmyagent.domain.errors import NotFound
from ohmyagent.domain.executions import Execution, Launch, Status
from ohmyagent.domain.permissions import Action, may
from ohmyagent.ports import Store, Where


@dataclass(frozen=True)
class Log:
    """Events after a seq.  `done` means that no more will come."""

    items: list[dict[str, Any]]
    last_seq: int
    done: bool


def find(documents: records.Readable, user: User, execution_id: str) -> Execution:
    """The user's execution; raises NotFound for an unknown one and for another's alike."""
    execution = records.executions.find(documents, execution_id)
    if execution is None or not may(user, Action.SEE, execution):
        raise NotFound()
    return execution


def agent_of(documents: records.Readable, execution: Execution) -> Agent | None:
    """The agent that the run counts for and whose workspace it uses: none for a rehearsal, or after its deletion."""
    return None if execution.rehearsal else records.agents.find(documents, execution.agent_id)


def members(documents: records.Readable, launch_id: str) -> tuple[str, ...]:
    """The ids of a launch's runs by their index; raises NotFound."""
    return records.launches.get(documents, launch_id).executions if Launch.is_document(launch_id) else (launch_id,)


def batch_id(from_seq: int) -> str:
    """The id of the batch of events that begins there."""
    return f"{from_seq:09d}"


def shown(store: Store, execution: Execution) -> Execution:
    """The execution with what it has spent so far, while it runs."""
    if execution.ended or execution.start_time is None:
        return execution
    ledger = records.ledgers.find(store, execution.id) or execution.ledger
    if ledger is None:
        return execution
    return execution.replace(token_usage=ledger.usage, cost_micro_usd=ledger.cost, cost_partial=ledger.partial)


def page(
    store: Store,
    user: User,
    *,
    agent_id: str | None = None,
    status: Status | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> tuple[list[Execution], str | None]:
    """The user's executions, newest first, created in [since, until)."""
    where = [Where("userId", "==", user.id)]
    if agent_id:
        where.append(Where("agentId", "==", agent_id))
    if status:
        where.append(Where("status", "==", status.value))
    if since:
        where.append(Where("createdAt", ">=", since))
    if until:
        where.append(Where("createdAt", "<", until))
    return records.executions.page(store, *where, newest="createdAt", limit=limit, after=cursor)


def log(store: Store, execution: Execution, after: int, limit: int = 100) -> Log:
    """Events with seq > after, from at most `limit` batches.  `execution` must have been read before the call."""
    found, cursor = records.batches(execution.id).page(
        store, Where("lastSeq", ">", after), oldest="lastSeq", limit=limit
    )
    last = execution.last_seq if execution.ended else None
    events = [e for batch in found for e in batch.events if e["seq"] > after and (last is None or e["seq"] <= last)]
    last_seq = max([after, *(e["seq"] for e in events)])
    return Log(items=events, last_seq=last_seq, done=execution.ended and cursor is None)


def last_kept_seq(store: Store, execution: Execution) -> int:
    """The seq of the last event kept; 0 if there is none."""
    batches = records.batches(execution.id)
    found, _ = batches.page(store, newest="lastSeq", limit=1)
    return found[0].last_seq if found else 0

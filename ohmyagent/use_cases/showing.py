"""Cards that come into a conversation by themselves: after a click, and while a trial run goes on.

The documents are the truth and the cards tell of them: one that is lost in a crash is shown by the next.
"""

from contextlib import suppress
from datetime import datetime

import structlog

from ohmyagent import records
from ohmyagent.domain.agents import Agent
from ohmyagent.domain.cards import AgentCard, DraftCard, said
from ohmyagent.domain.drafts import Draft
from ohmyagent.domain.errors import NotFound, Unavailable
from ohmyagent.domain.executions import Execution
from ohmyagent.domain.record import Record
from ohmyagent.ports import Store, Transaction
from ohmyagent.use_cases import rehearsing
from ohmyagent.use_cases.talking.events import append

log = structlog.get_logger()


def draft(store: Store, draft: Draft, now: datetime) -> None:
    """The draft as it is, on the card that showed it last."""
    _show(store, draft.id, draft.card or f"draft-{draft.revision}", "draft", DraftCard.shown(draft), now)


def agent(store: Store, draft: Draft, agent: Agent, now: datetime) -> None:
    """The agent that was saved."""
    card = AgentCard(
        agent_id=agent.id,
        name=agent.name,
        status=agent.status,
        next_run_at=agent.next_run_at,
        schedule_text=said(agent.schedule),
    )
    _show(store, draft.id, f"agent-{agent.id}", "agent", card, now)


def rehearsal(store: Store, execution: Execution, now: datetime) -> None:
    """How a trial run stands; nothing when its conversation is gone.  No run is stopped by not being shown."""
    try:
        _rehearsal(store, execution, now)
    except Unavailable:
        log.warning("A trial run was not shown", execution=execution.id)


def _rehearsal(store: Store, execution: Execution, now: datetime) -> None:
    if execution.conversation_id is None:
        return
    found = records.drafts.find(store, execution.conversation_id)
    conversation = records.conversations.find(store, execution.conversation_id)
    if found is None or conversation is None or conversation.deleted_at is not None:
        return
    card = rehearsing.card(store, found, execution, now)
    _show(store, found.id, rehearsing.card_id(card), "rehearsal", card, now)


def _show(store: Store, conversation_id: str, card_id: str, kind: str, data: Record, now: datetime) -> None:
    """Not in a conversation that is gone: what is kept below one that was erased is found by no erasure."""

    def work(tx: Transaction) -> None:
        conversation = records.conversations.find(tx, conversation_id)
        if conversation is None or conversation.deleted_at is not None:
            raise NotFound()

    shown = {"type": "card", "turn": None, "card": card_id, "kind": kind, "data": data.model_dump(mode="json")}
    with suppress(NotFound):
        append(store, conversation_id, [shown], now=now, work=work)

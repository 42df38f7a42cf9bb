"""Talking with an agent itself: each message is a run of it, within what the person agreed to spend."""

from datetime import datetime
from uuid import UUID

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.conversations import Conversation, Mode, Turn
from ohmyagent.domain.costs import ModelTable
from ohmyagent.domain.errors import Gone, KeyReused
from ohmyagent.domain.executions import Execution, ExecutionRequest, Trigger
from ohmyagent.domain.runner import Pace
from ohmyagent.domain.talks import Talk, TalkRequest
from ohmyagent.domain.text import derived_id, digest, new_id
from ohmyagent.ports import Files, Queue, Store, Transaction
from ohmyagent.use_cases import designing, running, uploading


def begin(
    store: Store, user: User, agent_id: str, wanted: TalkRequest, *, now: datetime, key: str | None = None
) -> Conversation:
    """A conversation with the agent, and the person's consent to what it may cost in all; nothing runs yet.

    The same `key` is the same conversation.  Raises NotFound, KeyReused.
    """
    place = derived_id("v", user.id, agent_id, "talks", key) if key else new_id("v")

    def work(tx: Transaction) -> Conversation:
        agent = designing.find(tx, user, agent_id)
        found = records.conversations.find(tx, place)
        if found is not None:
            if found.budget_micro_usd != wanted.cap_micro_usd:
                raise KeyReused()
            return found
        talk = Talk(
            id=place, user_id=user.id, agent_id=agent.id, session=session_of(place),
            cap_micro_usd=wanted.cap_micro_usd, created_at=now,
        )  # fmt: skip
        conversation = Conversation(
            id=place, user_id=user.id, agent_id=agent.id, mode=Mode.AGENT, title=agent.name,
            created_at=now, updated_at=now, budget_micro_usd=wanted.cap_micro_usd,
        )  # fmt: skip
        records.talks.create(tx, talk.id, talk)
        return records.conversations.create(tx, conversation.id, conversation)

    return store.transact(work)


def ask(
    store: Store, queue: Queue, files: Files, models: ModelTable, user: User, turn: Turn, now: datetime
) -> Execution:
    """The run that answers the turn, once however often it is asked for; files of the message go into its workspace.

    Raises NotFound when the agent is gone, AgentRunning when there are files and another run uses the workspace.
    """
    talk = records.talks.get(store, turn.conversation_id)
    uploading.move(store, files, user, [file.id for file in turn.files], talk.agent_id, now)
    wanted = ExecutionRequest(input=turn.text)
    return running.request(
        store, queue, models, user, talk.agent_id, wanted, now=now, trigger=Trigger.CHAT, key=turn.id, talk_id=talk.id
    )


def stop(store: Store, queue: Queue, user: User, execution_id: str, *, pace: Pace, now: datetime) -> None:
    """Have the run ended; it is no error if it has."""
    try:
        running.cancel(store, queue, user, execution_id, pace=pace, now=now)
    except Gone:
        return


def session_of(place: str) -> str:
    """The CLI's session of a conversation, in the form that it takes."""
    return str(UUID(hex=digest(place)[:32], version=4))

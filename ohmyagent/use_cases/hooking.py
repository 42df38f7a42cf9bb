"""Webhooks in: other programs start an agent, with a body that is data and never instructions."""

from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from ohmyagent import records
from ohmyagent.domain import signatures
from ohmyagent.domain.accounts import User
from ohmyagent.domain.agents import AgentStatus
from ohmyagent.domain.costs import ModelTable
from ohmyagent.domain.errors import Conflict, Invalid, KeyReused, NotFound, Unauthenticated
from ohmyagent.domain.executions import Execution, ExecutionRequest, Trigger
from ohmyagent.domain.hooks import MOST_HOOKS, Hook, hook_context, input_text
from ohmyagent.domain.signatures import Keys, new_key
from ohmyagent.domain.text import new_id
from ohmyagent.ports import Queue, Store, Transaction, Vault, Where
from ohmyagent.use_cases import designing, explaining, running


@dataclass(frozen=True)
class Message:
    """What came to a hook.  `id`, `timestamp` and `signature` are the headers `webhook-…`."""

    body: bytes
    media_type: str
    id: str | None
    timestamp: str | None
    signature: str | None
    bearer: str | None
    key: str | None

    def __repr__(self) -> str:
        return f"Message({len(self.body)} bytes)"


def create(store: Store, vault: Vault, user: User, agent_id: str, now: datetime) -> tuple[Hook, str]:
    """A new hook and its key in the clear, which is shown this once."""
    if len(listing(store, user, agent_id)) >= MOST_HOOKS:
        raise Conflict(
            f"An agent has at most {MOST_HOOKS} webhooks.", korean=f"에이전트의 웹훅은 {MOST_HOOKS}개까지입니다."
        )
    id, key = new_id("h"), new_key()
    keys = Keys(sealed=vault.seal(key, hook_context(user.id, agent_id, id)))
    hook = Hook(id=id, agent_id=agent_id, user_id=user.id, keys=keys, created_at=now)
    return records.hooks.create(store, hook.id, hook), key


def listing(store: Store, user: User, agent_id: str) -> list[Hook]:
    """The agent's hooks, oldest first."""
    designing.find(store, user, agent_id)
    found, _ = records.hooks.page(store, Where("agentId", "==", agent_id), oldest="createdAt", limit=MOST_HOOKS)
    return found


def rotate(store: Store, vault: Vault, user: User, agent_id: str, hook_id: str, now: datetime) -> tuple[Hook, str]:
    """Another key, shown this once; the present one holds for 24 hours more."""
    key = new_key()
    sealed = vault.seal(key, hook_context(user.id, agent_id, hook_id))

    def work(tx: Transaction) -> Hook:
        hook = _find(tx, user, agent_id, hook_id)
        return records.hooks.put(tx, hook.id, hook.replace(keys=hook.keys.rotated(sealed, now)))

    return store.transact(work), key


def remove(store: Store, user: User, agent_id: str, hook_id: str) -> None:
    """Its address is gone at once.  Raises NotFound."""
    hook = _find(store, user, agent_id, hook_id)
    records.hooks.delete(store, hook.id)


def accept(
    store: Store, queue: Queue, models: ModelTable, vault: Vault, hook_id: str, message: Message, now: datetime
) -> Execution:
    """The run that the message starts; the same `webhook-id` at the same hook is the same run, whenever it comes.

    Raises NotFound, Unauthenticated without saying what is wrong, Conflict while the agent is not in use, RateLimited.
    """
    hook = records.hooks.get(store, hook_id)
    agent = records.agents.find(store, hook.agent_id)
    if agent is None or agent.deleted_at is not None:
        raise NotFound()
    context = hook_context(hook.user_id, hook.agent_id, hook.id)
    keys = [vault.unseal(sealed, context) for sealed in hook.keys.holding(now)]
    if not _authentic(message, keys, now):
        raise Unauthenticated(
            "The webhook's signature or secret is not right.", korean="웹훅의 서명이나 비밀 값이 맞지 않습니다."
        )
    name = _name(message)
    key = f"{hook.id} {name}"  # the blank keeps it apart from every Idempotency-Key that a person can send
    known = records.executions.find(store, running.requested_id(hook.user_id, hook.agent_id, key))
    if known is not None:
        return known
    if agent.paused_reason is not None:
        reason = f"stopped_{agent.paused_reason.value}"
        raise Conflict(explaining.sentence(reason, None, "en"), korean=explaining.sentence(reason, None, "ko"))
    if agent.status is not AgentStatus.ACTIVE:
        raise Conflict(
            "The agent is paused, so it takes no webhooks.", korean="에이전트가 멈춰 있어 웹훅을 받지 않습니다."
        )
    user = records.users.get(store, hook.user_id)
    store.transact(lambda tx: records.hooks.put(tx, hook.id, records.hooks.get(tx, hook.id).used_at(now)))
    # not validated: a binary body is longer as text than what a person may send
    wanted = ExecutionRequest.model_construct(input=input_text(message.body, message.media_type))
    try:
        return running.request(store, queue, models, user, agent.id, wanted, now=now, trigger=Trigger.WEBHOOK, key=key)
    except KeyReused:  # two at once with one id and two bodies: the first one counts
        return records.executions.get(store, running.requested_id(user.id, agent.id, key))


def _authentic(message: Message, keys: list[str], now: datetime) -> bool:
    """A message that is signed is judged by its signature alone."""
    if message.signature is not None:
        id, timestamp = message.id or "", message.timestamp or ""
        return signatures.verified(keys, id, timestamp, message.signature, message.body, now)
    given = (message.bearer or "").encode("utf-8", "replace")
    return any(compare_digest(given, key.encode("ascii")) for key in keys)


def _name(message: Message) -> str:
    """What tells this message from others; a random name if the sender gave none.  Raises Invalid."""
    if message.id is not None:
        if not signatures.MESSAGE_ID.match(message.id):
            raise Invalid.of("webhook-id", "does not have the right form")
        return f"id {message.id}"
    return f"key {message.key}" if message.key is not None else new_id("m")


def _find(documents: records.Documents, user: User, agent_id: str, hook_id: str) -> Hook:
    designing.find(documents, user, agent_id)
    hook = records.hooks.get(documents, hook_id)
    if hook.agent_id != agent_id:
        raise NotFound()
    return hook

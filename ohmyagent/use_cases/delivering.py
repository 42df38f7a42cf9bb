"""Webhooks out: every end reaches the agent's address, or a day of attempts says why it did not.

At least once: a receiver tells repetitions by `webhook-id`, which is the same in all attempts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.deliveries import (
    Announcement,
    Attempt,
    Delivery,
    DeliveryStatus,
    EndedExecution,
    WebhookSecret,
)
from ohmyagent.domain.errors import AlreadyExists
from ohmyagent.domain.executions import Execution
from ohmyagent.domain.signatures import Keys, new_key, signature
from ohmyagent.ports import Courier, Queue, Store, Task, Transaction, Undelivered, Vault, Where
from ohmyagent.use_cases import designing, explaining

PAGE = 100
OVERDUE = timedelta(minutes=1)
"""After it, the task of an attempt counts as lost and is queued again, each minute under another name."""


@dataclass(frozen=True)
class SharedSecret:
    """An agent's key in the clear, for its owner."""

    secret: str
    kept: WebhookSecret

    def __repr__(self) -> str:
        return f"SharedSecret({self.kept.id!r})"


def dispatch(store: Store, queue: Queue, now: datetime) -> int:
    """Queue every attempt that is due; returns how many.  Safe at any time and in parallel."""
    due, _ = records.deliveries.page(
        store,
        Where("status", "==", DeliveryStatus.PENDING.value),
        Where("nextAttemptAt", "<=", now),
        oldest="nextAttemptAt",
        limit=PAGE,
    )
    return sum(queue.enqueue(_task(delivery, now)) for delivery in due)


def _task(delivery: Delivery, now: datetime) -> Task:
    assert delivery.next_attempt_at is not None
    number = len(delivery.attempts)
    again = now.strftime("-%Y%m%dT%H%MZ") if now > delivery.next_attempt_at + OVERDUE else ""
    return Task("webhook", f"{delivery.id}-{number}{again}", {"deliveryId": delivery.id, "attempt": str(number)})


def deliver(store: Store, vault: Vault, courier: Courier, delivery_id: str, attempt: int, now: datetime) -> None:
    """Make one attempt and keep what came of it; nothing if that attempt was made already."""
    delivery = records.deliveries.get(store, delivery_id)
    if delivery.status is not DeliveryStatus.PENDING or len(delivery.attempts) != attempt:
        return
    agent = records.agents.find(store, delivery.agent_id)
    owner = records.users.find(store, delivery.user_id)
    if agent is None or agent.deleted_at is not None or owner is None:
        records.deliveries.put(store, delivery.id, delivery.given_up())
        return
    made = _attempt(store, vault, courier, delivery, owner, now)

    def work(tx: Transaction) -> None:
        current = records.deliveries.get(tx, delivery_id)
        if current.status is DeliveryStatus.PENDING and len(current.attempts) == attempt:
            records.deliveries.put(tx, delivery_id, current.attempted(made))

    store.transact(work)


def _attempt(store: Store, vault: Vault, courier: Courier, delivery: Delivery, owner: User, now: datetime) -> Attempt:
    execution = records.executions.get(store, delivery.execution_id)
    body = announcement(execution, owner.locale)
    kept = _secret(store, vault, delivery.user_id, delivery.agent_id, now)
    timestamp = int(now.timestamp())
    keys = [vault.unseal(sealed, kept.context) for sealed in kept.keys.holding(now)]
    headers = {
        "Content-Type": "application/json",
        "webhook-id": delivery.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(key, delivery.id, timestamp, body) for key in keys),
    }
    try:
        return Attempt(at=now, http_status=courier.post(delivery.url, headers, body))
    except Undelivered as undelivered:
        return Attempt(at=now, error=undelivered.reason)


def announcement(execution: Execution, language: str) -> bytes:
    """The body that tells of an end."""
    error = explaining.sentence(execution.error_code, execution.error, language)
    told = Announcement(
        timestamp=execution.end_time or execution.created_at, data=EndedExecution.shown(execution, error)
    )
    return told.model_dump_json(by_alias=True).encode()


def listing(
    store: Store, user: User, agent_id: str, *, limit: int = 50, cursor: str | None = None
) -> tuple[list[Delivery], str | None]:
    """What was delivered, is still tried or was given up, newest first."""
    designing.find(store, user, agent_id)
    owned = (Where("agentId", "==", agent_id), Where("userId", "==", user.id))
    return records.deliveries.page(store, *owned, newest="createdAt", limit=limit, after=cursor)


def secret(store: Store, vault: Vault, user: User, agent_id: str, now: datetime) -> SharedSecret:
    """What the agent's deliveries are signed with, made when it is first asked for."""
    designing.find(store, user, agent_id)
    kept = _secret(store, vault, user.id, agent_id, now)
    return SharedSecret(vault.unseal(kept.keys.sealed, kept.context), kept)


def rotate(store: Store, vault: Vault, user: User, agent_id: str, now: datetime) -> SharedSecret:
    """Another key; for 24 hours deliveries carry a signature by each of the two."""
    designing.find(store, user, agent_id)
    _secret(store, vault, user.id, agent_id, now)
    key = new_key()

    def work(tx: Transaction) -> WebhookSecret:
        kept = records.webhook_secrets.get(tx, agent_id)
        rotated = kept.keys.rotated(vault.seal(key, kept.context), now)
        return records.webhook_secrets.put(tx, agent_id, kept.replace(keys=rotated))

    return SharedSecret(key, store.transact(work))


def _secret(store: Store, vault: Vault, user_id: str, agent_id: str, now: datetime) -> WebhookSecret:
    """The agent's, made if there is none: of two that make one at once, the first counts."""
    found = records.webhook_secrets.find(store, agent_id)
    if found is not None:
        return found
    empty = WebhookSecret(id=agent_id, user_id=user_id, keys=Keys(sealed=""), created_at=now)
    made = empty.replace(keys=Keys(sealed=vault.seal(new_key(), empty.context)))
    try:
        return records.webhook_secrets.create(store, agent_id, made)
    except AlreadyExists:
        return records.webhook_secrets.get(store, agent_id)

"""Sending what the outbox holds: each mail once, and where nobody knows whether it went, not again."""

from collections.abc import Callable
from datetime import datetime

import structlog

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.errors import NotFound
from ohmyagent.domain.mail import MailState, OutboxMail
from ohmyagent.ports import Mail, Posted, Queue, Store, Task, Transaction, Where
from ohmyagent.use_cases import mails

log = structlog.get_logger()

PAGE = 100
ENDS = {
    Posted.ACCEPTED: MailState.SENT,
    Posted.KEPT: MailState.KEPT,
    Posted.REFUSED: MailState.FAILED,
    Posted.UNKNOWN: MailState.UNKNOWN,
}


def dispatch(store: Store, queue: Queue, now: datetime) -> int:
    """Queue every mail that is due; each attempt has a name of its own, so that repeating this changes nothing."""
    due, _ = records.outbox.page(
        store,
        Where("state", "==", MailState.QUEUED.value),
        Where("dueAt", "<=", now),
        oldest="dueAt",
        limit=PAGE,
    )
    return sum(queue.enqueue(_task(mail)) for mail in due)


def hurry(store: Store, queue: Queue, mail_id: str, now: datetime) -> None:
    """Queue one mail now if it is due, rather than with the next `dispatch`; repeating this changes nothing."""
    mail = records.outbox.find(store, mail_id)
    if mail is not None and mail.waits and mail.due_at <= now:
        queue.enqueue(_task(mail))


def _task(mail: OutboxMail) -> Task:
    return Task("mail", f"{mail.id}-{mail.attempts}", {"mailId": mail.id})


def deliver(store: Store, mail: Mail, mail_id: str, public_url: str, now: Callable[[], datetime]) -> None:
    """One attempt.  Who finds a mail already under way knows that the attempt died: it ends as `unknown`."""
    taken = store.transact(lambda tx: _taken(tx, mail_id, mail.domain, now()))
    if taken is None:
        return
    posted, reason = mail.send(mails.letter(taken, public_url))
    ended = store.transact(lambda tx: _ended(tx, taken, posted, reason, now()))
    log.info("mail", mail=mail_id, attempt=taken.attempts, state=ended.state.value)


def _taken(tx: Transaction, mail_id: str, domain: str, now: datetime) -> OutboxMail | None:
    found = records.outbox.find(tx, mail_id)
    if found is None or found.state not in (MailState.QUEUED, MailState.SENDING) or found.due_at > now:
        return None
    if found.state is MailState.SENDING:
        records.outbox.put(tx, found.id, found.ended(MailState.UNKNOWN, "interrupted", now))
        return None
    return records.outbox.put(tx, found.id, found.sending(domain))


def _ended(tx: Transaction, taken: OutboxMail, posted: Posted, reason: str | None, now: datetime) -> OutboxMail:
    current = records.outbox.get(tx, taken.id)
    if current.attempts != taken.attempts:
        return current
    after = taken.again(reason, now) if posted is Posted.LATER else taken.ended(ENDS[posted], reason, now)
    return records.outbox.put(tx, after.id, after)


def page(store: Store, user: User, *, limit: int, cursor: str | None) -> tuple[list[OutboxMail], str | None]:
    """The user's mails, newest first."""
    owned = Where("userId", "==", user.id)
    return records.outbox.page(store, owned, newest="createdAt", limit=limit, after=cursor)


def find(store: Store, user: User, mail_id: str) -> OutboxMail:
    """The user's mail; raises NotFound for an unknown and for another's."""
    found = records.outbox.find(store, mail_id)
    if found is None or found.user_id != user.id:
        raise NotFound()
    return found

"""Sending what the outbox holds: each mail once, and where nobody knows whether it went, not again."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.errors import NotFound
from ohmyagent.domain.mail import MailState, OutboxMail
from ohmyagent.domain.permissions import Action, may
from ohmyagent.domain.suppression import address_id
from ohmyagent.ports import Mail, Posted, Queue, Store, Task, Transaction, Where
from ohmyagent.use_cases import mails, suppressing
from ohmyagent.use_cases.vouching import Office

log = structlog.get_logger()

PAGE = 100
OVERDUE = timedelta(minutes=10)
"""After it the task of an attempt counts as lost or as a dead letter, and is queued again once an hour."""
ENDS = {
    Posted.ACCEPTED: MailState.SENT,
    Posted.KEPT: MailState.KEPT,
    Posted.REFUSED: MailState.FAILED,
    Posted.BOUNCED: MailState.FAILED,
    Posted.UNKNOWN: MailState.UNKNOWN,
}


def dispatch(store: Store, queue: Queue, now: datetime) -> int:
    """Queue every mail that is due; each attempt has a name of its own, so that repeating this changes nothing.

    None stays behind: what could not be tried is queued again each hour, and an attempt without an end is looked after.
    """
    due = _page(store, MailState.QUEUED, "dueAt", now)
    stuck = _page(store, MailState.SENDING, "attemptAt", now - OVERDUE)
    tasks = [_task(mail, mail.due_at, now) for mail in due] + [_task(mail, mail.attempt_at, now) for mail in stuck]
    return sum(queue.enqueue(task) for task in tasks)


def hurry(store: Store, queue: Queue, mail_id: str, now: datetime) -> None:
    """Queue one mail now if it is due, rather than with the next `dispatch`; repeating this changes nothing."""
    mail = records.outbox.find(store, mail_id)
    if mail is not None and mail.state is MailState.QUEUED and mail.due_at <= now:
        queue.enqueue(_task(mail, mail.due_at, now))


def _page(store: Store, state: MailState, instant: str, until: datetime) -> list[OutboxMail]:
    where = Where("state", "==", state.value), Where(instant, "<=", until)
    return records.outbox.page(store, *where, oldest=instant, limit=PAGE)[0]


def _task(mail: OutboxMail, since: datetime | None, now: datetime) -> Task:
    again = now.strftime("-%Y%m%dT%HZ") if since is not None and since < now - OVERDUE else ""
    return Task("mail", f"{mail.id}-{mail.attempts}{again}", {"mailId": mail.id})


def deliver(store: Store, mail: Mail, mail_id: str, office: Office, now: Callable[[], datetime]) -> None:
    """One attempt.  Who finds a mail already under way knows that the attempt died: it ends as `unknown`."""
    taken = store.transact(lambda tx: _taken(tx, mail_id, mail.domain, now()))
    if taken is None:
        return
    posted, reason = mail.send(mails.letter(taken, office.public_url, suppressing.link(office, taken)))
    ended = store.transact(lambda tx: _ended(tx, taken, posted, reason, now()))
    log.info("mail", mail=mail_id, attempt=taken.attempts, state=ended.state.value)


def _taken(tx: Transaction, mail_id: str, domain: str, now: datetime) -> OutboxMail | None:
    found = records.outbox.find(tx, mail_id)
    if found is not None and found.state is MailState.SENDING:
        records.outbox.put(tx, found.id, found.ended(MailState.UNKNOWN, "interrupted", now))
        return None
    if found is None or found.state is not MailState.QUEUED or found.due_at > now:
        return None
    unwanted = suppressing.reason(tx, found)
    if unwanted is not None:
        records.outbox.put(tx, found.id, found.ended(MailState.SUPPRESSED, unwanted, now))
        return None
    return records.outbox.put(tx, found.id, found.sending(domain, now))


def _ended(tx: Transaction, taken: OutboxMail, posted: Posted, reason: str | None, now: datetime) -> OutboxMail:
    current = records.outbox.get(tx, taken.id)
    if current.attempts != taken.attempts:
        return current
    address = taken.to or ""
    known = records.suppressions.find(tx, address_id(address))
    if posted in (Posted.BOUNCED, Posted.ACCEPTED):
        suppressing.settle(tx, known, address, now, bounce=posted is Posted.BOUNCED)
    after = taken.again(reason, now) if posted is Posted.LATER else taken.ended(ENDS[posted], reason, now)
    return records.outbox.put(tx, after.id, after)


def page(store: Store, user: User, *, limit: int, cursor: str | None) -> tuple[list[OutboxMail], str | None]:
    """The user's mails, newest first."""
    return page_of(store, user.id, limit=limit, cursor=cursor)


def page_of(store: Store, owner: str, *, limit: int, cursor: str | None) -> tuple[list[OutboxMail], str | None]:
    """The mails of an owner, who need not be a user, newest first."""
    owned = Where("userId", "==", owner)
    return records.outbox.page(store, owned, newest="createdAt", limit=limit, after=cursor)


def find(store: Store, user: User, mail_id: str) -> OutboxMail:
    """The user's mail; raises NotFound for an unknown and for another's."""
    found = records.outbox.find(store, mail_id)
    if found is None or not may(user, Action.SEE, found):
        raise NotFound()
    return found


def found_of(store: Store, owner: str, mail_id: str) -> OutboxMail:
    """The mail of an owner, who need not be a user; raises NotFound."""
    found = records.outbox.find(store, mail_id)
    if found is None or found.user_id != owner:
        raise NotFound()
    return found

"""Which mails an event causes: the first failure at once, then a digest each morning, then the recovery."""

from dataclasses import dataclass
from datetime import datetime

from ohmyagent import records
from ohmyagent.domain.accounts import User
from ohmyagent.domain.agents import Agent, NotifyMail
from ohmyagent.domain.executions import Execution, Status
from ohmyagent.domain.mail import MailKind, OutboxMail
from ohmyagent.domain.moments import next_morning
from ohmyagent.ports import Transaction
from ohmyagent.use_cases import explaining
from ohmyagent.use_cases.mails import about_agent, about_run, digest_id


@dataclass(frozen=True)
class Notices:
    """Mails to write, and the ids of mails that another one makes pointless before they went out."""

    mails: tuple[OutboxMail, ...] = ()
    withdrawn: tuple[str, ...] = ()

    def write(self, tx: Transaction) -> None:
        for mail in self.mails:
            records.outbox.put(tx, mail.id, mail)
        for id in self.withdrawn:
            records.outbox.delete(tx, id)


def of_end(tx: Transaction, user: User | None, before: Agent, after: Agent, run: Execution, now: datetime) -> Notices:
    """What the end of a run causes; `after` has it counted.  Reads only."""
    if user is None or after.deleted_at is not None or after.notify.email is NotifyMail.NEVER:
        return Notices()
    if run.attended:
        return Notices(_stopped(user, before, after, run, now))
    if after.failures > before.failures:
        return _failing(user, before, after, run, *_digest(tx, user, after, now), now)
    if run.status is not Status.SUCCEEDED:
        return Notices(_stopped(user, before, after, run, now))
    always = after.notify.email is NotifyMail.ALWAYS
    stopped = _stopped(user, before, after, run, now)
    if before.failures:
        mail = about_run(MailKind.RECOVERED, user, after, run, now=now, count=before.failures, with_result=always)
        _, pending = _digest(tx, user, after, now)
        return Notices((mail, *stopped), (pending.id,) if pending else ())
    result = (about_run(MailKind.RESULT, user, after, run, now=now, with_result=True),) if always else ()
    return Notices((*result, *stopped))


def _failing(
    user: User, before: Agent, after: Agent, run: Execution, due: datetime, pending: OutboxMail | None, now: datetime
) -> Notices:
    stopped = _stopped(user, before, after, run, now)
    if before.failures == 0:
        mail = about_run(MailKind.FAILED, user, after, run, now=now, with_result=run.status is Status.SUCCEEDED)
        return Notices((mail, *stopped))
    if stopped:
        return Notices(stopped, (pending.id,) if pending else ())
    count = 1 + (pending.count if pending else 0)
    return Notices((about_run(MailKind.DIGEST, user, after, run, now=now, due=due, count=count),))


def _stopped(user: User, before: Agent, after: Agent, run: Execution, now: datetime) -> tuple[OutboxMail, ...]:
    if after.paused_reason is None or before.paused_reason is not None:
        return ()
    why = explaining.sentence(f"stopped_{after.paused_reason.value}", None, user.locale) or ""
    return (about_agent(MailKind.PAUSED, user, after, run.id, why=why, now=now),)


def _digest(tx: Transaction, user: User, agent: Agent, now: datetime) -> tuple[datetime, OutboxMail | None]:
    """The next morning whose digest has not gone out (a clock may be set back over one), and the one that waits."""
    due = next_morning(now, user.timezone)
    while (found := records.outbox.find(tx, digest_id(agent, due))) is not None and not found.untouched:
        due = next_morning(due, user.timezone)
    return due, found


def of_missed(tx: Transaction, agent: Agent, missed: list[Execution], now: datetime) -> Notices:
    """What instants that could not be run cause; reads only, and only if there are any."""
    if not missed or agent.notify.email is NotifyMail.NEVER:
        return Notices()
    user = records.users.find(tx, agent.user_id)
    if user is None:
        return Notices()
    counts = [(run, (run.span.count or 1) if run.span else 1) for run in missed]
    return Notices(tuple(about_run(MailKind.MISSED, user, agent, run, now=now, count=n) for run, n in counts))


def of_resumption(tx: Transaction, agent: Agent, now: datetime) -> Notices:
    """What it causes that an agent goes on by itself; reads only."""
    user = records.users.find(tx, agent.user_id)
    if user is None or agent.notify.email is NotifyMail.NEVER:
        return Notices()
    return Notices((about_agent(MailKind.RESUMED, user, agent, now.isoformat(), now=now),))

"""Somebody is told when the tick stood still, and when it is back: each silence once, whoever notices it."""

from datetime import datetime

from ohmyagent import records
from ohmyagent.domain.mail import MailKind
from ohmyagent.domain.schedules import Pulse
from ohmyagent.ports import Store, Transaction
from ohmyagent.use_cases import mails, ticking
from ohmyagent.use_cases.vouching import Office


def look(store: Store, office: Office, now: datetime) -> bool:
    """Whether the tick is silent; writes the mails of it.  Its clock must not be the tick's own."""
    if ticking.silence(store, now) is None:
        return False
    return store.transact(lambda tx: _look(tx, office, now))


def _look(tx: Transaction, office: Office, now: datetime) -> bool:
    last = records.pulses.find(tx, ticking.TICK)
    if last is None or not ticking.is_silent(last, now):
        return False
    _tell(tx, MailKind.TICK_SILENT, office, last, now)
    return True


def came_through(store: Store, office: Office, now: datetime) -> None:
    """The tick did its work: leave its mark, and say so if it had been silent, also when nobody had noticed."""
    last = records.pulses.find(store, ticking.TICK)
    if last is None or not ticking.is_silent(last, now):
        ticking.mark(store, now)
        return
    store.transact(lambda tx: _back(tx, office, now))


def _back(tx: Transaction, office: Office, now: datetime) -> None:
    last = records.pulses.find(tx, ticking.TICK)
    if last is not None and ticking.is_silent(last, now):
        _tell(tx, MailKind.TICK_BACK, office, last, now)
    records.pulses.put(tx, ticking.TICK, Pulse(at=now))


def _tell(tx: Transaction, kind: MailKind, office: Office, last: Pulse, now: datetime) -> None:
    """One mail of a kind for each silence, which its beginning names."""
    written = [mails.about_tick(kind, address, last.at, now) for address in office.admin_emails]
    missing = [mail for mail in written if records.outbox.find(tx, mail.id) is None]
    for mail in missing:
        records.outbox.put(tx, mail.id, mail)

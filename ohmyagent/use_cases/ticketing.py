"""Tickets: a pass to one stream, for services that no cookie reaches and addresses that end up in logs."""

from dataclasses import dataclass
from datetime import datetime

from ohmyagent import records
from ohmyagent.domain.accounts import TICKET_LENGTH, TICKET_PREFIX, Scope, Ticket, User
from ohmyagent.domain.errors import Unauthenticated
from ohmyagent.domain.text import digest, new_secret
from ohmyagent.ports import Store, Transaction, Where
from ohmyagent.use_cases import signing_in


@dataclass(frozen=True)
class Entry:
    """Who came in, and by which session or key."""

    user: User
    credential_id: str


def mint(store: Store, user: User, credential: str, now: datetime) -> tuple[str, Ticket]:
    """A ticket (shown this once) for the bearer of `credential`, a session token or an API key."""
    secret = TICKET_PREFIX + new_secret()
    ticket = Ticket(
        id=digest(secret), user_id=user.id, credential_id=digest(credential), expires_at=now + TICKET_LENGTH
    )
    return secret, records.tickets.create(store, ticket.id, ticket)


def enter(store: Store, credential: str, now: datetime, *scopes: Scope) -> Entry:
    """Who opens a stream with a ticket (which is used up by it), a session token or an API key with the scopes.

    Raises Unauthenticated, and Forbidden for a key, or the ticket of a key, that lacks a scope.
    """
    if not credential.startswith(TICKET_PREFIX):
        return Entry(signing_in.authenticate(store, credential, now, *scopes)[0], digest(credential))
    ticket = store.transact(lambda tx: _redeemed(tx, credential, now))
    key = records.api_keys.find(store, ticket.credential_id)
    if key is not None:
        key.permitting(scopes)
    return stayed(store, ticket.user_id, ticket.credential_id, now)


def stayed(store: Store, user_id: str, credential_id: str, now: datetime) -> Entry:
    """Who is still there: raises Unauthenticated once the session is over, or the key or the user is gone.

    Raises Suspended while administrators keep the account from doing anything.
    """
    session = records.sessions.find(store, credential_id)
    key = None if session else records.api_keys.find(store, credential_id)
    user = records.users.find(store, user_id)
    if user is None or user.deleted_at is not None or (session is None and key is None):
        raise Unauthenticated()
    if session is not None:
        session.valid(now).of_user(user)
    elif key is not None:
        key.of_user(user)
    return Entry(user.able(), credential_id)


def sweep(store: Store, now: datetime, limit: int = 100) -> int:
    """Forget tickets that nobody used."""
    found, _ = records.tickets.page(store, Where("expiresAt", "<", now), oldest="expiresAt", limit=limit)
    for ticket in found:
        records.tickets.delete(store, ticket.id)
    return len(found)


def _redeemed(tx: Transaction, secret: str, now: datetime) -> Ticket:
    ticket = records.tickets.find(tx, digest(secret))
    if ticket is None or now >= ticket.expires_at:
        raise Unauthenticated("This ticket has been used or has expired.", korean="이미 쓰였거나 만료된 표입니다.")
    records.tickets.delete(tx, ticket.id)
    return ticket

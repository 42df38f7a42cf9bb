"""Signing in with Google: bound to the browser that asked for it, once, and a guest's work comes along."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from ohmyagent import records
from ohmyagent.domain.accounts import (
    NONCE_LENGTH,
    GoogleIdentity,
    Identity,
    Locale,
    Nonce,
    Session,
    SessionStatus,
    User,
    UserKind,
    administers,
)
from ohmyagent.domain.errors import Unauthenticated
from ohmyagent.domain.moves import Move
from ohmyagent.domain.plans import PlanName
from ohmyagent.domain.text import digest, new_id, new_secret
from ohmyagent.ports import Store, Transaction, Where
from ohmyagent.use_cases.signing_in import SignedIn


def nonce(store: Store, holder: str, now: datetime) -> tuple[str, datetime]:
    """What a Google sign-in must bring back within ten minutes, from the browser whose cookie `holder` is."""
    secret = new_secret()
    kept = Nonce(id=digest(secret), holder=digest(holder), expires_at=now + NONCE_LENGTH)
    records.nonces.create(store, kept.id, kept)
    return secret, kept.expires_at


def sign_in(
    store: Store,
    identity: Identity,
    nonce: str,
    holder: str | None,
    *,
    admin_emails: tuple[str, ...],
    locale: Locale,
    now: datetime,
) -> tuple[SignedIn, Move | None]:
    """A new session for the user that this Google account is, in one transaction with all that it means.

    A guest who is signed in becomes that user, keeping id and work; where the account has a user already, the guest is
    nobody from now on, and the Move says what is to be moved; a suspended guest's work stays where it is.

    Raises Unauthenticated when the nonce is not the one in the token, was used, has expired or was given to another
    browser.
    """
    if identity.nonce is None or identity.nonce != nonce or holder is None:
        raise _stale()
    token = new_secret()

    def work(tx: Transaction) -> tuple[SignedIn, Move | None]:
        here = _Arrival.found(tx, identity, nonce, holder, now)
        user = _updated(here.account or here.guest or _new(locale, identity, now), identity, admin_emails)
        if here.account is None and here.guest is not None:
            user = user.signed_out_everywhere()
        move = here.settled(tx, user, now)
        found = GoogleIdentity(id=digest(identity.sub), user_id=user.id, created_at=now)
        records.google_identities.put(tx, found.id, found)
        records.users.put(tx, user.id, user)
        opened = Session.opened(token, user, now)
        records.sessions.create(tx, opened.id, opened)
        return SignedIn(token, opened, user), move

    return store.transact(work)


@dataclass(frozen=True)
class _Arrival:
    """What there was before somebody signs in: a session in the browser and its guest, and the account to go to."""

    asked: Nonce
    session: Session | None
    guest: User | None
    account: User | None

    @classmethod
    def found(cls, tx: Transaction, identity: Identity, nonce: str, holder: str, now: datetime) -> Self:
        """Reads only; raises Unauthenticated."""
        asked = records.nonces.find(tx, digest(nonce))
        if asked is None or asked.holder != digest(holder) or now >= asked.expires_at:
            raise _stale()
        session, guest = _present(tx, holder, now)
        known = records.google_identities.find(tx, digest(identity.sub))
        account = records.users.find(tx, known.user_id) if known else None
        if account is not None and account.deleted_at is not None:
            account = None
        if account is not None and guest is not None and guest.suspended_at is not None:
            guest = None  # what was suspended does not go on under another name
        return cls(asked, session, guest, account)

    def settled(self, tx: Transaction, user: User, now: datetime) -> Move | None:
        """The nonce is used up, the session over, and what the guest leaves is to be moved."""
        records.nonces.delete(tx, self.asked.id)
        if self.session is not None:
            records.sessions.put(tx, self.session.id, self.session.closed())
        if self.account is None or self.guest is None:
            return None
        move = Move.begun(self.guest, user, now)
        records.users.put(tx, self.guest.id, self.guest.replace(moved_to=user.id))
        return records.moves.put(tx, move.id, move)


def sweep(store: Store, now: datetime, limit: int = 100) -> int:
    """Forget nonces that nobody brought back."""
    found, _ = records.nonces.page(store, Where("expiresAt", "<", now), oldest="expiresAt", limit=limit)
    for one in found:
        records.nonces.delete(store, one.id)
    return len(found)


def _stale() -> Unauthenticated:
    return Unauthenticated(
        "This sign-in was begun elsewhere or too long ago; please try again.",
        korean="다른 곳에서 시작했거나 오래된 로그인입니다. 다시 시도해 주세요.",
    )


def _present(tx: Transaction, holder: str, now: datetime) -> tuple[Session | None, User | None]:
    """The session that the browser comes with, and the guest it is of, if both still hold."""
    session = records.sessions.find(tx, digest(holder))
    user = records.users.find(tx, session.user_id) if session else None
    if session is None or user is None or session.status is not SessionStatus.ACTIVE:
        return None, None
    try:
        session.valid(now).of_user(user)
    except Unauthenticated:
        return session, None
    return session, user if user.kind is UserKind.GUEST else None


def _new(locale: Locale, identity: Identity, now: datetime) -> User:
    name = identity.name or ("사용자" if locale == "ko" else "User")
    return User(id=new_id("u"), kind=UserKind.GOOGLE, name=name, locale=locale, created_at=now)


def _updated(before: User, identity: Identity, admin_emails: tuple[str, ...]) -> User:
    """With what Google says now; the name is the user's own once there is an account."""
    joined = before.google_id is None
    user = before.replace(
        kind=UserKind.GOOGLE,
        google_id=identity.sub,
        email=identity.email,
        verified_email=identity.verified_email,
        picture=identity.picture,
        name=identity.name or before.name if joined else before.name,
    )
    return user.replace(plan=_plan(user, admin_emails))


def _plan(user: User, admin_emails: tuple[str, ...]) -> str:
    """Never less than an administrator has given."""
    if administers(user, admin_emails):
        return PlanName.ADMIN
    if user.plan in (PlanName.GUEST, PlanName.ADMIN):
        return PlanName.APPROVED if user.beta_approved else PlanName.WAITING
    return user.plan

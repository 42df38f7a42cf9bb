"""Who is there: guests, the owner of a local platform, sessions, API keys and one-use links."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from ohmyagent import records
from ohmyagent.domain.accounts import (
    ALL_SCOPES,
    API_KEY_PREFIX,
    LINK_LENGTH,
    ApiKey,
    Locale,
    Scope,
    Session,
    SessionStatus,
    SigninCode,
    User,
    UserKind,
)
from ohmyagent.domain.errors import NotFound, Unauthenticated
from ohmyagent.domain.text import digest, new_id, new_secret
from ohmyagent.ports import Store, Transaction

OWNER_ID = "owner"
SEEN_EVERY = timedelta(minutes=5)
"""A session's last sight is written at most this often: reading must not cost a write."""
USED_EVERY = timedelta(hours=1)
"""The same of a key's last use."""


@dataclass(frozen=True)
class SignedIn:
    """The token goes to the browser and is kept nowhere else."""

    token: str
    session: Session
    user: User


def guest(store: Store, locale: Locale, now: datetime) -> SignedIn:
    """A new guest with a session."""
    name = "게스트" if locale == "ko" else "Guest"
    user = User(id=new_id("u"), kind=UserKind.GUEST, name=name, locale=locale, created_at=now)
    records.users.create(store, user.id, user)
    return _open_session(store, user, now)


def owner(store: Store, now: datetime) -> User:
    """The one owner of a local platform, made on first use."""

    def work(tx: Transaction) -> User:
        found = records.users.find(tx, OWNER_ID)
        if found is not None:
            return found
        user = User(id=OWNER_ID, kind=UserKind.OWNER, name="Owner", plan="owner", created_at=now)
        return records.users.create(tx, user.id, user)

    return store.transact(work)


def reachable(store: Store, owner: User, address: str | None) -> User:
    """The owner of a local platform with the mail address that the operator set, or without one."""
    if owner.email == address:
        return owner
    return records.users.put(store, owner.id, owner.replace(email=address))


def new_api_key(
    store: Store, user: User, name: str, now: datetime, scopes: Iterable[Scope] = ALL_SCOPES
) -> tuple[str, ApiKey]:
    """A key, shown this once, and what is kept of it."""
    secret, wanted = API_KEY_PREFIX + new_secret(), frozenset(scopes)
    key = ApiKey(
        id=digest(secret), number=new_id("k"), user_id=user.id, name=name, created_at=now,
        scopes=tuple(scope for scope in Scope if scope in wanted), by_guest=user.kind is UserKind.GUEST,
    )  # fmt: skip
    return secret, records.api_keys.create(store, key.id, key)


def knows_key(store: Store, key: str) -> bool:
    return records.api_keys.find(store, digest(key)) is not None


def new_link_code(store: Store, user: User, now: datetime) -> str:
    """The code of a link that signs one browser in, once, within the hour."""
    code = new_secret()
    entry = SigninCode(id=digest(code), user_id=user.id, epoch=user.session_epoch, expires_at=now + LINK_LENGTH)
    records.signin_codes.create(store, entry.id, entry)
    return code


def redeem(store: Store, code: str, now: datetime) -> SignedIn:
    """A session for the code's user; raises Unauthenticated when it was used, has expired or never was."""

    def work(tx: Transaction) -> User | None:
        entry = records.signin_codes.find(tx, digest(code))
        if entry is None or now >= entry.expires_at:
            return None
        user = records.users.get(tx, entry.user_id)
        records.signin_codes.delete(tx, entry.id)
        return user if entry.epoch == user.session_epoch and user.moved_to is None else None

    user = store.transact(work)
    if user is None:
        raise Unauthenticated("This link has been used or has expired.", korean="이미 쓰였거나 만료된 링크입니다.")
    return _open_session(store, user, now)


def authenticate(store: Store, credential: str, now: datetime, *scopes: Scope) -> tuple[User, Session | None]:
    """The user of a session token (with the session) or an API key, which must have the scopes.

    Raises Unauthenticated, and Forbidden for a key that lacks a scope.
    """
    if credential.startswith(API_KEY_PREFIX):
        return _user_of_key(store, credential, now, scopes), None
    session = session_of(store, credential, now)
    user = _user(store, session.user_id)
    return user, session.of_user(user)


def _user_of_key(store: Store, secret: str, now: datetime, scopes: Iterable[Scope]) -> User:
    key = records.api_keys.find(store, digest(secret))
    if key is None:
        raise Unauthenticated()
    user = _user(store, key.user_id)
    key.of_user(user).permitting(scopes)
    if key.last_used_at is None or now - key.last_used_at >= USED_EVERY:
        with suppress(NotFound):  # it was taken back this moment
            store.update(records.api_keys.path(key.id), {"lastUsedAt": now})
    return user


def session_of(store: Store, token: str, now: datetime) -> Session:
    """The live session of a token; raises Unauthenticated."""
    session = records.sessions.find(store, digest(token))
    if session is None:
        raise Unauthenticated()
    session = session.valid(now)
    if now - session.seen_at >= SEEN_EVERY:
        session = session.replace(seen_at=now)
        records.sessions.put(store, session.id, session)
    return session


def log_out(store: Store, token: str, *, everywhere: bool = False) -> None:
    """Close the session, and `everywhere` all others of its user; no error if there is none."""

    def work(tx: Transaction) -> None:
        session = records.sessions.find(tx, digest(token))
        user = records.users.find(tx, session.user_id) if session else None
        if session is None or session.status is not SessionStatus.ACTIVE:
            return
        records.sessions.put(tx, session.id, session.closed())
        if everywhere and user is not None and session.epoch == user.session_epoch:
            records.users.put(tx, user.id, user.signed_out_everywhere())

    store.transact(work)


def _open_session(store: Store, user: User, now: datetime) -> SignedIn:
    token = new_secret()
    session = Session.opened(token, user, now)
    records.sessions.create(store, session.id, session)
    return SignedIn(token, session, user)


def _user(store: Store, user_id: str) -> User:
    """Raises Suspended, and Unauthenticated for an account that is gone or about to be."""
    try:
        user = records.users.get(store, user_id)
    except NotFound:
        raise Unauthenticated() from None
    if user.deleted_at is not None:
        raise Unauthenticated()
    return user.able()

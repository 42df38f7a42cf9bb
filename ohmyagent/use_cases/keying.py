"""API keys as their owner sees them: made, listed, taken back."""

from collections.abc import Iterable
from datetime import datetime

from ohmyagent import records
from ohmyagent.domain.accounts import MOST_API_KEYS, ApiKey, Scope, User
from ohmyagent.domain.errors import Conflict, NotFound
from ohmyagent.domain.permissions import Action, may
from ohmyagent.ports import Store, Where
from ohmyagent.use_cases import signing_in


def listing(store: Store, user: User) -> list[ApiKey]:
    """The user's keys that still hold, newest first; none of them can be read back."""
    found, _ = records.api_keys.page(store, Where("userId", "==", user.id), newest="createdAt", limit=100)
    return [key for key in found if key.number is not None]


def create(store: Store, user: User, name: str, scopes: Iterable[Scope], now: datetime) -> tuple[str, ApiKey]:
    """A key in the clear, this once, and what is kept of it; raises Conflict beyond so many."""
    if len(listing(store, user)) >= MOST_API_KEYS:
        raise Conflict(
            f"You have {MOST_API_KEYS} API keys; delete one first.",
            korean=f"API 키는 {MOST_API_KEYS}개까지입니다. 먼저 하나를 지워 주세요.",
        )
    return signing_in.new_api_key(store, user, name, now, scopes)


def remove(store: Store, user: User, number: str) -> None:
    """It holds no more from now on.  Raises NotFound."""
    found, _ = records.api_keys.page(store, Where("number", "==", number), limit=1)
    key = found[0] if found else None
    if key is None or not may(user, Action.CHANGE, key):
        raise NotFound()
    records.api_keys.delete(store, key.id)

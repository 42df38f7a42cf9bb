"""A guest's work on its way to the account that the guest signed in to."""

from datetime import datetime
from typing import Self

from ohmyagent.domain.accounts import User
from ohmyagent.domain.record import Instant, Record


class Move(Record):
    """Its id is the guest's, so there is one for each guest; `userId` is the account's.

    `dueAt` is when it is to be carried on.  When it is `done`, runners may still hold links to the guest's bodies;
    after those it is over.
    """

    id: str
    user_id: str
    done: bool = False
    due_at: Instant
    created_at: Instant

    @classmethod
    def begun(cls, guest: User, account: User, now: datetime) -> Self:
        return cls(id=guest.id, user_id=account.id, due_at=now, created_at=now)

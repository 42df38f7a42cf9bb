"""Who may do what: the one place that decides."""

from enum import StrEnum
from typing import Protocol

from ohmyagent.domain.accounts import User, administers
from ohmyagent.domain.record import Record


class Action(StrEnum):
    """SEE also lists; USE starts and stops; ADMINISTER is for the platform as a whole."""

    SEE = "see"
    USE = "use"
    CHANGE = "change"
    ADMINISTER = "administer"


class Owned(Protocol):
    """A record that belongs to a user."""

    @property
    def user_id(self) -> str: ...


class Site(Record):
    """The platform as a whole, for those whose verified addresses these are."""

    admin_emails: tuple[str, ...]


def may(user: User, action: Action, record: Owned | Site) -> bool:
    """Whether the user may do that with the record.  What they may not is answered as if it were not there.

    A record belongs to one user, who may do everything with it; who administers sees no more of it than others.
    """
    if isinstance(record, Site):
        return action is Action.ADMINISTER and administers(user, record.admin_emails)
    return action is not Action.ADMINISTER and record.user_id == user.id

"""What follows when a document was written: the one table from a collection to what hears of it.

Events come at least once, perhaps twice, out of order or a day late; whoever is called reads the document again.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from ohmyagent import records
from ohmyagent.ports import Change, ChangeKind, Queue, Store
from ohmyagent.use_cases import joining, mailing
from ohmyagent.use_cases.vouching import Office


class Parts(Protocol):
    """What a reaction may need of the program."""

    @property
    def store(self) -> Store: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def office(self) -> Office: ...
    @property
    def now(self) -> Callable[[], datetime]: ...


FED = frozenset({records.beta_applications.name, records.outbox.name})
"""The collections whose writes are events: Firestore triggers in the cloud, the store's own outbox on one machine."""


def react(change: Change, parts: Parts) -> None:
    """Do what the change asks for; a change of another collection, or a deletion, asks for nothing."""
    collection, _, id = change.path.rpartition("/")
    if change.kind is ChangeKind.DELETED:
        return
    if collection == records.beta_applications.name:
        joining.write_mails(parts.store, parts.office, id, parts.now())
    elif collection == records.outbox.name:
        mailing.hurry(parts.store, parts.queue, id, parts.now())

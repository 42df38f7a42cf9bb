"""Whose each document is: every collection with the fields that name a person, so that nothing of theirs is forgotten.

A new collection belongs here or among `PLATFORM`; a test compares both with all there are.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ohmyagent import records
from ohmyagent.domain.record import Record
from ohmyagent.ports import Store, Where
from ohmyagent.records import Collection

PAGE = 100
Branch = tuple[Callable[[str], Collection[Any]], Callable[[Any], str]]
"""A subcollection by the id of the document above it, and the id of a document in it."""


def _id(record: Any) -> str:
    return str(record.id)


@dataclass(frozen=True)
class Holding:
    """A collection with what it holds of people: `owners` are fields with a user's id, `key` gives a document's id.

    `branches` go with the document above them.  `secret`: none of it is for an export, as it only lets somebody in.
    """

    collection: Collection[Any]
    owners: tuple[str, ...] = ("userId",)
    key: Callable[[Any], str] = _id
    branches: tuple[Branch, ...] = ()
    secret: bool = False

    @property
    def name(self) -> str:
        return self.collection.name

    def of(self, store: Store, user_id: str, limit: int = PAGE) -> list[Record]:
        """Documents that name the user, at most `limit` for each field."""
        pages = [self.collection.page(store, Where(field, "==", user_id), limit=limit)[0] for field in self.owners]
        found = {self.key(record): record for page in pages for record in page}
        return list(found.values())

    def all_of(self, store: Store, user_id: str) -> Iterator[Record]:
        """Every document whose first owner is the user."""
        cursor: str | None = None
        while True:
            where = Where(self.owners[0], "==", user_id)
            page, cursor = self.collection.page(store, where, limit=PAGE, after=cursor)
            yield from page
            if cursor is None:
                return

    def delete(self, store: Store, record: Any) -> int:
        """The document and what is below it; returns how many documents.  What is below goes first."""
        id, count = self.key(record), 1
        for below, key in self.branches:
            branch = below(id)
            while leaves := branch.page(store, limit=PAGE)[0]:
                for leaf in leaves:
                    branch.delete(store, key(leaf))
                count += len(leaves)
        self.collection.delete(store, id)
        return count


EXECUTIONS = Holding(records.executions, branches=((records.batches, lambda batch: f"{batch.from_seq:09d}"),))
AGENTS = Holding(records.agents, branches=((records.secrets, lambda secret: str(secret.name)),))
VERSIONS = Holding(records.agent_versions)
WORKSPACES = Holding(records.workspaces, key=lambda manifest: str(manifest.agent_id))
CONVERSATIONS = Holding(
    records.conversations, branches=((records.chat_batches, lambda batch: f"{batch.from_seq:09d}"),)
)
ERASED: tuple[Holding, ...] = (
    Holding(records.sessions, secret=True),
    Holding(records.api_keys, secret=True),
    Holding(records.signin_codes, secret=True),
    Holding(records.tickets, secret=True),
    Holding(records.google_identities, secret=True),
    Holding(records.moves, secret=True),
    Holding(records.hooks),
    Holding(records.webhook_secrets, secret=True),
    Holding(records.deliveries),
    Holding(records.turns),
    CONVERSATIONS,
    Holding(records.talks),
    Holding(records.drafts),
    Holding(records.uploads),
    Holding(records.inputs),
    EXECUTIONS,
    Holding(records.ledgers),
    WORKSPACES,
    Holding(records.slugs, secret=True),  # of earlier versions
    VERSIONS,
    AGENTS,
    Holding(records.months),
    Holding(records.days),
    Holding(records.shelves, secret=True),
    Holding(records.outbox, owners=("userId", "subjectId")),
    Holding(records.beta_applications),
    Holding(records.feedback),
)
"""Gone with the user, in this order."""
AUDIT = Holding(records.audit, owners=("userId", "actorId"))
"""Kept, without the user's id in it."""
PLATFORM = {
    records.users.name: "the user's own document goes last, when nothing else is left",
    records.erasures.name: "names the user until it is done, and then no more",
    records.launches.name: "ids of runs; a run's end takes its own along, the rest goes after a month",
    records.waves.name: "ids of launches; goes after a month",
    records.blocks.name: "network addresses that are refused; goes with the block",
    records.counts.name: "digests of addresses and users with a number; goes with its window",
    records.nonces.name: "digests only; goes after ten minutes",
    records.plans.name: "the table of plans",
    records.platform_months.name: "one sum for everybody",
    records.platform.name: "switches of the platform",
    records.pulses.name: "when a clock last ticked",
    records.dead_tasks.name: "ids of runs and mails; goes after a month",
    records.suppressions.name: "digests of addresses; a user's own goes with the user",
}
"""Collections that name nobody, and why that is so."""

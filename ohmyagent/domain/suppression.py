"""Addresses that get no mail any more: because it cannot arrive, or because its owner said so."""

from datetime import datetime
from typing import Self

from ohmyagent.domain.record import Instant, Record
from ohmyagent.domain.text import digest

HARD_FAILURES = 2
"""One refusal for good may be a server's mistake; after the second the address is left alone."""


class Suppression(Record):
    """What is known of one address, which is kept as a digest only.  `bounces`: refusals for good since a success."""

    id: str
    bounces: int = 0
    bounced_at: Instant | None = None
    unsubscribed_at: Instant | None = None

    @classmethod
    def of_address(cls, address: str) -> Self:
        return cls(id=address_id(address))

    @property
    def dead(self) -> bool:
        return self.bounces >= HARD_FAILURES

    def bounced(self, now: datetime, times: int = 1) -> Self:
        return self.replace(bounces=self.bounces + times, bounced_at=now)

    def unsubscribed(self, now: datetime) -> Self:
        return self if self.unsubscribed_at else self.replace(unsubscribed_at=now)

    def wanted(self) -> Self:
        """Its owner wants mail again, and says that it can arrive."""
        return self.replace(bounces=0, bounced_at=None, unsubscribed_at=None)


def address_id(address: str) -> str:
    return digest(address.strip().lower())

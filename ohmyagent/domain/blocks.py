"""Addresses that are refused for a while, and what is counted for all processes together."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from ohmyagent.domain.record import Instant, Record
from ohmyagent.domain.text import derived_id

BLOCK_LENGTH = timedelta(minutes=15)


class Offence(StrEnum):
    """What an address is blocked for when it keeps doing it."""

    PACE = "pace"
    SIGN_IN = "sign_in"
    PROBING = "probing"


class Block(Record):
    """Its id follows from the address, so that processes that block at once write one."""

    id: str
    address: str
    offence: Offence
    since: Instant
    until: Instant

    @classmethod
    def begun(cls, address: str, offence: Offence, now: datetime) -> Self:
        return cls(id=block_id(address), address=address, offence=offence, since=now, until=now + BLOCK_LENGTH)


def block_id(address: str) -> str:
    return derived_id("bl", address)


class Counted(StrEnum):
    """What is counted in the store, as it costs more than a moment."""

    GUEST = "guest"
    FRONT = "front"
    SIGN_IN = "sign_in"
    RUN = "run"
    HOOK = "hook"
    EXPORT = "export"


SHARES: dict[Counted, tuple[int, timedelta]] = {
    Counted.GUEST: (10, timedelta(hours=1)),
    Counted.FRONT: (500, timedelta(hours=1)),
    Counted.SIGN_IN: (30, timedelta(minutes=10)),
    Counted.RUN: (60, timedelta(minutes=1)),
    Counted.HOOK: (240, timedelta(minutes=1)),
    Counted.EXPORT: (20, timedelta(hours=1)),
}
"""How many in one window: guests and sign-ins for each address, runs and exports for each user, hooks for each address.

FRONT: guests by way of one proxy.  Who goes around the first of several proxies invents as many addresses as they like,
but not whom the last one heard from.
"""


class Count(Record):
    """So many since the window began; `expiresAt` is when it means nothing any more."""

    id: str
    used: int
    started_at: Instant
    expires_at: Instant

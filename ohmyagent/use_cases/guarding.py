"""Keeping abuse out: shares that all processes count together, and addresses blocked for a while."""

from datetime import datetime

import structlog

from ohmyagent import records
from ohmyagent.domain.blocks import SHARES, Block, Count, Counted, Offence, block_id
from ohmyagent.domain.errors import RateLimited
from ohmyagent.domain.text import derived_id
from ohmyagent.ports import Store, Transaction, Where

log = structlog.get_logger()

MOST_BLOCKS = 1_000


def count(store: Store, what: Counted, subject: str, now: datetime) -> None:
    """One more of it by an address or a user; raises RateLimited when the window's share is used up."""
    most, window = SHARES[what]
    id = derived_id("n", what, subject)

    def work(tx: Transaction) -> None:
        found = records.counts.find(tx, id)
        if found is None or now >= found.expires_at:
            found = Count(id=id, used=0, started_at=now, expires_at=now + window)
        if found.used >= most:
            raise RateLimited((found.expires_at - now).total_seconds())
        records.counts.put(tx, id, found.replace(used=found.used + 1))

    store.transact(work)


def block(store: Store, address: str, offence: Offence, now: datetime) -> Block:
    """Refuse the address for 15 minutes from now on, in every process within seconds; a security event."""
    found = Block.begun(address, offence, now)
    log.warning("address blocked", security=True, block=found.id, offence=offence.value)
    return records.blocks.put(store, found.id, found)


def blocked_addresses(store: Store, now: datetime, limit: int = MOST_BLOCKS) -> list[Block]:
    """Those that are refused now, the one that ends first first: for every process, and for administrators."""
    found, _ = records.blocks.page(store, Where("until", ">", now), oldest="until", limit=limit)
    return found


def unblock(store: Store, address: str) -> None:
    """Let the address in again; no error if it was not blocked."""
    records.blocks.delete(store, block_id(address))


def sweep(store: Store, now: datetime, limit: int = 200) -> int:
    """Forget blocks and counts that are over, and the addresses with them."""
    blocks, _ = records.blocks.page(store, Where("until", "<=", now), oldest="until", limit=limit)
    counts, _ = records.counts.page(store, Where("expiresAt", "<=", now), oldest="expiresAt", limit=limit)
    for one in blocks:
        records.blocks.delete(store, one.id)
    for other in counts:
        records.counts.delete(store, other.id)
    return len(blocks) + len(counts)

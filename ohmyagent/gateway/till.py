"""Metering for an event loop: reservations and settlements, each durable when it returns."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar

import structlog

from ohmyagent.domain.costs import Model
from ohmyagent.domain.errors import NotFound, Unavailable
from ohmyagent.gateway.bill import Bill
from ohmyagent.gateway.together import together
from ohmyagent.ports import Store
from ohmyagent.use_cases import metering
from ohmyagent.use_cases.metering import Call, Work

log = structlog.get_logger()
T = TypeVar("T")

MOST_TOGETHER = 64
PAUSES = (0.2, 1.0, 3.0, 10.0, 30.0)
"""Seconds between attempts to settle while the store is away; after the last one the reservation stays charged."""


class Run(Protocol):
    """How a blocking piece of work is run, such as `asyncio.to_thread`."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]: ...


class Till:
    """Without `run` the store is fast and local: it is called on the loop, one commit for all that one tick asks for.

    That is a group commit: a lone call waits for nobody, and of 32 at once many share the price of one transaction.
    With `run` every transaction is a call of its own, since a slow store should not make one run wait for another's.
    """

    def __init__(self, store: Store, run: Run | None = None) -> None:
        self._store = store
        self._run = run
        self._asked: list[tuple[Work[Any], asyncio.Future[Any]]] = []
        self._later: set[asyncio.Task[None]] = set()

    async def check(self, token: str, model: Model, now: datetime) -> str:
        """The run whose live token it is; raises Forbidden.  For calls that cost nothing."""
        ledger_id = metering.ledger_of(token)
        await self._transact(lambda tx: metering.permitted(tx, token, model.id, now))
        return ledger_id

    async def live(self, token: str, now: datetime) -> None:
        """Raises Forbidden for a dead or an invented token."""
        await self._transact(lambda tx: metering.live(tx, token, now))

    async def reserve(
        self,
        token: str,
        model: Model,
        request_bytes: int,
        max_tokens: int,
        searches: int,
        now: datetime,
        *,
        unseen: bool = False,
    ) -> Call:
        """Raises Forbidden or BudgetExceeded."""
        return await self._transact(
            metering.reserving(token, model, request_bytes, max_tokens, now, searches=searches, unseen=unseen)
        )

    async def settle(self, call: Call, bill: Bill | None) -> None:
        """Charge the bill, or nothing when there is None; tried again in the background while the store is away."""
        try:
            await asyncio.shield(self._transact(_closing(call, bill)))
        except Unavailable:
            task = asyncio.create_task(self._settle_later(call, bill))
            self._later.add(task)
            task.add_done_callback(self._later.discard)
        except NotFound:
            log.warning("The ledger of a call is gone", call=call.id, ledger=call.ledger_id)

    async def trouble(self) -> str | None:
        """What is wrong with the store, or None."""
        try:
            await self._transact(lambda tx: tx.find("ledgers/health"))
        except Unavailable as problem:
            return problem.detail
        return None

    async def aclose(self, seconds: float = 5.0) -> None:
        """Wait for settlements under way."""
        if self._later:
            await asyncio.wait(self._later, timeout=seconds)

    async def _settle_later(self, call: Call, bill: Bill | None) -> None:
        for pause in PAUSES:
            await asyncio.sleep(pause)
            try:
                await self._transact(_closing(call, bill))
            except Unavailable:
                continue
            except NotFound:
                pass
            return
        log.error("A call could not be settled; its reservation stays charged", call=call.id, ledger=call.ledger_id)

    def _transact(self, work: Work[T]) -> "asyncio.Future[T]":
        if self._run is not None:
            return asyncio.ensure_future(self._run_alone(self._run, work))
        loop = asyncio.get_running_loop()
        asked: asyncio.Future[T] = loop.create_future()
        if not self._asked:
            loop.call_soon(self._commit)
        self._asked.append((work, asked))
        return asked

    async def _run_alone(self, run: Run, work: Work[T]) -> T:
        return await run(lambda: self._store.transact(work))

    def _commit(self) -> None:
        while batch := self._asked[:MOST_TOGETHER]:
            self._asked = self._asked[MOST_TOGETHER:]
            results = together(self._store, [work for work, _ in batch])
            for (_, asked), result in zip(batch, results, strict=True):
                if asked.done():
                    continue
                if isinstance(result, Exception):
                    asked.set_exception(result)
                else:
                    asked.set_result(result)


def _closing(call: Call, bill: Bill | None) -> Work[None]:
    if bill is None:
        return metering.releasing(call)
    return metering.settling(call, bill.cost, bill.usage, bill.searches, partial=bill.partial)

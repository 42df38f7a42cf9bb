"""How many calls may be under way at once: of one run, and of all."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from ohmyagent.domain.errors import RateLimited
from ohmyagent.gateway.limits import Limits


class Pace:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._by_run: Counter[str] = Counter()
        self._all = 0

    @contextmanager
    def entered(self, ledger_id: str) -> Iterator[None]:
        """A place for one call; raises RateLimited when there is none."""
        if self._by_run[ledger_id] >= self._limits.calls_per_run:
            raise RateLimited(1, "This run has too many model calls under way.")
        if self._all >= self._limits.calls:
            raise RateLimited(2, "The gateway is busy.")
        self._by_run[ledger_id] += 1
        self._all += 1
        try:
            yield
        finally:
            self._all -= 1
            self._by_run[ledger_id] -= 1
            if not self._by_run[ledger_id]:
                del self._by_run[ledger_id]

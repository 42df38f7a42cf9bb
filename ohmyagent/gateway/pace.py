"""How many calls may be under way at once, and how many bytes they may hold: of one run, and of all."""

from ohmyagent.domain.errors import RateLimited
from ohmyagent.gateway.limits import Limits


class Pace:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._by_run: dict[str, int] = {}
        self._all = 0
        self._weights: dict[str, int] = {}
        self._weight = 0

    @property
    def crowded(self) -> bool:
        """More than half of all places are taken: from here on a place is only for a token that was checked."""
        return self._all >= self._limits.calls // 2

    def enter(self, ledger_id: str) -> None:
        """Take a place for one call; raises RateLimited when there is none."""
        under_way = self._by_run.get(ledger_id, 0)
        if under_way >= self._limits.calls_per_run:
            raise RateLimited(1, "This run has too many calls under way.")
        if self._all >= self._limits.calls:
            raise RateLimited(2, "The gateway is busy.")
        self._by_run[ledger_id] = under_way + 1
        self._all += 1

    def weigh(self, ledger_id: str, size: int) -> None:
        """Take room for a large body; raises RateLimited when there is none.  `leave` gives it back."""
        mine = self._weights.get(ledger_id, 0) + size
        if mine > self._limits.request_bytes or self._weight + size > self._limits.room_bytes:
            raise RateLimited(2, "The gateway holds as many large requests as it can.")
        self._weights[ledger_id] = mine
        self._weight += size

    def leave(self, ledger_id: str, weight: int = 0) -> None:
        """`weight`: what the call took room for."""
        self._all -= 1
        if weight:
            self._weight -= weight
            self._weights[ledger_id] -= weight
            if not self._weights[ledger_id]:
                del self._weights[ledger_id]
        left = self._by_run[ledger_id] - 1
        if left:
            self._by_run[ledger_id] = left
        else:
            del self._by_run[ledger_id]

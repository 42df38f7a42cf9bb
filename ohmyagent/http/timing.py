"""How long this process takes to answer, and how often it fails: a histogram of the last minutes, in memory."""

import threading
import time
from bisect import bisect_left
from dataclasses import dataclass, field

BOUNDS = tuple(1.2**power for power in range(64))
"""Milliseconds; each bucket is a fifth wider than the one before, up to a day."""
WINDOW = 300.0
"""Seconds; figures are of the present window and the one before."""


@dataclass(frozen=True)
class Figures:
    """Of one process: milliseconds (None without requests), and the share of answers that were its own fault (5xx)."""

    requests: int
    p50_ms: float | None
    p99_ms: float | None
    error_rate: float | None


@dataclass
class _Window:
    begun: float
    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    errors: int = 0


class Timings:
    """Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._present = _Window(time.monotonic())
        self._before = _Window(0.0)

    def add(self, milliseconds: float, *, failed: bool) -> None:
        with self._lock:
            self._turn()
            self._present.counts[bisect_left(BOUNDS, milliseconds)] += 1
            self._present.errors += failed

    def figures(self) -> Figures:
        with self._lock:
            self._turn()
            counts = [a + b for a, b in zip(self._present.counts, self._before.counts, strict=True)]
            errors = self._present.errors + self._before.errors
        requests = sum(counts)
        if not requests:
            return Figures(0, None, None, None)
        return Figures(requests, _quantile(counts, 0.5), _quantile(counts, 0.99), errors / requests)

    def _turn(self) -> None:
        now = time.monotonic()
        if now - self._present.begun >= 2 * WINDOW:
            self._before, self._present = _Window(0.0), _Window(now)
        elif now - self._present.begun >= WINDOW:
            self._before, self._present = self._present, _Window(now)


def _quantile(counts: list[int], share: float) -> float:
    """The upper bound of the bucket that holds it."""
    wanted, seen = share * sum(counts), 0
    for bound, count in zip(BOUNDS, counts, strict=False):
        seen += count
        if seen >= wanted:
            return round(bound, 1)
    return round(BOUNDS[-1], 1)

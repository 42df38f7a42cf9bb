"""Trying again: how long to pause, and running a transaction again when another one was faster."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog

from ohmyagent.domain.errors import Contention, Unavailable

log = structlog.get_logger()

T = TypeVar("T")
TRIES = 10
LONGEST_PAUSE = 0.5
OUTAGE_SECONDS = 1.0


class Outrun(Exception):
    """Something the transaction read has changed before it could commit."""


def retrying(attempt: Callable[[], T], first_pause: float) -> T:
    """Call `attempt` until it is not outrun; raises Contention after ten times.

    Pauses double up to half a second, with full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    for number in range(TRIES):
        try:
            return attempt()
        except Outrun:
            time.sleep(random.uniform(0, min(LONGEST_PAUSE, first_pause * 2**number)))  # noqa: S311
    raise Contention


def backoff(attempts: int, first: float, longest: float) -> float:
    """Seconds to wait after so many failed attempts: doubling, the upper half of it random."""
    return min(longest, first * 2.0 ** min(attempts - 1, 30)) * random.uniform(0.5, 1)  # noqa: S311


@contextmanager
def outlasting(worker: str) -> Iterator[None]:
    """For a worker's loop: a store that cannot be reached is logged and tried again, and does not end the worker."""
    try:
        yield
    except Unavailable as error:
        log.error("store unavailable", worker=worker, error=str(error))
        time.sleep(OUTAGE_SECONDS)

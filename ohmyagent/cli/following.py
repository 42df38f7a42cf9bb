"""A run's events as they come, over restarts of the platform."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from threading import Event
from typing import Any, TypeVar

from ohmyagent.cli.client import Client
from ohmyagent.cli.problems import NotRunning, Refused, Unreachable

PACE_SECONDS = 0.3
GRACE_SECONDS = 1.0
"""An absence of less is not worth a word."""
PATIENCE_SECONDS = 60.0
"""How long a platform that went away is waited for."""

T = TypeVar("T")
Away = Callable[[bool], None]
"""Hears True when the platform stops answering and False when it answers again."""


def _silent(_: bool) -> None:
    """Nobody wants to know."""


def events(
    client: Client, run_id: str, after: int = 0, *, away: Away = _silent, stop: Event | None = None
) -> Iterator[dict[str, Any] | None]:
    """Each event once, in order, and None whenever there was nothing new; ends with the run, or when `stop` is set.

    Raises what `patiently` raises.
    """
    while True:
        ask = partial(client.get, f"/api/executions/{run_id}/events", after=after)
        page = patiently(ask, away=away, stop=stop)
        if page is None:
            return
        yield from page["items"]
        after = max(after, page["lastSeq"])
        if page["done"]:
            return
        yield None
        if not page["items"]:
            _pause(stop)


def patiently(ask: Callable[[], T], *, away: Away = _silent, stop: Event | None = None) -> T | None:
    """The answer, over a restart of the platform; None when `stop` is set before there is one.

    Raises Unreachable or NotRunning when it stays away, Refused when it refuses.
    """
    gone_at: float | None = None
    told = False
    while stop is None or not stop.is_set():
        try:
            answer = ask()
        except (Unreachable, NotRunning, Refused) as problem:
            gone_at = gone_at or time.monotonic()
            gone_for = time.monotonic() - gone_at
            if gone_for > PATIENCE_SECONDS or (isinstance(problem, Refused) and problem.status < 500):
                raise
            if gone_for >= GRACE_SECONDS and not told:
                told = True
                away(True)
            _pause(stop)
        else:
            if told:
                away(False)
            return answer
    return None


def _pause(stop: Event | None) -> None:
    if stop is None:
        time.sleep(PACE_SECONDS)
    else:
        stop.wait(PACE_SECONDS)

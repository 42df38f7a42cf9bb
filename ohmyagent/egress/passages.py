"""What each run has going out by way of this instance, as long as it is heard of."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog

from ohmyagent.egress.call import Call
from ohmyagent.ports import Store
from ohmyagent.reach import PolicyOf
from ohmyagent.runner.passage import Passage
from ohmyagent.use_cases import reaching

RUNS = 2_000

log = structlog.get_logger()


class Passages:
    """Safe for threads."""

    def __init__(self, store: Store, now: Callable[[], datetime], policy_of: PolicyOf) -> None:
        self._store, self._now, self._policy_of = store, now, policy_of
        self._lock = threading.Lock()
        self._runs: OrderedDict[str, Passage] = OrderedDict()

    def of(self, call: Call) -> Passage:
        """The run's own, with its caps and counts.  The tokens are looked up each time: a run that ended has no more.

        Raises Forbidden, Gone, Unavailable.
        """
        run, allow = reaching.allowlist(self._store, call.token, call.runner_token, self._now())
        with self._lock:
            passage = self._runs.get(run) or Passage(self._policy_of(allow), partial(_tell, run))
            self._runs[run] = passage
            self._runs.move_to_end(run)
            if len(self._runs) > RUNS:
                self._runs.popitem(last=False)
        return passage


def _tell(run: str, host: str, port: int, allowed: bool, reason: str | None) -> None:
    log.info("A host was tried", execution=run, host=host, port=port, allowed=allowed, reason=reason)

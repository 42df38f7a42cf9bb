"""Deferred work that came to nothing."""

from ohmyagent.domain.record import Instant, Record


class DeadTask(Record):
    """A task that is not tried again; `error` is the kind of what went wrong last."""

    id: str
    kind: str
    name: str
    body: dict[str, str]
    attempts: int
    error: str
    at: Instant

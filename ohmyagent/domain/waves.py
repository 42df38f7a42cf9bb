"""Launches that one call starts together."""

from bisect import bisect_right
from datetime import datetime
from itertools import accumulate
from typing import Self

from ohmyagent.domain.errors import NotFound
from ohmyagent.domain.record import Instant, Record
from ohmyagent.domain.text import new_id

PREFIX = "w"


class Wave(Record):
    """`ends[i]` is how many tasks there are up to and with those of `launches[i]`."""

    id: str
    launches: tuple[str, ...]
    ends: tuple[int, ...]
    created_at: Instant

    @classmethod
    def started(cls, tasks: dict[str, int], now: datetime) -> Self:
        """`tasks`: how many each launch has, in the order in which they are numbered."""
        return cls(id=new_id(PREFIX), launches=tuple(tasks), ends=tuple(accumulate(tasks.values())), created_at=now)

    @staticmethod
    def is_named(id: str) -> bool:
        """Whether it is the id of a wave and not of a launch."""
        return id.startswith(f"{PREFIX}_")

    @property
    def tasks(self) -> int:
        return self.ends[-1]

    @property
    def offsets(self) -> dict[str, int]:
        """The first task of each launch."""
        return dict(zip(self.launches, (0, *self.ends), strict=False))

    def place(self, task: int) -> tuple[str, int]:
        """The launch that a task is of, and its number there; raises NotFound for one that there is not."""
        if not 0 <= task < self.tasks:
            raise NotFound()
        launch = self.launches[bisect_right(self.ends, task)]
        return launch, task - self.offsets[launch]

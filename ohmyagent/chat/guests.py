"""Who is reading now.  Now and then each is asked for again: whoever signed out stops reading."""

import asyncio
from collections.abc import Callable

from ohmyagent.chat.frames import Mailbox
from ohmyagent.chat.running import Run
from ohmyagent.domain.errors import Forbidden, NoRoom, NotFound, Problem, Unauthenticated

CHECK_SECONDS = 30.0
MOST_GUESTS = 5_000
"""Connections of one process."""
MOST_OF_ONE = 50
"""Connections of one user."""


class Seat:
    """One connection."""

    __slots__ = ("check", "mailbox", "user_id")

    def __init__(self, user_id: str, mailbox: Mailbox, check: Callable[[], object]) -> None:
        self.user_id = user_id
        self.mailbox = mailbox
        self.check = check


class Guests:
    """All connections of this process; belongs to its event loop."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._seats: set[Seat] = set()
        self._of: dict[str, int] = {}

    def sit(self, user_id: str, mailbox: Mailbox, check: Callable[[], object]) -> Seat:
        """`check` raises Unauthenticated or Forbidden when the reader must go, NotFound when nothing is left to read.

        Raises NoRoom when there are too many, of this user or of all.
        """
        mine = self._of.get(user_id, 0)
        if mine >= MOST_OF_ONE or len(self._seats) >= MOST_GUESTS:
            raise NoRoom("Too many open connections.", korean="열린 연결이 너무 많습니다.")
        seat = Seat(user_id, mailbox, check)
        self._seats.add(seat)
        self._of[user_id] = mine + 1
        return seat

    def leave(self, seat: Seat) -> None:
        """Once or more often."""
        if seat in self._seats:
            self._seats.remove(seat)
            left = self._of.pop(seat.user_id) - 1
            if left:
                self._of[seat.user_id] = left

    async def check(self) -> None:
        for seat in list(self._seats):
            try:
                await self._run(seat.check)
            except (Unauthenticated, Forbidden):
                seat.mailbox.close()
            except NotFound:
                seat.mailbox.finish()
            except Problem:
                return  # the store is away: asked again next time
            await asyncio.sleep(0)  # nobody's words wait until all have been asked for

    def dismiss(self) -> None:
        """At the end of the process."""
        for seat in list(self._seats):
            seat.mailbox.close()

    def __len__(self) -> int:
        return len(self._seats)

"""Who is asked for again, and who goes."""

import asyncio

import pytest

from ohmyagent.chat.frames import Mailbox
from ohmyagent.chat.guests import Guests
from ohmyagent.chat.running import inline
from ohmyagent.domain.errors import Problem, Suspended, Unauthenticated


@pytest.mark.parametrize("reason", [Suspended, Unauthenticated])
def test_who_may_not_stay_goes_and_whoever_else_is_there_is_asked_too(reason: type[Problem]) -> None:
    def refused() -> None:
        raise reason()

    async def story() -> list[bool]:
        guests, mailboxes = Guests(inline), [Mailbox() for _ in range(6)]
        for number, mailbox in enumerate(mailboxes):
            guests.sit(f"u_{number}", mailbox, refused if number < 5 else lambda: None)
        await guests.check()
        return [mailbox.closed for mailbox in mailboxes]

    assert asyncio.run(story()) == [True] * 5 + [False]

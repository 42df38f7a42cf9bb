"""The client's side of a call: its body."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ohmyagent.domain.errors import Invalid, TooLarge
from ohmyagent.gateway.answers import Receive
from ohmyagent.gateway.patience import Patience


class ClientGone(Exception):
    """The client closed its connection: nobody is left to answer."""


Weigh = Callable[[int], Awaitable[None]]


async def read_body(
    receive: Receive, length: int | None, most: int, patience: Patience, large: int, weigh: Weigh
) -> bytes:
    """The whole body, announced as `length` bytes; raises TooLarge, Invalid (too slow) and ClientGone.

    `weigh` is asked before more than `large` bytes are read, and may refuse; one that is not announced weighs `most`.
    """
    if length is not None and length > most:
        raise _too_large(most)
    try:
        if length is not None and length > large:
            await weigh(length)
        first = await receive()
        body: bytes = _piece(first)
        if first.get("more_body"):
            body = await _rest(receive, body, most, large if length is None else most, weigh)
    except asyncio.CancelledError:
        if not patience.forgive():
            raise
        raise Invalid(detail="The request did not arrive in time.") from None
    if len(body) > most:
        raise _too_large(most)
    return body


async def _rest(receive: Receive, first: bytes, most: int, large: int, weigh: Weigh) -> bytes:
    """The body so far, read no further than just past the limit; weighed once when it is more than `large`."""
    body, more, weighed = bytearray(first), True, False  # a list would cost forty bytes for each that comes alone
    while more and len(body) <= most:
        if len(body) > large and not weighed:
            weighed = True
            await weigh(most)
        message = await receive()
        body += _piece(message)
        more = message.get("more_body", False)
    return bytes(body)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"The request is larger than {most} bytes.")


def _piece(message: Any) -> bytes:
    if message["type"] == "http.disconnect":
        raise ClientGone
    piece: bytes = message.get("body", b"")
    return piece

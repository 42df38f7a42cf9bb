"""The client's side of a call: its body."""

import asyncio
from typing import Any

from ohmyagent.domain.errors import Invalid, TooLarge
from ohmyagent.gateway.answers import Receive
from ohmyagent.gateway.patience import Patience


class ClientGone(Exception):
    """The client closed its connection: nobody is left to answer."""


async def read_body(receive: Receive, length: int | None, most: int, patience: Patience) -> bytes:
    """The whole body, announced as `length` bytes; raises TooLarge, Invalid (too slow) and ClientGone."""
    if length is not None and length > most:
        raise _too_large(most)
    try:
        first = await receive()
        body: bytes = _piece(first)
        if first.get("more_body"):
            body = await _rest(receive, body, most)
    except asyncio.CancelledError:
        if not patience.forgive():
            raise
        raise Invalid(detail="The request did not arrive in time.") from None
    if len(body) > most:
        raise _too_large(most)
    return body


async def _rest(receive: Receive, first: bytes, most: int) -> bytes:
    """The body so far, read no further than just past the limit."""
    pieces, size, more = [first], len(first), True
    while more and size <= most:
        message = await receive()
        pieces.append(_piece(message))
        size += len(pieces[-1])
        more = message.get("more_body", False)
    return b"".join(pieces)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"The request is larger than {most} bytes.")


def _piece(message: Any) -> bytes:
    if message["type"] == "http.disconnect":
        raise ClientGone
    piece: bytes = message.get("body", b"")
    return piece

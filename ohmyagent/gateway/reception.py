"""The client's side of a call: its body, and whether it is still there."""

import asyncio
from typing import Any

from ohmyagent.domain.errors import Invalid, TooLarge
from ohmyagent.gateway.answers import Receive
from ohmyagent.gateway.headers import RawHeaders
from ohmyagent.gateway.limits import Limits


class ClientGone(Exception):
    """The client closed its connection: nobody is left to answer."""


async def read_body(receive: Receive, headers: RawHeaders, limits: Limits) -> bytes:
    """The whole body; raises TooLarge, Invalid (too slow, or compressed) and ClientGone."""
    for name, value in headers:
        if name == b"content-length" and (not value.isdigit() or int(value) > limits.request_bytes):
            raise TooLarge(f"The request is larger than {limits.request_bytes} bytes.")
        if name == b"content-encoding" and value.strip().lower() != b"identity":
            raise Invalid(detail="The request must not be compressed.")
    try:
        async with asyncio.timeout(limits.upload):
            return await _whole(receive, limits.request_bytes)
    except TimeoutError:
        raise Invalid(detail="The request did not arrive in time.") from None


async def _whole(receive: Receive, most: int) -> bytes:
    first = await receive()
    body: bytes = _piece(first)
    if first.get("more_body"):
        pieces, size, more = [body], len(body), True
        while more:
            message = await receive()
            pieces.append(_piece(message))
            size += len(pieces[-1])
            if size > most:
                raise TooLarge(f"The request is larger than {most} bytes.")
            more = message.get("more_body", False)
        body = b"".join(pieces)
    if len(body) > most:
        raise TooLarge(f"The request is larger than {most} bytes.")
    return body


def _piece(message: Any) -> bytes:
    if message["type"] == "http.disconnect":
        raise ClientGone
    piece: bytes = message.get("body", b"")
    return piece

"""Bytes between a WebSocket of ASGI and a socket.  A binary message carries bytes; an empty one ends its direction."""

import asyncio
import contextlib
import socket

from ohmyagent.egress.messages import Receive, Send

CHUNK = 1 << 16
NORMAL = 1000


async def carry(near: socket.socket, at_work: asyncio.Future[None], receive: Receive, send: Send) -> None:
    """Copy both ways until `at_work`, which has the socket's other end, is done, or the client has gone.

    The socket is closed then; a client that sends text is one that has gone.
    """
    near.setblocking(False)
    hearing, saying = asyncio.create_task(_hear(near, receive)), asyncio.create_task(_say(near, send))
    try:
        await asyncio.wait({hearing, at_work}, return_when=asyncio.FIRST_COMPLETED)
        if at_work.done():
            await saying
            with contextlib.suppress(OSError):
                await send({"type": "websocket.close", "code": NORMAL})
    finally:
        for task in (hearing, saying):
            task.cancel()
        await asyncio.gather(hearing, saying, return_exceptions=True)
        near.close()


async def _hear(near: socket.socket, receive: Receive) -> None:
    """Returns when the client has gone.  What comes for a side that has ended is passed over."""
    loop = asyncio.get_running_loop()
    while (message := await receive())["type"] == "websocket.receive" and message.get("bytes") is not None:
        with contextlib.suppress(OSError):
            if message["bytes"]:
                await loop.sock_sendall(near, message["bytes"])
            else:
                near.shutdown(socket.SHUT_WR)


async def _say(near: socket.socket, send: Send) -> None:
    """Returns after the end of the socket's side was said; OSError when the client cannot be told."""
    loop = asyncio.get_running_loop()
    part = b"begin"
    while part:
        try:
            part = await loop.sock_recv(near, CHUNK)
        except ConnectionError:
            part = b""
        await send({"type": "websocket.send", "bytes": part})

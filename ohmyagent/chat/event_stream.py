"""Server-sent events out of a mailbox, to one reader who may be slow or gone."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from starlette.types import Receive, Scope, Send

from ohmyagent.chat.frames import Frame, Mailbox, push_of

PING_SECONDS = 15.0
SEND_SECONDS = 30.0
"""How long a piece may take to be sent; what waits meanwhile is bounded by the mailbox."""
PING = b": ping\n\n"
END = b"event: end\ndata: {}\n\n"
TOO_SLOW = "The reader was too slow; come back with its seq."
SLOW = f'event: error\ndata: {{"type":"error","code":"slow","detail":"{TOO_SLOW}"}}\n\n'.encode()

Last = Callable[[Frame], bool]


class EventStream:
    """ASGI: sends until `last` says so of a frame (then `event: end`), the mailbox closes, or the reader is gone."""

    def __init__(
        self,
        mailbox: Mailbox,
        headers: dict[str, str],
        last: Last,
        leave: Callable[[], None],
        ping: float = PING_SECONDS,
    ) -> None:
        self._mailbox = mailbox
        self._headers = {**headers, "content-type": "text/event-stream; charset=utf-8"}
        self._last = last
        self._leave = leave
        self._ping = ping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = [(name.lower().encode(), value.encode("latin-1")) for name, value in self._headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        self._mailbox.push = push_of(scope)
        gone = asyncio.create_task(self._until_gone(receive))
        try:
            await self._pass_on(send)
        finally:
            gone.cancel()
            self._leave()

    async def _pass_on(self, send: Send) -> None:
        mailbox = self._mailbox
        while True:
            frames = await self._taken()
            if not frames and mailbox.pushed and not (mailbox.overflown or mailbox.closed):
                mailbox.pushed = False  # it was not silent
                continue
            body = b"".join([frame.sse for frame in frames]) if frames else PING
            ended = any(self._last(frame) for frame in frames)
            if mailbox.overflown:
                body, ended = SLOW, True
            elif ended:
                body += END
            elif mailbox.closed and mailbox.empty:
                body, ended = (body if frames else b"") + (END if mailbox.finished else b""), True
            async with asyncio.timeout(SEND_SECONDS):
                await send({"type": "http.response.body", "body": body, "more_body": not ended})
            if ended:
                return

    async def _taken(self) -> list[Frame]:
        """What waits; nothing after some silence, or when there will be nothing any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._ping):
                return await self._mailbox.take()
        return []

    async def _until_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            continue
        self._mailbox.close()

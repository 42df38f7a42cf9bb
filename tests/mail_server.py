"""A real SMTP server on loopback that takes letters, or misbehaves as it is told."""

from __future__ import annotations

import asyncio
import socket
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Post:
    """What arrived, and how the server answers: `rcpt` and `data` replace its replies.

    `cut` hangs up after the letter is taken in and before the answer; `slow` waits that many seconds there.
    """

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.rcpt: str | None = None
        self.data: str | None = None
        self.cut = False
        self.slow = 0.0
        self.connections = 0
        self._open: list[Any] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def hang_up(self) -> None:
        """Close every connection from this side, as a server does that has waited long enough."""
        assert self._loop is not None
        closed = asyncio.run_coroutine_threadsafe(self._close_all(), self._loop)
        closed.result(10)

    async def _close_all(self) -> None:
        for transport in self._open:
            transport.close()
        await asyncio.sleep(0)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        self._loop = asyncio.get_running_loop()
        self._open.append(cast(Any, server).transport)
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, options: list[str]) -> str:
        if self.rcpt is None:
            envelope.rcpt_tos.append(to)
        return self.rcpt or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.data is None:
            content = cast(bytes, envelope.original_content)
            self.raw.append(content)
            self.letters.append(cast(EmailMessage, message_from_bytes(content, policy=default)))
        await asyncio.sleep(self.slow)
        if self.cut:
            cast(Any, server).transport.abort()
        return self.data or "250 OK"


class _Bound(Controller):
    """Listens on a socket that has its port already, so that nobody takes it before the server starts."""

    def __init__(self, post: Post, held: socket.socket, **options: Any) -> None:
        self._held = held
        super().__init__(post, **options)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._held)


class MailServer:
    """`with MailServer() as server:` at `server.url`; `server.post` says what came and how it behaves."""

    def __init__(self) -> None:
        self.post = Post()
        held = socket.socket()
        held.bind(("127.0.0.1", 0))
        self.port: int = held.getsockname()[1]
        self._controller = _Bound(self.post, held, hostname="127.0.0.1", port=self.port, ready_timeout=60)

    def __enter__(self) -> MailServer:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

"""A sandbox's plain-HTTP request, sent on by TLS with the secrets that its agent has for exactly that host.

The run's token says whose secrets, the runner's token that it was the runner who asked, and the host that is dialled
which of them: neither a Host header nor an SNI of the sandbox's decides.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from ohmyagent.domain.errors import Forbidden, TooLarge
from ohmyagent.gateway.answers import Receive, Scope, Send, UpstreamFailed
from ohmyagent.gateway.connection import Broken, Response
from ohmyagent.gateway.dialling import Dialler, Uplink
from ohmyagent.gateway.envelope import Envelope, is_encoded, wrapped
from ohmyagent.gateway.limits import MEGABYTE, Limits
from ohmyagent.gateway.masking import Mask
from ohmyagent.gateway.pace import Pace
from ohmyagent.gateway.patience import Attendance, Patience
from ohmyagent.gateway.reception import ClientGone
from ohmyagent.gateway.till import Run
from ohmyagent.ports import Store, Vault
from ohmyagent.reach import Refusal
from ohmyagent.use_cases import entrusting, metering
from ohmyagent.use_cases.entrusting import Errand

log = structlog.get_logger()

PATH = "/forward"
ANSWER_BYTES = 256 * MEGABYTE


@dataclass(frozen=True)
class Trust:
    """Where secrets are and how they are opened.  `run` None: both are so fast that they are called on the loop."""

    store: Store
    vault: Vault
    now: Callable[[], datetime]
    run: Run | None

    async def errand(self, envelope: Envelope) -> Errand:
        """Raises Forbidden, Gone, Unavailable."""

        def work() -> Errand:
            token, runner, host = envelope.token, envelope.runner, envelope.host
            return entrusting.errand(self.store, self.vault, token, runner, host, self.now())

        return work() if self.run is None else await self.run(work)


class Forward:
    """Meters nothing and keeps nothing: each request has a connection of its own."""

    def __init__(self, trust: Trust, dialler: Dialler, limits: Limits) -> None:
        self._trust = trust
        self._dialler = dialler
        self._limits = limits
        self._pace = Pace(limits)
        self._attendance = Attendance(limits)

    async def respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises Problem and ClientGone as long as nothing was answered."""
        envelope = Envelope.of(scope["headers"], self._limits.header_bytes)
        if envelope.length is not None and envelope.length > self._limits.request_bytes:
            raise _too_large(self._limits)
        ledger_id = metering.ledger_of(envelope.token)
        self._pace.enter(ledger_id)
        patience = self._attendance.enter()
        try:
            errand = await self._trust.errand(envelope)
            await self._exchange(envelope, errand, receive, send, patience)
        except Refusal as refusal:
            log.info("A request was not passed on", ledger=ledger_id, reason=str(refusal))
            raise Forbidden(f"{refusal}") from refusal
        except Broken as error:
            raise UpstreamFailed("the host closed the connection") from error
        except asyncio.CancelledError:
            if not patience.forgive():
                raise
            raise UpstreamFailed("the host did not answer in time", status=504) from None
        finally:
            self._attendance.leave(patience)
            self._pace.leave(ledger_id)

    async def _exchange(
        self, envelope: Envelope, errand: Errand, receive: Receive, send: Send, patience: Patience
    ) -> None:
        """Raises Refusal and Broken as long as nothing was answered; later the answer is cut off instead."""
        uplink = await self._dialler.dial(envelope.host, self._limits.connect)
        body = _Body(envelope, uplink, receive, patience, self._limits)
        feeding: asyncio.Task[None] | None = None
        try:
            feeding = asyncio.create_task(body.feed())
            try:
                response = await uplink.ask(envelope.head(errand.injections))
            except Broken:
                if body.problem is not None:
                    raise body.problem from None
                raise
            await self._answer(envelope, errand, response, send, patience)
        finally:
            if feeding is not None:
                feeding.cancel()
            uplink.close()

    async def _answer(
        self, envelope: Envelope, errand: Errand, response: Response, send: Send, patience: Patience
    ) -> None:
        mask = Mask(injection.secret for injection in errand.injections) if errand.injections else None
        if mask is not None and is_encoded(response.headers):
            raise UpstreamFailed("the host compressed its answer though it was asked not to")
        headers = wrapped(response.status, response.headers, envelope.host, mask)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            if envelope.method != "HEAD":
                await self._stream(response, mask or Mask(()), send, patience)
        except (Broken, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and not patience.forgive():
                raise
            log.info("An answer broke off", ledger=metering.ledger_of(envelope.token))
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _stream(self, response: Response, mask: Mask, send: Send, patience: Patience) -> None:
        size = 0
        patience.extend(self._limits.idle)
        while piece := await response.piece():
            patience.extend(self._limits.idle)
            size += len(piece)
            if size > ANSWER_BYTES:
                raise Broken("the answer is too large")
            if passed := mask.feed(piece):
                await send({"type": "http.response.body", "body": passed, "more_body": True})
        if held := mask.rest():
            await send({"type": "http.response.body", "body": held, "more_body": True})


class _Body:
    """The sandbox's side of a request under way; `problem` says why it broke the connection off, if it did."""

    def __init__(
        self, envelope: Envelope, uplink: Uplink, receive: Receive, patience: Patience, limits: Limits
    ) -> None:
        self._chunked = envelope.length is None
        self._uplink, self._receive, self._patience, self._limits = uplink, receive, patience, limits
        self.problem: Exception | None = None

    async def feed(self) -> None:
        """Send the body on as it comes, then look out for the runner leaving: both end with the connection's end."""
        try:
            await self._send_on()
            self._patience.extend(self._limits.first_byte)
            await self._piece()
        except Broken:
            return
        except (ClientGone, TooLarge) as problem:
            self.problem = problem
            self._uplink.close()

    async def _send_on(self) -> None:
        size, more = 0, True
        while more:
            piece, more = await self._piece()
            self._patience.extend(self._limits.upload)
            size += len(piece)
            if size > self._limits.request_bytes:
                raise _too_large(self._limits)
            if piece:
                await self._uplink.send(b"%x\r\n%b\r\n" % (len(piece), piece) if self._chunked else piece)
        if self._chunked:
            await self._uplink.send(b"0\r\n\r\n")

    async def _piece(self) -> tuple[bytes, bool]:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        return message.get("body", b""), message.get("more_body", False)


def _too_large(limits: Limits) -> TooLarge:
    return TooLarge(f"The request is larger than {limits.request_bytes} bytes.")

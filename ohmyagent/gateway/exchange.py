"""One call on its way: sent on, tapped, answered, and settled exactly once however it ends."""

import asyncio
from typing import NamedTuple

import structlog

from ohmyagent.domain.costs import Model
from ohmyagent.gateway.answers import UpstreamFailed
from ohmyagent.gateway.bill import Bill, billed
from ohmyagent.gateway.client import Client
from ohmyagent.gateway.connection import Broken, Response, Unreachable
from ohmyagent.gateway.headers import Asked, to_client
from ohmyagent.gateway.limits import Limits
from ohmyagent.gateway.patience import Patience
from ohmyagent.gateway.request import Request
from ohmyagent.gateway.till import Till
from ohmyagent.gateway.upstreams import Upstream
from ohmyagent.gateway.usage import Answer, Tap
from ohmyagent.gateway.wire import Wire
from ohmyagent.use_cases.metering import Call

log = structlog.get_logger()

ERROR_BYTES = 64 * 1024
LINGER = 1.0
"""Seconds that a stream may stay open after its last event, for its connection to be used again."""
OURS = {
    401: "The model provider refused the platform's key.",
    402: "The platform's account with the model provider has no credit left.",
    403: "The model provider refused the platform's key or this use of it.",
}
"""What the provider holds against the platform: retrying is no use, and it is not about the run's own token."""


class Route(NamedTuple):
    """Where a call goes: the upstream, the path there, and the model that was asked for."""

    upstream: Upstream
    path: str
    model: Model


class Exchange:
    """`call` is None for what costs nothing."""

    def __init__(self, till: Till, limits: Limits, route: Route, request: Request, call: Call | None) -> None:
        self._till = till
        self._limits = limits
        self._route = route
        self._request = request
        self._call = call
        self._heard: Tap | Answer = Tap() if request.stream else Answer(most_output=request.max_tokens)
        self._sent = False
        self._rejected = False

    async def run(self, wire: Wire, asked: Asked, client: Client, patience: Patience) -> None:
        """Answer the client; raises UpstreamFailed as long as nothing was answered."""
        try:
            response = await self._post(wire, asked, patience)
            try:
                await self._answer(response, client, patience)
            finally:
                response.close()
        except asyncio.CancelledError:
            if not patience.forgive():
                raise
            log.warning("A model call was stopped", reason="client gone" if client.gone else "silence", **self._ids())
            if not client.gone and not client.started:
                raise UpstreamFailed("The model provider did not answer in time.", status=504) from None
        finally:
            client.leave()
            if self._call is not None:
                await self._settle()

    async def _post(self, wire: Wire, asked: Asked, patience: Patience) -> Response:
        upstream, call = self._route.upstream, self._call
        body = self._request.naming(self._route.model.id, call.max_tokens if call else 0)
        patience.extend(self._limits.first_byte)
        self._sent = True
        try:
            return await wire.post(upstream.address(self._route.path), body, asked.to_upstream(upstream))
        except Unreachable as error:
            self._sent = False
            raise self._failed("The model provider cannot be reached.", error) from error
        except Broken as error:
            raise self._failed("The model provider closed the connection.", error) from error

    async def _answer(self, response: Response, client: Client, patience: Patience) -> None:
        patience.extend(self._limits.idle)
        if response.status >= 300:
            self._rejected = True
            body = await self._refused(response, patience)
        elif response.content_type == "text/event-stream":
            await self._stream(response, client, patience)
            return
        else:
            body = await self._read(response, self._limits.response_bytes, patience)
            self._heard = Answer.of(body)
        await self._settle()
        await client.whole(response.status, to_client(response.headers), body)

    async def _refused(self, response: Response, patience: Patience) -> bytes:
        """The body of an error that the client may see as it is; it used nothing."""
        status = response.status
        if status in OURS:
            log.error("The upstream refused the platform", status=status, **self._ids())
            raise UpstreamFailed(OURS[status], retry=False)
        if status < 400:
            raise UpstreamFailed("The model provider answered with a redirect.", retry=False)
        body = await self._read(response, ERROR_BYTES, patience)
        if response.content_type != "application/json":
            raise UpstreamFailed(f"The model provider answered {status}.", status=status)
        return body

    async def _read(self, response: Response, most: int, patience: Patience) -> bytes:
        if (body := response.rest()) is not None:
            if len(body) > most:
                raise _too_large()
            return body
        pieces, size = [], 0
        try:
            while piece := await response.piece():
                patience.extend(self._limits.idle)
                pieces.append(piece)
                size += len(piece)
                if size > most:
                    raise _too_large()
        except Broken as error:
            raise self._failed("The model provider's answer broke off.", error) from error
        return b"".join(pieces)

    async def _stream(self, response: Response, client: Client, patience: Patience) -> None:
        """Pass the events on as they come.  A stream that breaks off is cut here too: the client then tries again,
        where a clean end would make it take half an answer for a whole one."""
        tap = self._heard = Tap()
        await client.begin(response.status, to_client(response.headers), quiet=lambda: tap.between_events)
        while piece := await self._heard_piece(tap, response, client, patience):
            if tap.stopped:
                await self._settle()
                await client.piece(piece, last=True)
                return await _linger(response, patience)
            await client.piece(piece)
        if tap.failed:
            await self._settle()
            await client.piece(b"", last=True)
        elif not client.gone:
            log.warning("A model stream broke off", **self._ids())
        return None

    async def _heard_piece(self, tap: Tap, response: Response, client: Client, patience: Patience) -> bytes:
        """The next piece that must be sent with care: it is the last, or the client is slow, or cannot be poured to."""
        left = b""

        def sink(piece: bytes) -> bool:
            nonlocal left
            tap.feed(piece)
            if not tap.stopped and client.pour(piece, patience.extend(idle)):
                return True
            left = piece
            return False

        idle = self._limits.idle
        if client.pours:
            await response.pour(sink)
        if not left and (left := await _piece(response)):
            patience.extend(idle)
            tap.feed(left)
        return left

    async def _settle(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            await self._till.settle(call, self._bill(call))

    def _bill(self, call: Call) -> Bill | None:
        """What the call is charged as things stand; None when nothing reached the model."""
        heard = self._heard
        if not self._sent or self._rejected or heard.refused:
            return None
        model = self._route.model
        return billed(
            model, call, heard.usage,
            complete=heard.complete, most_input=self._request.most_input(model.context), most_output=heard.most_output,
        )  # fmt: skip

    def _failed(self, sentence: str, error: BaseException) -> UpstreamFailed:
        log.warning("A model call failed upstream", reason=str(error), **self._ids())
        return UpstreamFailed(sentence)

    def _ids(self) -> dict[str, str]:
        ids = {"upstream": self._route.upstream.name, "model": self._route.model.id}
        return ids | ({"call": self._call.id, "ledger": self._call.ledger_id} if self._call else {})


def _too_large() -> UpstreamFailed:
    return UpstreamFailed("The model provider's answer is too large.", retry=False)


async def _piece(response: Response) -> bytes:
    """The next bytes; none at the end or when the connection breaks."""
    try:
        return await response.piece()
    except Broken:
        return b""


async def _linger(response: Response, patience: Patience) -> None:
    """The client has its answer; wait a moment for the end of the upstream's."""
    patience.extend(LINGER)
    while not response.at_end and await _piece(response):
        continue

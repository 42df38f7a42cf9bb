"""One call on its way: sent on, tapped, answered, and settled exactly once however it ends."""

import asyncio
from dataclasses import dataclass

import aiohttp
import structlog

from ohmyagent.domain.costs import Model
from ohmyagent.gateway.answers import PING, Receive, Send, UpstreamFailed, answer
from ohmyagent.gateway.bill import Bill, billed
from ohmyagent.gateway.headers import RawHeaders, to_client, to_upstream
from ohmyagent.gateway.limits import Limits
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


@dataclass(frozen=True, slots=True)
class Route:
    """Where a call goes: the upstream, the path there, and the model that was asked for."""

    upstream: Upstream
    path: str
    model: Model


class Exchange:
    """`call` is None for what costs nothing.  `run` raises UpstreamFailed as long as nothing was answered."""

    def __init__(
        self, wire: Wire, till: Till, limits: Limits, route: Route, request: Request, call: Call | None
    ) -> None:
        self._wire = wire
        self._till = till
        self._limits = limits
        self._route = route
        self._request = request
        self._call = call
        self._sent = False
        self._rejected = False
        self._heard: Tap | Answer = Tap() if request.stream else Answer(most_output=request.max_tokens)
        self._gone = False
        self._started = False
        self._deadline = asyncio.timeout(None)

    async def run(self, headers: RawHeaders, receive: Receive, send: Send) -> None:
        watch = asyncio.ensure_future(receive())
        watch.add_done_callback(self._client_gone)
        try:
            async with asyncio.timeout(self._limits.total) as self._deadline:
                response = await self._post(headers)
                try:
                    await self._answer(response, send)
                finally:
                    response.close() if not response.content.at_eof() else response.release()
        except TimeoutError:
            log.warning("A model call was stopped", reason="client gone" if self._gone else "too long", **self._ids())
            if not self._gone and not self._started:
                raise UpstreamFailed("The model provider took too long.", status=504) from None
        finally:
            watch.remove_done_callback(self._client_gone)
            watch.cancel()
            await self._settle()

    def _client_gone(self, _: object) -> None:
        """Read on for a while: most answers end soon and are then billed by their own numbers."""
        self._gone = True
        self._deadline.reschedule(asyncio.get_running_loop().time() + self._limits.drain)

    async def _post(self, headers: RawHeaders) -> aiohttp.ClientResponse:
        upstream, call = self._route.upstream, self._call
        body = self._request.naming(self._route.model.id, call.max_tokens if call else 0)
        try:
            async with asyncio.timeout(self._limits.first_byte):
                self._sent = True
                return await self._wire.post(upstream.address(self._route.path), body, to_upstream(headers, upstream))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            self._sent = False
            raise self._failed("The model provider cannot be reached.", error) from error
        except TimeoutError as error:
            raise self._failed("The model provider did not answer in time.", error, status=504) from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._failed("The model provider closed the connection.", error) from error

    async def _answer(self, response: aiohttp.ClientResponse, send: Send) -> None:
        if response.status in OURS:
            self._rejected = True
            log.error("The upstream refused the platform", status=response.status, **self._ids())
            raise UpstreamFailed(OURS[response.status], retry=False)
        if response.status >= 400:
            return await self._pass_error(response, send)
        if response.status >= 300:
            self._rejected = True
            raise UpstreamFailed("The model provider answered with a redirect.", retry=False)
        if response.content_type == "text/event-stream":
            return await self._stream(response, send)
        return await self._whole(response, send)

    async def _pass_error(self, response: aiohttp.ClientResponse, send: Send) -> None:
        """What the provider refused: it used nothing."""
        self._rejected = True
        body = await self._read(response, ERROR_BYTES)
        if response.content_type != "application/json":
            raise UpstreamFailed(f"The model provider answered {response.status}.", status=response.status)
        await self._settle()
        self._started = True
        await answer(send, response.status, to_client(response.raw_headers), body)

    async def _whole(self, response: aiohttp.ClientResponse, send: Send) -> None:
        body = await self._read(response, self._limits.response_bytes)
        self._heard = Answer.of(body)
        await self._settle()
        self._started = True
        await answer(send, response.status, to_client(response.raw_headers), body)

    async def _read(self, response: aiohttp.ClientResponse, most: int) -> bytes:
        pieces, size = [], 0
        try:
            async for piece in response.content.iter_any():
                pieces.append(piece)
                size += len(piece)
                if size > most:
                    raise UpstreamFailed("The model provider's answer is too large.", retry=False)
        except (aiohttp.ClientError, OSError) as error:
            raise self._failed("The model provider's answer broke off.", error) from error
        return b"".join(pieces)

    async def _stream(self, response: aiohttp.ClientResponse, send: Send) -> None:
        """Pass the events on as they come.  A stream that breaks off is cut here too: the client then tries again,
        where a clean end would make it take half an answer for a whole one."""
        tap = self._heard = Tap()
        self._started = True
        start = {"type": "http.response.start", "status": response.status, "headers": to_client(response.raw_headers)}
        await send(start)
        while piece := await self._piece(response.content, tap, send):
            tap.feed(piece)
            if tap.stopped:
                await self._settle()
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if tap.stopped or tap.failed:
            await self._settle()
            await send({"type": "http.response.body", "body": b""})
        elif not self._gone:
            log.warning("A model stream broke off", **self._ids())

    async def _piece(self, content: aiohttp.StreamReader, tap: Tap, send: Send) -> bytes:
        """The next bytes; none at the end, when the connection breaks, and when it is silent for too long."""
        silent = 0.0
        while silent < self._limits.idle:
            wait = LINGER if tap.stopped else min(self._limits.ping, self._limits.idle - silent)
            try:
                async with asyncio.timeout(wait):
                    return await content.readany()
            except TimeoutError:
                silent += wait
                if tap.stopped:
                    return b""
                if tap.between_events and silent < self._limits.idle:
                    await send({"type": "http.response.body", "body": PING, "more_body": True})
            except (aiohttp.ClientError, OSError):
                return b""
        return b""

    async def _settle(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            await self._till.settle(call, self._bill(call))

    def _bill(self, call: Call) -> Bill | None:
        """What the call is charged as things stand; None when nothing reached the model."""
        if not self._sent or self._rejected or self._heard.refused:
            return None
        heard = self._heard
        return billed(
            self._route.model, call, heard.usage,
            complete=heard.complete, most_input=self._request.most_input, most_output=heard.most_output,
        )  # fmt: skip

    def _failed(self, sentence: str, error: BaseException, status: int = 502) -> UpstreamFailed:
        log.warning("A model call failed upstream", reason=type(error).__name__, **self._ids())
        return UpstreamFailed(sentence, status=status)

    def _ids(self) -> dict[str, str]:
        ids = {"upstream": self._route.upstream.name, "model": self._route.model.id}
        return ids | ({"call": self._call.id, "ledger": self._call.ledger_id} if self._call else {})

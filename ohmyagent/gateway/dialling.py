"""A TLS connection to a host of the web: at an address that was judged, for the name that was asked for."""

import asyncio
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

from ohmyagent.gateway.connection import Broken, Connection
from ohmyagent.reach import Policy, PolicyOf, Refusal

TLS_PORT = 443
RESOLVING = 128
"""Names at once, of all runs.  A look-up goes on when its caller has given up: one run can have more than its calls."""


class Uplink(Connection):
    """A connection for one exchange, whose request goes out in pieces, no faster than they are taken."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop, lambda _: None)
        self._writable = asyncio.Event()
        self._writable.set()

    async def send(self, data: bytes) -> None:
        """Raises Broken."""
        if not self.usable:
            raise Broken("the connection was lost")
        self._transport.write(data)
        await self._writable.wait()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, error: Exception | None) -> None:
        self._writable.set()
        super().connection_lost(error)


@dataclass(frozen=True)
class Dialler:
    """Only tests bring another policy and another trust: then hosts are names of their own servers."""

    policy_of: PolicyOf = Policy
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context

    async def dial(self, host: str, seconds: float) -> Uplink:
        """The name is resolved once, and SNI and certificate must be the host's.  Raises Refusal."""
        loop = asyncio.get_running_loop()
        policy = self.policy_of((host,))
        try:
            async with asyncio.timeout(seconds):
                address = await loop.run_in_executor(self._resolvers, policy.address, host, TLS_PORT)
                _, uplink = await loop.create_connection(
                    lambda: Uplink(loop), address, policy.dial_port(TLS_PORT), ssl=self._context, server_hostname=host
                )
        except ssl.SSLCertVerificationError as error:
            raise Refusal("the certificate is not the host's") from error
        except OSError as error:
            raise Refusal("no connection to the host") from error
        return uplink

    @cached_property
    def _resolvers(self) -> ThreadPoolExecutor:
        """Threads of their own: a domain whose servers keep silent must hold up no other run, and nothing else."""
        return ThreadPoolExecutor(RESOLVING, thread_name_prefix="resolver")

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self.trust()

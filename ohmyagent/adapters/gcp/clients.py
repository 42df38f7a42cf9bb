"""Google's client libraries: made late, once in each process, and their errors in the program's words."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ohmyagent.domain.errors import Unavailable

SECONDS = 10.0
"""How long one call may take."""


class Lazy:
    """A client made at its first use in each process: a channel does not survive a fork, and libraries load slowly."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._guard = threading.Lock()
        self._client: Any = None
        self._pid = 0

    def __call__(self) -> Any:
        with self._guard:
            if self._client is None or self._pid != os.getpid():
                self._client, self._pid = self._make(), os.getpid()
            return self._client


def connected(client: Any, emulator: str | None) -> Any:
    """A client of the class `client`: of Google's service, or of a stand-in at `emulator` (host:port, no TLS)."""
    if emulator is None:
        return client()
    import grpc  # type: ignore[import-untyped]

    transport = client.get_transport_class("grpc")
    return client(transport=transport(channel=grpc.insecure_channel(emulator)))


def repeating(seconds: float = SECONDS) -> Any:
    """For calls that may be repeated: what passes by itself is tried again for so long."""
    from google.api_core import exceptions, retry

    passing = (exceptions.ServiceUnavailable, exceptions.InternalServerError, exceptions.DeadlineExceeded)
    return retry.Retry(predicate=retry.if_exception_type(*passing), initial=0.1, maximum=1.0, timeout=seconds)


@contextmanager
def speaking_to(service: str) -> Iterator[None]:
    """What the library raises, as Unavailable.  The message names the kind only: others may hold what was sent."""
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except (GoogleAPIError, GoogleAuthError) as error:
        raise Unavailable(f"{service} cannot be used: {type(error).__name__}") from error

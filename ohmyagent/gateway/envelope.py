"""A sandbox's request as the runner wraps it, and its answer on the way back (docs/runner-protocol.md).

Nothing of either stands where something on the way could read, route by or change it: method, address and headers are
values of headers of our own, and what has no such name is not passed on.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from ohmyagent.domain.errors import Forbidden, Invalid
from ohmyagent.domain.secrets import folded
from ohmyagent.gateway.headers import RawHeaders
from ohmyagent.gateway.masking import Mask
from ohmyagent.use_cases.entrusting import Injection

PASS = b"oma-pass-"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BODILESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
"""Methods that say nothing of a body when there is none."""
CONNECTION = frozenset(
    {
        "connection", "host", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect", "keep-alive",
        "proxy-connection", "proxy-authorization", "proxy-authenticate", "alt-svc",
    }
)  # fmt: skip
"""Headers of one connection, or of a protocol that the other side does not speak."""
SESSION = frozenset({"cookie", "set-cookie"})
"""Never passed together with a secret: a session that it opened would be as good as the secret itself."""
PARTS = frozenset({"range", "if-range", "accept-encoding"})
"""What could make a server echo a secret in parts, or compressed, so that it would not be found."""
TARGET = re.compile(r"([a-z0-9.-]{1,253})(/[!-~]*)")
NAME = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
VALUE = re.compile(rb"[\t -~\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class Envelope:
    """One request.  `length` None: the body comes in chunks."""

    token: str = field(repr=False)
    runner: str = field(repr=False)
    method: str
    host: str
    path: str
    length: int | None
    headers: list[tuple[str, str]] = field(repr=False)

    @classmethod
    def of(cls, headers: RawHeaders, most: int) -> Self:
        """Raises Invalid, and Forbidden without exactly one of each token."""
        own: dict[bytes, list[str]] = {}
        passed, size = [], 0
        for name, value in headers:
            size += len(name) + len(value)
            own.setdefault(name, []).append(value.decode("latin-1"))
            if name.startswith(PASS):
                passed.append(_header(name.removeprefix(PASS), value))
        if size > most:
            raise Invalid(detail="The headers are too large.")
        method, aim = _one(own, b"oma-method"), TARGET.fullmatch(_one(own, b"oma-target"))
        if method not in METHODS or aim is None:
            raise Invalid(detail="This request cannot be passed on.")
        length = own.get(b"content-length")
        return cls(
            _token(own, b"oma-run"), _token(own, b"oma-runner"), method, aim[1], aim[2],
            None if length is None else int(length[0]), passed,
        )  # fmt: skip

    def head(self, injections: Iterable[Injection]) -> bytes:
        """The request as it goes out; the injected headers are there once and nothing of the sandbox's beside them."""
        added = {folded(injection.header): injection for injection in injections}
        barred = CONNECTION | added.keys() | (SESSION | PARTS if added else frozenset())
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {self.host}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers if folded(name) not in barred]
        lines += [f"{injection.header}: {injection.value}" for injection in added.values()]
        if added:
            lines.append("Accept-Encoding: identity")
        if self.length is None:
            lines.append("Transfer-Encoding: chunked")
        elif self.length or self.method not in BODILESS:
            lines.append(f"Content-Length: {self.length}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def wrapped(status: int, headers: RawHeaders, host: str, mask: Mask | None) -> list[tuple[bytes, bytes]]:
    """The head of an answer for the runner.  With a mask, sessions stay outside and secrets are covered."""
    found = [(name.decode("latin-1").lower(), value) for name, value in headers]
    named = {word.strip().lower() for name, value in found if name == "connection" for word in _words(value)}
    barred = (CONNECTION - {"content-length"}) | named | (SESSION if mask else frozenset())
    passed = []
    for name, value in found:
        if name in barred:
            continue
        shown = _local(value, host) if name == "location" else value
        passed.append((PASS + name.encode("latin-1"), mask.whole(shown) if mask else shown))
    return [(b"oma-status", b"%d" % status), *passed]


def is_encoded(headers: RawHeaders) -> bool:
    """Whether an answer is compressed, so that nothing in it could be found."""
    codings = [value.strip().lower() for name, value in headers if name.lower() == b"content-encoding"]
    return any(coding not in (b"", b"identity") for coding in codings)


def _local(address: bytes, host: str) -> bytes:
    """A redirect to the same host by https comes back by http, since only there a secret is added."""
    try:
        target = urlsplit(address.decode("ascii"))
        here = (target.scheme, target.netloc.lower().removesuffix(":443")) == ("https", host)
    except ValueError:
        return address
    return target._replace(scheme="http", netloc=host).geturl().encode() if here else address


def _words(value: bytes) -> list[str]:
    return value.decode("latin-1").split(",")


def _header(name: bytes, value: bytes) -> tuple[str, str]:
    if not NAME.fullmatch(name) or not VALUE.fullmatch(value):
        raise Invalid(detail="This request has a header that cannot be passed on.")
    return name.decode("ascii"), value.decode("latin-1")


def _one(own: dict[bytes, list[str]], name: bytes) -> str:
    found = own.get(name, [])
    return found[0] if len(found) == 1 else ""


def _token(own: dict[bytes, list[str]], name: bytes) -> str:
    token = _one(own, name)
    if not token:
        raise Forbidden("The request must come from the runner of an execution.")
    return token

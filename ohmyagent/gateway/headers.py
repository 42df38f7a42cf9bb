"""Which headers pass the gateway: only those on these lists, in either direction."""

from collections.abc import Iterable
from dataclasses import dataclass

from ohmyagent.domain.errors import Forbidden, Invalid
from ohmyagent.gateway.upstreams import ANTHROPIC_VERSION, Upstream

RawHeaders = Iterable[tuple[bytes, bytes]]

_DESCRIBING = frozenset({b"user-agent", b"accept"})
_DESCRIBING_PREFIXES = (b"anthropic-", b"x-claude-code-")
_VERSION = b"anthropic-version: %b\r\n" % ANTHROPIC_VERSION.encode()
_ANSWERED = frozenset({b"content-type", b"request-id", b"retry-after", b"x-should-retry"})
_ANSWERED_PREFIX = b"anthropic-ratelimit-"


@dataclass(slots=True)
class Asked:
    """What a request's headers say: its token, what describes the call, and how long the body is (None: not said)."""

    token: str
    describing: dict[bytes, bytes]
    length: int | None

    def to_upstream(self, upstream: Upstream) -> list[bytes]:
        """The headers to send, a line each: those of the client's own that describe the call, our key, and no other."""
        lines = [b"%b: %b\r\n" % header for header in self.describing.items()]
        if b"anthropic-version" not in self.describing:
            lines.append(_VERSION)
        lines += upstream.lines
        return lines


def asked(headers: RawHeaders, most: int) -> Asked:
    """Raises Invalid (larger than `most` bytes, or a compressed body) and Forbidden (not exactly one token).

    The CLI sends its token in both headers when both are set; they must then agree, or it could be in doubt which one
    was checked.
    """
    size, length = 0, None
    tokens: set[bytes] = set()
    describing: dict[bytes, bytes] = {}
    for name, value in headers:
        size += len(name) + len(value)
        if name in _DESCRIBING or name.startswith(_DESCRIBING_PREFIXES):
            describing[name] = value
        elif name == b"authorization" and value[:7].lower() == b"bearer ":
            tokens.add(value[7:].strip())
        elif name == b"x-api-key":
            tokens.add(value.strip())
        elif name == b"content-length":
            length = int(value) if value.isdigit() else None
        elif name == b"content-encoding" and value.strip().lower() != b"identity":
            raise Invalid(detail="The request must not be compressed.")
    if size > most:
        raise Invalid(detail="The headers are too large.")
    if len(tokens) != 1:
        raise Forbidden("The request must carry one execution token.")
    return Asked(tokens.pop().decode("latin-1"), describing, length)


def to_client(headers: RawHeaders) -> list[tuple[bytes, bytes]]:
    """Those of an answer that pass; names are lower-case."""
    passed = []
    for name, value in headers:
        if name in _ANSWERED or name.startswith(_ANSWERED_PREFIX):
            passed.append((name, value))
    return passed

"""Which headers pass the gateway: only those on these lists, in either direction."""

from collections.abc import Iterable
from dataclasses import dataclass

from ohmyagent.domain.errors import Forbidden, Invalid
from ohmyagent.gateway.upstreams import ANTHROPIC_VERSION, Upstream

RawHeaders = Iterable[tuple[bytes, bytes]]

_DESCRIBING = frozenset({b"user-agent", b"accept"})
_DESCRIBING_PREFIXES = (b"anthropic-", b"x-claude-code-")
_ANSWERED = frozenset({b"content-type", b"request-id", b"retry-after", b"x-should-retry"})
_ANSWERED_PREFIX = b"anthropic-ratelimit-"


@dataclass(slots=True)
class Asked:
    """What a request's headers say: its token, what describes the call, and how long the body is (None: not said)."""

    token: str
    describing: dict[str, str]
    length: int | None

    def to_upstream(self, upstream: Upstream) -> dict[str, str]:
        """The headers to send: the client's own that describe the call, our key, and nothing else of the client's."""
        return {"anthropic-version": ANTHROPIC_VERSION} | self.describing | upstream.headers


def asked(headers: RawHeaders, most: int) -> Asked:
    """Raises Invalid (larger than `most` bytes, or a compressed body) and Forbidden (not exactly one token).

    The CLI sends its token in both headers when both are set; they must then agree, or it could be in doubt which one
    was checked.
    """
    size, tokens, describing, length = 0, set(), {}, None
    for name, value in headers:
        size += len(name) + len(value)
        if name in _DESCRIBING or name.startswith(_DESCRIBING_PREFIXES):
            describing[name.decode("latin-1")] = value.decode("latin-1")
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
    passed = []
    for name, value in headers:
        lowered = name.lower()
        if lowered in _ANSWERED or lowered.startswith(_ANSWERED_PREFIX):
            passed.append((lowered, value))
    return passed

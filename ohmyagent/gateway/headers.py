"""Which headers pass the gateway: only those on these lists, in either direction."""

from collections.abc import Iterable

from ohmyagent.domain.errors import Forbidden
from ohmyagent.gateway.upstreams import ANTHROPIC_VERSION, Upstream

RawHeaders = Iterable[tuple[bytes, bytes]]

_ASKED = frozenset({b"user-agent", b"accept"})
_ASKED_PREFIXES = (b"anthropic-", b"x-claude-code-")
_ANSWERED = frozenset({b"content-type", b"request-id", b"retry-after", b"x-should-retry"})
_ANSWERED_PREFIX = b"anthropic-ratelimit-"


def size(headers: RawHeaders) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers)


def token(headers: RawHeaders) -> str:
    """The one token that the request carries, as bearer or as API key; raises Forbidden.

    The CLI sends both headers when both are set; they must then agree, or what was checked could be in doubt.
    """
    found = set()
    for name, value in headers:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            found.add(value[7:].strip())
        elif name == b"x-api-key":
            found.add(value.strip())
    if len(found) != 1:
        raise Forbidden("The request must carry one execution token.")
    return found.pop().decode("latin-1")


def to_upstream(headers: RawHeaders, upstream: Upstream) -> dict[str, str]:
    """The headers to send: the client's own that describe the call, our key, and nothing else of the client's."""
    sent = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in headers
        if name in _ASKED or name.startswith(_ASKED_PREFIXES)
    }
    sent.setdefault("anthropic-version", ANTHROPIC_VERSION)
    sent |= upstream.credentials
    sent["content-type"] = "application/json"
    sent["accept-encoding"] = "identity"
    return sent


def to_client(headers: RawHeaders) -> list[tuple[bytes, bytes]]:
    lowered = ((name.lower(), value) for name, value in headers)
    return [(name, value) for name, value in lowered if name in _ANSWERED or name.startswith(_ANSWERED_PREFIX)]

"""What the gateway reads of a request; the rest passes unparsed."""

from typing import Any, NamedTuple

from ohmyagent.domain.errors import Invalid
from ohmyagent.gateway.screening import Extent, screened
from ohmyagent.gateway.strict_json import members, parsed, replaced
from ohmyagent.use_cases.metering import BYTES_PER_TOKEN

MOST_TOKENS = 10_000_000


class Request(NamedTuple):
    """A call of the Messages API.  `max_tokens` is 0 where the endpoint has none."""

    body: bytes
    model: str
    stream: bool
    max_tokens: int
    extent: Extent

    @property
    def text_bytes(self) -> int:
        """The size that bounds the prompt's tokens."""
        return len(self.body) - self.extent.image_bytes

    def most_input(self, context: int) -> int:
        """Tokens that the prompt has at most; a whole window of `context` where not all of it can be seen."""
        seen = -(-self.text_bytes // BYTES_PER_TOKEN)
        return max(seen, context) if self.extent.unseen else seen

    def naming(self, model: str, max_tokens: int) -> bytes:
        """The body to forward, with these two values in place."""
        changes: dict[str, Any] = {}
        if model != self.model:
            changes["model"] = model
        if max_tokens != self.max_tokens:
            changes["max_tokens"] = max_tokens
        return replaced(*members(self.body), changes) if changes else self.body


def message_request(body: bytes) -> Request:
    """Raises Malformed or Invalid (what the model needs is missing), Forbidden (it asks for more than a run may)."""
    found = parsed(body)
    extent = screened(found)
    return Request(body, _model(found), _stream(found), _max_tokens(found), extent)


def count_request(body: bytes) -> Request:
    found = parsed(body)
    extent = screened(found)
    return Request(body, _model(found), False, 0, extent)


def _model(found: dict[str, Any]) -> str:
    model = found.get("model")
    if not isinstance(model, str) or not 0 < len(model) <= 200:
        raise Invalid.of("model", "model: a text is required")
    return model


def _stream(found: dict[str, Any]) -> bool:
    value = found.get("stream", False)
    if not isinstance(value, bool):
        raise Invalid.of("stream", "stream: true or false is required")
    return value


def _max_tokens(found: dict[str, Any]) -> int:
    value = found.get("max_tokens")
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MOST_TOKENS:
        raise Invalid.of("max_tokens", "max_tokens: a whole number above 0 is required")
    return value

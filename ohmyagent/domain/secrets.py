"""An agent's secrets: what they are for is readable, their value never again.

A secret is added to requests for exactly its hosts, outside the sandbox, by the gateway.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from ohmyagent.domain.agents import Host
from ohmyagent.domain.record import Instant, Record

MOST_SECRETS = 20
HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}\Z")
RESERVED_HEADERS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer", "expect", "cookie2"}
)
"""Headers that steer the connection itself; a secret in one of them could change what is sent, not only to whom."""


def folded(header: str) -> str:
    """One spelling of a header's name: many servers read `X_Key` as `X-Key`."""
    return header.lower().replace("_", "-")


def _header(text: str) -> str:
    if not HEADER.match(text) or text.lower() in RESERVED_HEADERS or text.lower().startswith("proxy-"):
        raise ValueError("is not the name of a header that can carry a secret")
    return text


def _value(text: str) -> str:
    if not text.isascii() or not text.isprintable() or text != text.strip():
        raise ValueError("must be printable ASCII without blanks at its ends, as header values are")
    return text


def _exact(host: str) -> str:
    if host.startswith("*."):
        raise ValueError("must be an exact host")
    return host


NAME = r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"
SecretName = Annotated[str, Field(pattern=NAME)]


class SecretDraft(Record):
    """What a person gives.  `prefix` stands before the value in the header, such as `Bearer `."""

    value: Annotated[str, Field(min_length=8, max_length=4_000), AfterValidator(_value)]
    hosts: Annotated[tuple[Annotated[Host, AfterValidator(_exact)], ...], Field(min_length=1, max_length=10)]
    header: Annotated[str, AfterValidator(_header)] = "Authorization"
    prefix: Annotated[str, Field(max_length=20, pattern=r"^[ -~]*$")] = "Bearer "


class Secret(Record):
    """As it is kept: the value sealed for this agent and name."""

    name: SecretName
    agent_id: str
    user_id: str
    sealed: str
    hosts: tuple[str, ...]
    header: str
    prefix: str
    created_at: Instant
    updated_at: Instant

    def fills(self, header: str, host: str) -> bool:
        """Whether it is what a request to the host carries in that header."""
        return host in self.hosts and folded(self.header) == folded(header)

    @property
    def context(self) -> str:
        """What the sealed value is bound to: moved to another agent or name, it does not open."""
        return f"secret/{self.user_id}/{self.agent_id}/{self.name}"

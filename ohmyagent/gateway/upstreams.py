"""Where models answer: a table of endpoints that speak the Anthropic Messages API."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

ANTHROPIC_URL = "https://api.anthropic.com"
ANTHROPIC_VERSION = "2023-06-01"


@dataclass(frozen=True)
class Upstream:
    """One line of the table.  `base_url` is what the path `/v1/messages` is appended to; `key` None sends none."""

    name: str
    base_url: str
    key: str | None = field(default=None, repr=False)
    auth: Literal["x-api-key", "bearer"] = "x-api-key"

    def address(self, path: str) -> str:
        return self.base_url.rstrip("/") + path

    @cached_property
    def lines(self) -> tuple[bytes, ...]:
        """The headers that every call carries: the key, and that we read neither other types nor compressed bodies."""
        own = {"content-type": "application/json", "accept-encoding": "identity"}
        if self.key is not None:
            own |= {"authorization": f"Bearer {self.key}"} if self.auth == "bearer" else {"x-api-key": self.key}
        return tuple(f"{name}: {value}\r\n".encode("latin-1") for name, value in own.items())

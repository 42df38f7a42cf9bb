"""One handshake: who asks, and for which host and port."""

from dataclasses import dataclass, field
from typing import Self

from ohmyagent.egress.messages import Scope
from ohmyagent.reach import Refusal
from ohmyagent.runner.egress import target

TOKEN_BYTES = 512


@dataclass(frozen=True)
class Call:
    """`host` is in lower case and without a final dot."""

    host: str
    port: int
    token: str = field(repr=False)
    runner_token: str = field(repr=False)

    @classmethod
    def of(cls, scope: Scope) -> Self:
        """Raises Refusal."""
        *_, place, host, port = ["", "", "", *str(scope["path"]).split("/")]
        if place != "egress":
            raise Refusal("the path is not /egress/{host}/{port}")
        headers = dict(scope["headers"])
        token = headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        host, number = target(f"CONNECT {host}:{port} HTTP/1.1\r\n".encode("ascii", "replace"))
        return cls(host, number, _text(token), _text(headers.get(b"oma-runner-token", b"")))


def _text(token: bytes) -> str:
    if not 0 < len(token) <= TOKEN_BYTES or not token.isascii():
        raise Refusal("a token is missing")
    return token.decode("ascii")

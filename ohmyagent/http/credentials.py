"""How a request signs in: by the `__session` cookie or by a bearer.  Knows no web framework."""

import re
from dataclasses import dataclass

from ohmyagent.domain.errors import Unauthenticated

COOKIE = "__session"
"""The one cookie that Firebase Hosting passes on."""
_BEARER = re.compile(r"Bearer +([A-Za-z0-9._~+/=-]{1,512})", re.IGNORECASE | re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,512}")


@dataclass(frozen=True)
class Credential:
    """A session token or an API key.  Browsers add a cookie by themselves, so it needs an Origin check."""

    secret: str
    by_cookie: bool


def credential_of(authorization: str | None, cookie: str | None) -> Credential | None:
    """A bearer goes before the cookie; raises Unauthenticated when Authorization is anything but one bearer."""
    if authorization is not None:
        bearer = _BEARER.fullmatch(authorization)
        if bearer is None:
            raise Unauthenticated()
        return Credential(bearer[1], by_cookie=False)
    if cookie is not None and _TOKEN.fullmatch(cookie):
        return Credential(cookie, by_cookie=True)
    return None

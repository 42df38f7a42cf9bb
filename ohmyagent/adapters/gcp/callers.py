"""Callers by the identity tokens that Google signs for service accounts."""

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from ohmyagent.domain.errors import Unauthenticated, Unavailable

CERTS_URL = "https://www.googleapis.com/oauth2/v1/certs"
ISSUERS = ("https://accounts.google.com", "accounts.google.com")
FRESH_SECONDS = 3_600.0
AGAIN_SECONDS = 60.0
"""Certificates are fetched again for an unknown key at most so often: anybody can make up a key's name."""


REMOVED = ".SIGNATURE_REMOVED_BY_GOOGLE"
SKEW_SECONDS = 10


class GoogleCallers:
    """What the token says is checked here although Cloud Run checked it before.

    Cloud Run takes the signature of a token that it has checked away: then its word is all there is, and IAM keeps the
    service closed.  Where a signature arrives it is verified.
    Sources: https://developers.google.com/identity/openid-connect/openid-connect#validatinganidtoken,
    https://cloud.google.com/run/docs/troubleshooting#signature-removed
    """

    def __init__(self, account: str, certs_url: str | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._account = account
        self._url = certs_url or CERTS_URL
        self._clock = clock
        self._guard = threading.Lock()
        self._certs: Mapping[str, str] = {}
        self._fetched = float("-inf")

    def check(self, token: str, audience: str | None) -> None:
        from google.auth.exceptions import GoogleAuthError

        try:
            claims = _unsigned(token, audience) if token.endswith(REMOVED) else self._signed(token, audience)
        except (KeyError, TypeError, ValueError, GoogleAuthError) as error:
            raise Unauthenticated("The identity token is not valid here.") from error
        ours = claims.get("email") == self._account and claims.get("email_verified") is True
        if claims.get("iss") not in ISSUERS or not ours:
            raise Unauthenticated("The identity token is of somebody else.")

    def _signed(self, token: str, audience: str | None) -> Mapping[str, Any]:
        from google.auth import jwt

        certs = self._certs_for(str(jwt.decode_header(token).get("kid")))  # type: ignore[no-untyped-call]
        claims: Mapping[str, Any] = jwt.decode(token, certs=certs, audience=audience)  # type: ignore[no-untyped-call]
        return claims

    def _certs_for(self, key_id: str) -> Mapping[str, str]:
        with self._guard:
            age = self._clock() - self._fetched
            if age > FRESH_SECONDS or (key_id not in self._certs and age > AGAIN_SECONDS):
                self._certs, self._fetched = _fetched(self._url), self._clock()
            return self._certs


def _unsigned(token: str, audience: str | None) -> Mapping[str, Any]:
    """The claims of a token that somebody else verified; raises ValueError for another audience or time."""
    from google.auth import jwt

    claims: Mapping[str, Any] = jwt.decode(token, verify=False)  # type: ignore[no-untyped-call]
    if audience is not None and claims["aud"] != audience:
        raise ValueError("another audience")
    if not claims["iat"] - SKEW_SECONDS <= time.time() <= claims["exp"] + SKEW_SECONDS:
        raise ValueError("another time")
    return claims


def _fetched(url: str) -> Mapping[str, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  the address is Google's, or the settings'
            certs: Mapping[str, str] = json.load(answer)
    except (OSError, ValueError) as error:
        raise Unavailable("Google's certificates cannot be had.") from error
    return certs

"""Callers by the identity tokens that Google signs for service accounts."""

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping

from ohmyagent.domain.errors import Unauthenticated, Unavailable

CERTS_URL = "https://www.googleapis.com/oauth2/v1/certs"
ISSUERS = ("https://accounts.google.com", "accounts.google.com")
FRESH_SECONDS = 3_600.0
AGAIN_SECONDS = 60.0
"""Certificates are fetched again for an unknown key at most so often: anybody can make up a key's name."""


class GoogleCallers:
    """Checked here although Cloud Run checked it before: a service that was opened by mistake stays closed.

    Source: https://developers.google.com/identity/openid-connect/openid-connect#validatinganidtoken
    """

    def __init__(self, account: str, certs_url: str | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._account = account
        self._url = certs_url or CERTS_URL
        self._clock = clock
        self._guard = threading.Lock()
        self._certs: Mapping[str, str] = {}
        self._fetched = float("-inf")

    def check(self, token: str, audience: str) -> None:
        from google.auth import jwt
        from google.auth.exceptions import GoogleAuthError

        try:
            certs = self._certs_for(str(jwt.decode_header(token).get("kid")))  # type: ignore[no-untyped-call]
            claims = jwt.decode(token, certs=certs, audience=audience)  # type: ignore[no-untyped-call]
        except (ValueError, GoogleAuthError) as error:
            raise Unauthenticated("The identity token is not valid here.") from error
        ours = claims.get("email") == self._account and claims.get("email_verified") is True
        if claims.get("iss") not in ISSUERS or not ours:
            raise Unauthenticated("The identity token is of somebody else.")

    def _certs_for(self, key_id: str) -> Mapping[str, str]:
        with self._guard:
            age = self._clock() - self._fetched
            if age > FRESH_SECONDS or (key_id not in self._certs and age > AGAIN_SECONDS):
                self._certs, self._fetched = _fetched(self._url), self._clock()
            return self._certs


def _fetched(url: str) -> Mapping[str, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  the address is Google's, or the settings'
            certs: Mapping[str, str] = json.load(answer)
    except (OSError, ValueError) as error:
        raise Unavailable("Google's certificates cannot be had.") from error
    return certs

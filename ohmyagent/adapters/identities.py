"""Google's ID tokens, checked by google-auth against certificates that are fetched rarely and kept when that fails."""

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import structlog

from ohmyagent.domain.accounts import LONGEST_NAME, Identity
from ohmyagent.domain.errors import Conflict, Unauthenticated, Unavailable

log = structlog.get_logger()

ISSUERS = frozenset({"accounts.google.com", "https://accounts.google.com"})
"""Both forms stand in tokens.  Source: https://developers.google.com/identity/gsi/web/guides/verify-google-id-token"""
SKEW_SECONDS = 10
TIMEOUT_SECONDS = 5
MOST_BYTES = 100_000
LONGEST_TOKEN = 8_000
SHORTEST_STAY, LONGEST_STAY = 60.0, 24 * 3600.0
STALE_SECONDS = 24 * 3600.0
"""How long certificates are used beyond their time while no new ones can be had."""
RETRY_SECONDS = 30.0
"""The least time between two tries to fetch, whatever tokens come: unknown key ids are free to invent."""
_MAX_AGE = re.compile(r"max-age=([0-9]{1,9})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")


class Certificates:
    """By key id, as the address gives them.  Safe to use from many threads; one of them fetches."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url, self._clock = url, clock
        self._lock = threading.Lock()
        self._kept: Mapping[str, str] = {}
        self._fresh_until = self._usable_until = self._tried_at = float("-inf")

    def by_id(self, key_id: str) -> Mapping[str, str]:
        """All of them, fetched anew when they are old or lack this one.  Raises Unavailable when there are none."""
        now = self._clock()
        if now >= self._fresh_until or key_id not in self._kept:
            with self._lock:
                if self._clock() >= self._tried_at + RETRY_SECONDS and self._wanted(key_id):
                    self._fetch()
        if not self._kept or now >= self._usable_until:
            raise Unavailable(
                "Google's certificates cannot be had at the moment.", korean="지금은 Google 인증서를 받을 수 없습니다."
            )
        return self._kept

    def _wanted(self, key_id: str) -> bool:
        return self._clock() >= self._fresh_until or key_id not in self._kept

    def _fetch(self) -> None:
        self._tried_at = self._clock()
        try:
            with urlopen(Request(self._url), timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  # an operator's setting
                body = answer.read(MOST_BYTES)
                stay = _stay(answer.headers.get("Cache-Control") or "")
            found = json.loads(body)
            if not isinstance(found, dict) or not found or not all(isinstance(pem, str) for pem in found.values()):
                raise ValueError
        except (URLError, OSError, ValueError, RecursionError) as error:
            log.warning("certificates not fetched", error=type(error).__name__)
            return
        self._kept = found
        self._fresh_until = self._clock() + stay
        self._usable_until = self._fresh_until + STALE_SECONDS


class GoogleIdentities:
    """For one client id."""

    def __init__(self, client_id: str | None, certificates_url: str) -> None:
        self._client_id = client_id
        self._certificates = Certificates(certificates_url)

    def of(self, credential: str) -> Identity:
        if self._client_id is None:
            raise Conflict(
                "Signing in with Google is not set up here: the operator must set GOOGLE_CLIENT_ID.",
                korean="이 플랫폼에는 Google 로그인이 없습니다. 운영자가 GOOGLE_CLIENT_ID를 설정해야 합니다.",
            )
        claims = self._claims(credential, self._client_id)
        sub = claims.get("sub")
        if claims.get("iss") not in ISSUERS or not isinstance(sub, str) or not 0 < len(sub) <= 255:
            raise _not_valid()
        return Identity(
            sub=sub,
            nonce=_text(claims.get("nonce"), 500),
            email=_address(claims.get("email")),
            verified_email=claims.get("email_verified") is True and _address(claims.get("email")) is not None,
            name=_name(claims.get("name")),
            picture=_picture(claims.get("picture")),
        )

    def _claims(self, credential: str, client_id: str) -> Mapping[str, Any]:
        from google.auth import exceptions, jwt  # 0.2 s and 50 MB: only where somebody signs in

        if len(credential) > LONGEST_TOKEN:
            raise _not_valid()
        try:
            key_id = jwt.decode_header(credential).get("kid")  # type: ignore[no-untyped-call]
            if not isinstance(key_id, str):
                raise _not_valid()
            certificates = self._certificates.by_id(key_id)
            if key_id not in certificates:
                raise _not_valid()
            claims: Mapping[str, Any] = jwt.decode(  # type: ignore[no-untyped-call]
                credential, certs=certificates, audience=client_id, clock_skew_in_seconds=SKEW_SECONDS
            )
        except (exceptions.GoogleAuthError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
            raise _not_valid() from None
        return claims


def _not_valid() -> Unauthenticated:
    return Unauthenticated("Google's sign-in is not valid.", korean="Google 로그인이 올바르지 않습니다.")


def _stay(cache_control: str) -> float:
    """Seconds that the certificates may be kept."""
    found = _MAX_AGE.search(cache_control)
    return min(LONGEST_STAY, max(SHORTEST_STAY, float(found[1]))) if found else SHORTEST_STAY


def _text(value: object, most: int) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= most and not _CONTROL.search(value) else None


def _address(value: object) -> str | None:
    text = _text(value, 254)
    return text if text and text.count("@") == 1 and not re.search(r"[\s<>,;]", text) else None


def _name(value: object) -> str | None:
    return _CONTROL.sub(" ", value).strip()[:LONGEST_NAME].strip() or None if isinstance(value, str) else None


def _picture(value: object) -> str | None:
    text = _text(value, 500)
    return text if text and text.startswith("https://") else None

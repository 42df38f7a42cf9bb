"""Signatures of webhooks, in and out: Standard Webhooks with a shared key.

HMAC-SHA256 over `id.timestamp.body`, in base64 after `v1,`; several stand side by side while keys are rotated.
Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Self

from ohmyagent.domain.record import Instant, Record

PREFIX = "whsec_"
TOLERANCE = timedelta(minutes=5)
BOTH_HOLD = timedelta(hours=24)
"""How long the key before a rotation holds beside the new one."""
MESSAGE_ID = re.compile(r"[!-\-/-~]{1,200}\Z")
"""Visible ASCII but the dot: with it, one signature could stand for two pairs of id and timestamp."""
TIMESTAMP = re.compile(r"[0-9]{1,12}\Z")


class Keys(Record):
    """A key and, for a while after a rotation, the one before; both sealed."""

    sealed: str
    previous: str | None = None
    previous_until: Instant | None = None
    rotated_at: Instant | None = None

    def rotated(self, sealed: str, now: datetime) -> Self:
        return self.replace(sealed=sealed, previous=self.sealed, previous_until=now + BOTH_HOLD, rotated_at=now)

    def holding(self, now: datetime) -> tuple[str, ...]:
        """Those that hold now, still sealed, the new one first."""
        if self.previous is None or self.previous_until is None or now >= self.previous_until:
            return (self.sealed,)
        return (self.sealed, self.previous)


def new_key() -> str:
    """256 random bits in base64 behind `whsec_`."""
    return PREFIX + b64encode(secrets.token_bytes(32)).decode("ascii")


def signature(key: str, id: str, timestamp: int | str, body: bytes) -> str:
    """`v1,…` for one key."""
    signed = f"{id}.{timestamp}.".encode("ascii") + body
    made = hmac.digest(b64decode(key.removeprefix(PREFIX)), signed, hashlib.sha256)
    return "v1," + b64encode(made).decode("ascii")


def verified(keys: Iterable[str], id: str, timestamp: str, given: str, body: bytes, now: datetime) -> bool:
    """Whether one of the `given` signatures is by one of the keys, and the message at most five minutes off."""
    if not MESSAGE_ID.match(id) or not TIMESTAMP.match(timestamp):
        return False
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        return False
    found = [one.encode("utf-8", "replace") for one in given.split(" ")]
    right = [signature(key, id, timestamp, body).encode("ascii") for key in keys]
    return any(hmac.compare_digest(one, made) for made in right for one in found)

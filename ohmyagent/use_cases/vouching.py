"""Links that prove themselves: signed for one purpose, until an instant, readable by nobody else's key."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from itsdangerous import BadData, URLSafeSerializer

from ohmyagent.domain.errors import Gone, NotFound


@dataclass(frozen=True)
class Office:
    """What mails and the links in them need: the public address, who administers, and the key that signs."""

    public_url: str
    admin_emails: tuple[str, ...]
    key: bytes = field(repr=False)


def token(key: bytes, purpose: str, fields: dict[str, str], expires: datetime | None = None) -> str:
    """URL-safe; what is in `fields` can be read by whoever holds it."""
    until = {} if expires is None else {"until": int(expires.timestamp())}
    return str(_serializer(key, purpose).dumps(fields | until))


def vouched(key: bytes, purpose: str, token: str, now: datetime) -> dict[str, str]:
    """The fields of a token for this purpose; raises NotFound for any other text, Gone for one that has expired."""
    try:
        fields: dict[str, str | int] = _serializer(key, purpose).loads(token)
    except (BadData, RecursionError):
        raise NotFound() from None
    until = fields.pop("until", None)
    if until is not None and now >= datetime.fromtimestamp(int(until), UTC):
        raise Gone("This link has expired.", korean="만료된 링크입니다.")
    return {name: str(value) for name, value in fields.items()}


def _serializer(key: bytes, purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=purpose, signer_kwargs={"digest_method": sha256, "key_derivation": "hmac"})

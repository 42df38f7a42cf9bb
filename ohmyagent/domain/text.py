"""What people may type: one line, many lines, and identifiers."""

import base64
import hashlib
import hmac
import re
import secrets
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: nothing that looks like something else.  Source: https://www.crockford.com/base32.html"""
ID = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")
_BAD_IN_LINES = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_BAD_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def _line(text: str) -> str:
    clean = unicodedata.normalize("NFC", text).strip()
    if _BAD_IN_LINES.search(clean):
        raise ValueError("contains a control character")
    return clean


def _named(text: str) -> str:
    if not any(unicodedata.category(c)[0] in "LNSP" for c in text):
        raise ValueError("is blank")
    return text


def _text(text: str) -> str:
    if _BAD_IN_TEXT.search(text):
        raise ValueError("contains a control character")
    return text


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("is blank")
    return text


Line = Annotated[str, AfterValidator(_line)]
"""One line, NFC, trimmed, without control characters."""

Name = Annotated[str, Field(max_length=80), AfterValidator(_line), AfterValidator(_named)]
"""A line that shows something."""

Text = Annotated[str, AfterValidator(_text)]
"""Any text without control characters but tab and line ends; kept as typed."""

Remark = Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_text), AfterValidator(_said)]
"""What somebody says to the people behind the platform."""

Instructions = Annotated[str, Field(min_length=1, max_length=100_000), AfterValidator(_text), AfterValidator(_said)]


def new_id(prefix: str) -> str:
    """A random id of 100 bits, such as `a_k3v9…`; the prefix tells a reader what it names."""
    bits = secrets.randbits(100)
    return f"{prefix}_" + "".join([_ALPHABET[bits >> place & 31] for place in range(0, 100, 5)])


def derived_id(prefix: str, *parts: str) -> str:
    """The id that follows from what it is for; the same parts give the same id."""
    joined = "\x1f".join(f"{len(part)}:{part}" for part in parts)
    return f"{prefix}_" + hashlib.sha256(joined.encode()).hexdigest()[:32]


def new_secret() -> str:
    """256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def derived_secret(secret: str, *parts: str) -> str:
    """The secret that follows from one of full entropy and what it is for; it does not lead back (HMAC-SHA-256)."""
    joined = "\x1f".join(f"{len(part)}:{part}" for part in parts)
    mac = hmac.new(secret.encode("utf-8", "surrogatepass"), joined.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return base64.urlsafe_b64encode(mac.digest()).rstrip(b"=").decode()


def digest(secret: str) -> str:
    """How a random secret is kept at rest (it has full entropy, so one round of SHA-256 is enough)."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()

"""Which hosts an agent may reach: exact names and `*.` suffixes, normalised once and compared as text."""

import ipaddress
import re
from functools import cache

from publicsuffixlist import PublicSuffixList

LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)\Z")


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=True)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return bool(re.fullmatch(r"[0-9.]+|0x[0-9a-f.x]+", host))
    return True


def normal_host(text: str) -> str:
    """The host in lower case and punycode, a `*.` kept; ValueError says what is wrong, for a person."""
    wildcard = text.startswith("*.")
    name = (text[2:] if wildcard else text).rstrip(".").lower()
    if _is_address(name):
        raise ValueError("is an address; give a host name")
    try:
        host = name.encode("idna").decode("ascii") if not name.isascii() else name
    except UnicodeError:
        raise ValueError("is not a host name") from None
    labels = host.split(".")
    if len(host) > 253 or not all(LABEL.match(label) for label in labels):
        raise ValueError("is not a host name")
    if len(labels) < 2 or labels[-1] in ("local", "localhost", "internal", "localdomain"):
        raise ValueError("is not a public host name")
    if _suffixes().publicsuffix(host) == host:
        raise ValueError("is a public suffix; name the site below it")
    return ("*." if wildcard else "") + host

"""Whether the sender's domain vouches for its mail: SPF, DKIM and DMARC records, as far as they can be resolved.

Source: RFC 7208 (SPF), RFC 6376 (DKIM), RFC 7489 (DMARC).
"""

from email.utils import parseaddr

import dns.exception
import dns.resolver

from ohmyagent.cli import words

SECONDS = 3.0
COMMON = ("default", "google", "selector1", "selector2", "s1", "s2", "k1", "mail", "dkim", "mx", "smtp")
"""Selectors of well-known senders; nothing in the DNS says which ones there are."""


class Unresolved(Exception):
    """No answer, so nothing is known."""


def faults(sender: str, selector: str | None, resolver: dns.resolver.Resolver | None = None) -> tuple[str, list[str]]:
    """What was found in one line, and what should be done, a sentence each; raises Unresolved."""
    domain = parseaddr(sender)[1].rpartition("@")[2].lower()
    asked = resolver or _system()
    spf = [text for text in _texts(asked, domain) if text.lower().split(" ")[0] == "v=spf1"]
    dmarc = [text for text in _texts(asked, f"_dmarc.{domain}") if text.lower().startswith("v=dmarc1")]
    dmarc = dmarc or [text for text in _texts(asked, f"_dmarc.{_above(domain)}") if text.lower().startswith("v=dmarc1")]
    selectors = (selector,) if selector else COMMON
    dkim = next((name for name in selectors if _has_key(asked, f"{name}._domainkey.{domain}")), None)
    found = words.RECORDS(
        domain=domain, spf=_mark(len(spf) == 1), dkim=dkim or "–", dmarc=_policy(dmarc[0]) if dmarc else "–"
    )
    wrong = []
    if len(spf) != 1:
        wrong.append(words.SPF_TWICE(domain=domain) if spf else words.SPF_FIX(domain=domain))
    if dkim is None:
        wrong.append(words.DKIM_FIX(name=f"{selector}._domainkey.{domain}") if selector else words.DKIM_UNKNOWN())
    if not dmarc:
        wrong.append(words.DMARC_FIX(domain=domain))
    return found, wrong


def _system() -> dns.resolver.Resolver:
    try:
        resolver = dns.resolver.Resolver()
    except dns.exception.DNSException as error:
        raise Unresolved from error
    resolver.lifetime = SECONDS
    return resolver


def _texts(resolver: dns.resolver.Resolver, name: str) -> list[str]:
    """The texts of a name; none when there is no such name."""
    try:
        answer = resolver.resolve(name, "TXT")
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise Unresolved from error
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def _has_key(resolver: dns.resolver.Resolver, name: str) -> bool:
    """A record with a key: an empty `p=` says that it was withdrawn."""
    for text in _texts(resolver, name):
        tags = dict(part.strip().split("=", 1) for part in text.split(";") if "=" in part)
        if tags.get("p", "").strip():
            return True
    return False


def _above(domain: str) -> str:
    """The name that a policy for a subdomain may stand at."""
    return domain.split(".", 1)[1] if domain.count(".") > 1 else domain


def _mark(fine: bool) -> str:
    return "✓" if fine else "–"


def _policy(text: str) -> str:
    tags = dict(part.strip().split("=", 1) for part in text.split(";") if "=" in part)
    return f"p={tags.get('p', '?').strip()}"

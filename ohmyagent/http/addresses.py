"""Where a request comes from.  Knows no web framework."""

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address

UNKNOWN = "unknown"


def client(peer: str | None, forwarded: Sequence[str], proxies: int) -> str:
    """The address of whoever sent it, behind so many proxies of our own; IPv6 by its /64, as one host has all of it.

    Each proxy adds to X-Forwarded-For whom it heard from, so the entry that the outermost of ours wrote counts from the
    right; what stands before it is invented by whoever likes, and with no proxy of ours all of it is.
    """
    if proxies > 0:
        hops = [hop.strip() for line in forwarded for hop in line.split(",")]
        peer = hops[-proxies] if len(hops) >= proxies else peer
    return _normal(peer)


def front(forwarded: Sequence[str], proxies: int) -> str | None:
    """Whom the last of several proxies of ours heard from: the proxy before it, or whoever went around that one.

    The one entry that nobody outside can invent.  None with fewer than two, where `client` is that entry.
    """
    if proxies < 2:
        return None
    hops = [hop.strip() for line in forwarded for hop in line.split(",")]
    return _normal(hops[-1]) if hops else UNKNOWN


def at_home(address: str, *, one_machine: bool, proxies: int) -> bool:
    """Somebody of this machine at their own platform, with no proxy of ours in between."""
    if not one_machine or proxies:
        return False
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _normal(text: str | None) -> str:
    try:
        address = ip_address((text or "").strip().strip("[]"))
    except ValueError:
        return UNKNOWN
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        if not address.is_loopback:
            return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)

"""Where a request comes from.  Knows no web framework."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

UNKNOWN = "unknown"
Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Approach:
    """How requests come to this process: past at most so many proxies of our own, which speak from these `networks`.

    `networks` None: nothing comes around those proxies, so that counting them is enough.
    `homely`: who comes from this machine, past no proxy, is at their own platform.
    """

    proxies: int = 0
    networks: tuple[Network, ...] | None = None
    homely: bool = False

    def client(self, peer: str | None, forwarded: Sequence[str]) -> str:
        """The address of whoever sent it; IPv6 by its /64, as one host has all of it.

        Each proxy adds to X-Forwarded-For whom it heard from: the last entry is always true, the one before it if
        the last is a proxy of ours, and so on.  What stands before is invented by whoever likes, and with no proxy of
        ours all of it is.
        """
        hops = _hops(forwarded)[-self.proxies :] if self.proxies else []
        while len(hops) > 1 and self._ours(hops[-1]):
            hops.pop()
        return _normal(hops[-1] if hops else peer)

    def front(self, forwarded: Sequence[str]) -> str | None:
        """Whom the last of several proxies of ours heard from: the proxy before it, or whoever went around that one.

        The one entry that nobody outside can invent.  None with fewer than two, where `client` is that entry.
        """
        if self.proxies < 2:
            return None
        hops = _hops(forwarded)
        return _normal(hops[-1]) if hops else UNKNOWN

    def at_home(self, address: str) -> bool:
        """Somebody of this machine at their own platform, with no proxy of ours in between."""
        if not self.homely or self.proxies:
            return False
        try:
            return ip_address(address).is_loopback
        except ValueError:
            return False

    def _ours(self, hop: str) -> bool:
        if self.networks is None:
            return True
        try:
            address = ip_address(hop.strip("[]"))
        except ValueError:
            return False
        return any(address in network for network in self.networks)


def _hops(forwarded: Sequence[str]) -> list[str]:
    return [hop.strip() for line in forwarded for hop in line.split(",")]


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

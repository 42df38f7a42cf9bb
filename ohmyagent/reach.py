"""What may be reached on the web: host, port, address.  Standard library only, for the runner and the gateway alike.

A name is resolved once and an address that was judged is dialled, so that a second answer of the DNS changes nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

PORTS = (80, 443)
# what may stand before the rest of a `*.` rule is the sandbox's own choice, and goes into addresses and resolvers
NAME = re.compile(r"[a-z0-9.:_-]+")
CONNECT_SECONDS = 10.0
# public by number, yet answered by the machine's own cloud: Azure's host service
METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})
NAT64 = ipaddress.ip_network("64:ff9b::/96")
# all of IPv6 that is given out to the public; the rest holds addresses of sites, hosts, loopback and translators
UNICAST = ipaddress.ip_network("2000::/3")
# of those, and of IPv4, what some versions of `ipaddress` take for public: protocols (one cloud's metadata is there),
# relays, documentation (the IANA's registries of special-purpose addresses)
SPECIAL = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "3fff::/20")))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]
Permit = Callable[[Address], bool]


class Refusal(Exception):
    """Why a connection is not made; the text is shown to the agent and to the user."""


def admits(rules: Iterable[str], host: str) -> bool:
    """Exact hosts, and `*.` for everything below, but not the name itself."""
    return any(host == rule or (rule.startswith("*.") and host.endswith(rule[1:])) for rule in rules)


@dataclass
class Policy:
    """What one execution may reach, and how addresses are found and judged."""

    allow: tuple[str, ...]
    resolve: Resolve = field(default_factory=lambda: addresses)
    permit: Permit = field(default_factory=lambda: is_global)
    dial_port: Callable[[int], int] = int
    """The port to dial for the one that was asked for; the same, except where tests listen elsewhere."""

    def admits(self, host: str) -> bool:
        return admits(self.allow, host)

    def address(self, host: str, port: int) -> str:
        """The address to dial.  Raises Refusal."""
        self.check(host, port)
        try:
            found = self.resolve(host, port)
        except OSError as error:
            raise Refusal("name not found") from error
        for address in found:
            if self.permit(ipaddress.ip_address(address)):
                return address
        raise Refusal("address not allowed")

    def dial(self, host: str, port: int) -> socket.socket:
        """A connection to the one address that was judged.  Raises Refusal."""
        address = self.address(host, port)
        try:
            return socket.create_connection((address, self.dial_port(port)), CONNECT_SECONDS)
        except OSError as error:
            raise Refusal("no connection to the host") from error

    def check(self, host: str, port: int) -> None:
        """What can be said before the name is resolved.  Raises Refusal."""
        if not NAME.fullmatch(host) or not self.admits(host):
            raise Refusal("host not allowed")
        if port not in PORTS:
            raise Refusal("port not allowed")


PolicyOf = Callable[[tuple[str, ...]], Policy]
"""The policy for a list of allowed hosts; only tests bring another than Policy itself."""


def addresses(host: str, port: int) -> list[str]:
    """Every address of a name, by the system's resolver.  Raises OSError, also for what can be no name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that is empty or too long
        raise OSError("no name") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_global(address: Address) -> bool:
    """Whether an address is on the public internet, also the IPv4 address that an IPv6 one may carry."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            carried = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if carried:
            return is_global(carried)
        if address not in UNICAST:
            return False
    special = address in METADATA or any(address in network for network in SPECIAL)
    return address.is_global and not address.is_multicast and not special

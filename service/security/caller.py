"""Who sends a request."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from service.security.scopes import Scope, Scopes

ANONYMOUS = "anonymous"
"""Owner of the jobs of all who send no key"""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request, and what they may do."""

    owner: str | None
    """Whom the jobs belong to that they start; None on the operator's own machine, where nobody is counted"""
    scopes: Scopes
    counted_as: str
    """What their requests are counted under"""

    @property
    def known(self) -> bool:
        """Whether they have proved who they are."""
        return self.owner not in (None, ANONYMOUS)

    @property
    def admin(self) -> bool:
        """Whether the jobs of everybody are theirs."""
        return Scope.admin in self.scopes

    def owns(self, owner: str | None) -> bool:
        """Whether a job of that owner is theirs. That of an anonymous one is whose who knows its id."""
        return self.admin or (owner is not None and owner == self.owner)


def network(address: str) -> str:
    """What an address is counted under: itself, or the /64 that one user of IPv6 has for himself."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def loopback(host: str) -> bool:
    """Whether a name or an address is that of the very machine, as far as its text tells."""
    if host.lower() == "localhost":
        return True
    try:
        parsed = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback

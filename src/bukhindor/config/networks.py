"""Networks whose reports of a client's address are trusted: a few proxies, never a part of the internet."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

from bukhindor.config.durations import quoted
from bukhindor.config.values import listed

Network = IPv4Network | IPv6Network

# No client reaches us from these over the internet (IANA's registries of special-purpose addresses): private networks,
# those of carriers, this machine, and addresses that no host has. None lies within another.
_NOT_PUBLIC = [
    *map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16")),
    *map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3")),
]
# All of IPv6 that has been assigned so far (RFC 4291 section 2.4).
_PUBLIC_IPV6 = IPv6Network("2000::/3")

# The largest providers of proxies announce less than a tenth of these: Cloudflare about 1.5 million IPv4 addresses, and
# of IPv6 a /29 and some /32. A share of the internet is larger, also when it is cut into pieces.
_MOST_IPV4 = 2 ** (32 - 8)
_MOST_IPV6 = 2 ** (128 - 16)


def networks(text: str) -> tuple[Network, ...]:
    """IP addresses and networks in CIDR notation, separated by commas.

    Together they may contain as many public addresses as an IPv4 /8 and an IPv6 /16; private ones are not counted.
    Raises ValueError.
    """
    found = tuple(_network(part) for part in listed(text))
    if _public_ipv4(found) > _MOST_IPV4 or _public_ipv6(found) > _MOST_IPV6:
        raise ValueError(
            f"{quoted(text)} is a large part of the internet, and would let every client choose its own address"
        )
    return found


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        raise ValueError(f"{quoted(text)} is not an IP address or a network") from None


def _public_ipv4(found: Iterable[Network]) -> int:
    merged = collapse_addresses(network for network in found if isinstance(network, IPv4Network))
    return sum(network.num_addresses - sum(_shared(network, other) for other in _NOT_PUBLIC) for network in merged)


def _public_ipv6(found: Iterable[Network]) -> int:
    merged = collapse_addresses(network for network in found if isinstance(network, IPv6Network))
    return sum(_shared(network, _PUBLIC_IPV6) for network in merged)


def _shared(one: Network, other: Network) -> int:
    """How many addresses two networks share: all of the smaller one, or none."""
    return min(one.num_addresses, other.num_addresses) if one.overlaps(other) else 0

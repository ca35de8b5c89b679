"""Networks of clients: the network of one customer of a provider, and the wider network around it."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_CUSTOMER_PREFIX = 64
_WIDER_PREFIXES = {4: 24, 6: 48}


@lru_cache(maxsize=4096)
def network_of(ip: str) -> str:
    """Return the network of one customer: the IPv4 address itself, or the /64 of an IPv6 address.

    An IPv4 address that is mapped into IPv6 counts as the IPv4 address. A text that is no address is returned
    unchanged.
    """
    address = _address(ip)
    if address is None:
        return ip
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(ip_network((address, _CUSTOMER_PREFIX), strict=False))


@lru_cache(maxsize=4096)
def wider_network_of(ip: str) -> str:
    """Return the network around a customer's: the /24 of an IPv4 address, the /48 of an IPv6 address."""
    address = _address(ip)
    if address is None:
        return ip
    return str(ip_network((address, _WIDER_PREFIXES[address.version]), strict=False))


@lru_cache(maxsize=4096)
def site_network_of(ip: str) -> str:
    """Return the network of one site: the IPv4 address itself, or the /48 of an IPv6 address, which contains 65,536
    /64.
    """
    address = _address(ip)
    return wider_network_of(ip) if isinstance(address, IPv6Address) else network_of(ip)


def _address(ip: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(ip)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address

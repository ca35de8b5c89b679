"""The address of the client, as trusted proxies report it."""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

from bukhindor.web.edge.settings import Network

Address = IPv4Address | IPv6Address


class ClientAddress:
    def __init__(self, trusted_proxies: tuple[Network, ...]) -> None:
        self._trusted_proxies = trusted_proxies

    def of(self, peer: str, headers: Mapping[str, str]) -> str:
        """The address in its shortest form.

        It is the peer's, unless the peer is a trusted proxy: then it is the right-most hop of X-Forwarded-For that is
        not one, since the client can invent everything left of that.
        """
        if not self._trusted_proxies:
            return peer
        address = _parse(peer)
        if address is None:
            return peer
        hops = headers.get("x-forwarded-for", headers.get("x-real-ip", "")).split(",")
        while hops and self._is_trusted(address):
            hop = _parse(hops.pop().strip())
            if hop is None:
                break
            address = hop
        return str(address)

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted_proxies)


def _parse(text: str) -> Address | None:
    try:
        # The part after % names an interface of the machine that wrote it, and may be anything.
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address

"""The address of the client, as trusted proxies report it."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

import structlog

from bukhindor.web.edge.settings import Network

_log = structlog.get_logger("bukhindor.web")

Address = IPv4Address | IPv6Address

# An address, the port that some proxies add to it, and what a log may show of anything else.
_IN_BRACKETS = re.compile(r"\[([^\]]*)\](?::[0-9A-Za-z._-]*)?")
_WITH_PORT = re.compile(r"([0-9.]+):[0-9A-Za-z._-]*")
_SHOWN_CHARACTERS = 64
_THIS_MACHINE = "127.0.0.1"
_SECONDS_BETWEEN_LINES = 60.0


class ClientAddress:
    """`on_unread` gets the name of each header of a trusted proxy that can't be read; the log reports one a minute.

    Every client of such a proxy has the proxy's address, and so they share their limits.
    """

    def __init__(
        self,
        trusted_proxies: tuple[Network, ...],
        on_unread: Callable[[str], None],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._trusted_proxies = trusted_proxies
        self._on_unread = on_unread
        self._seconds = seconds
        self._next_line = float("-inf")

    def of(self, peer: str, headers: Mapping[str, str]) -> str:
        """The address in its shortest form.

        It is the peer's, unless the peer is a trusted proxy: then it is the right-most hop that is not one, since the
        client can invent everything left of that. X-Forwarded-For takes precedence over X-Real-IP, and both over
        Forwarded (RFC 7239).

        A Unix socket has no address: the rights of its file decide who may open it, so its peer is a trusted proxy.
        """
        if peer and not self._trusted_proxies:
            return peer
        address = _parse(peer or _THIS_MACHINE)
        if address is None:
            return peer
        if not peer or self._is_trusted(address):
            for header, hops in _HOPS.items():
                if header in headers:
                    address = self._nearest(address, header, hops(headers[header]))
                    break
        return str(address)

    def _nearest(self, proxy: Address, header: str, hops: Iterator[str]) -> Address:
        """The first hop, from the nearest one on, that is no trusted proxy."""
        address = proxy
        for hop in hops:
            found = _parse(hop)
            if found is None:
                self._report(address, header, hop)
                break
            address = found
            if not self._is_trusted(address):
                break
        return address

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted_proxies)

    def _report(self, proxy: Address, header: str, hop: str) -> None:
        self._on_unread(header)
        now = self._seconds()
        if now < self._next_line:
            return
        self._next_line = now + _SECONDS_BETWEEN_LINES
        _log.warning(
            "a trusted proxy's header names no address, so its clients count as one",
            proxy=str(proxy),
            header=header,
            hop=ascii(hop[:_SHOWN_CHARACTERS]),
        )


def _listed(value: str) -> Iterator[str]:
    """The hops of a list, the nearest first. Lists may have empty elements (RFC 9110 section 5.6.1)."""
    return filter(None, (hop.strip() for hop in reversed(value.split(","))))


def _forwarded(value: str) -> Iterator[str]:
    """The `for` of each element, the nearest first; "" where it has none.

    Quoted strings are not followed across commas and semicolons: no address contains one, and what a client has sent
    could open a quote that swallows the hop that the proxy adds behind it.
    """
    for element in _listed(value):
        pairs = (pair.partition("=") for pair in element.split(";"))
        nodes = (node.strip().strip('"') for name, _, node in pairs if name.strip().lower() == "for")
        yield next(nodes, "")


_HOPS: dict[str, Callable[[str], Iterator[str]]] = {
    "x-forwarded-for": _listed,
    "x-real-ip": _listed,
    "forwarded": _forwarded,
}


def _parse(text: str) -> Address | None:
    """The address in `ip`, `ip:port`, `[ip]` or `[ip]:port`; None for everything else."""
    match = _IN_BRACKETS.fullmatch(text) or _WITH_PORT.fullmatch(text)
    try:
        # The part after % names an interface of the machine that wrote it, and may be anything.
        address = ip_address((text if match is None else match[1]).partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address

"""Which Host headers some addresses accept (RFC 9110 section 7.2), against DNS rebinding.

An attacker's page may point its own host name to 127.0.0.1, and the browser then reads our responses as that page's
own. The Host header gives such a request away: it contains the attacker's name.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

Host = str | IPv4Address | IPv6Address

_IN_BRACKETS = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::[0-9]{0,5})?")
_NAME = re.compile(r"([A-Za-z0-9._-]{1,253})(?::[0-9]{0,5})?")


@dataclass(frozen=True, slots=True)
class AnsweredHosts:
    """The loopback interface under all its names, and the hosts in `named`, as `read_host` reads them.

    `any_address` adds every IP address. That does not enable rebinding, which needs a host name.
    """

    named: frozenset[Host] = frozenset()
    any_address: bool = False

    def answer_to(self, header: str | None) -> bool:
        """Whether a request with this Host header is meant for this service, on any port; never raises."""
        host = read_host(header or "")
        if host is None:
            return False
        if isinstance(host, str):
            return host == "localhost" or host in self.named
        return self.any_address or host.is_loopback or host in self.named


def read_host(text: str) -> Host | None:
    """The host in `name`, `name:port`, `192.0.2.1:port` or `[2001:db8::1]:port`, a name in lower case.

    None for everything else; never raises. An IPv4 address written as an IPv6 one counts as the IPv4 address.
    """
    match = _IN_BRACKETS.fullmatch(text)
    if match is not None:
        address = _address(match[1])
        if not isinstance(address, IPv6Address):
            return None
        return address.ipv4_mapped or address
    match = _NAME.fullmatch(text)
    if match is None:
        return None
    return _address(match[1]) or match[1].lower()


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None

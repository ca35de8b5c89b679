"""Where a request came from."""

from dataclasses import dataclass
from enum import StrEnum

from bukhindor.domain.network import network_of, site_network_of, wider_network_of


class Language(StrEnum):
    ENGLISH = "en"
    RUSSIAN = "ru"


@dataclass(frozen=True, slots=True)
class Cause:
    """The request that causes work, also work that another process does later; empty texts for what is unknown.

    `trace` names the request's place in a trace across programs, in the form of W3C Trace Context.
    """

    request_id: str = ""
    trace: str = ""

    @property
    def trace_id(self) -> str:
        """The id of the whole trace, 32 hexadecimal digits; empty when the request is in none."""
        return self.trace[3:35]


NO_REQUEST = Cause()
"""The cause of what the server does by itself."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin that every recorded event names; `language` is that of the response, and of mails to strangers."""

    ip: str = ""
    user_agent: str = ""
    device_id: str | None = None
    request_id: str = ""
    language: Language = Language.ENGLISH
    trace: str = ""

    @property
    def cause(self) -> Cause:
        return Cause(self.request_id, self.trace)

    @property
    def network(self) -> str:
        """The client's network: an IPv4 address or an IPv6 /64."""
        return network_of(self.ip)

    @property
    def site(self) -> str:
        """The network of one site: an IPv4 address or an IPv6 /48."""
        return site_network_of(self.ip)

    @property
    def wider_network(self) -> str:
        """The network around it: an IPv4 /24 or an IPv6 /48."""
        return wider_network_of(self.ip)


NOWHERE = Origin()
"""The origin of what happens on the server itself."""

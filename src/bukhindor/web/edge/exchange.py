"""One request on its way through the service, shared by the edge and the endpoints."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bukhindor.domain.origin import Language

_SCOPE_KEY = "bukhindor.exchange"
LINE_BREAK = "\n"
"""Stands between the lines of Authorization in `Exchange.headers`. No value of a header contains it."""


@dataclass(slots=True)
class Exchange:
    """What is known of a request so far.

    `headers` are those of `read_headers`. `path` is the path of the request; `address` is the path of the route table
    that it leads to, empty when it is none of ours. `trace` is its place in a trace across programs, empty when it is
    in none. `language` is the one of the response, `query` the query string, which no log gets. The rest is filled in
    on the way, for the access log.
    """

    request_id: str
    method: str
    path: str
    address: str
    client_ip: str
    headers: Mapping[str, str]
    language: Language = Language.ENGLISH
    trace: str = ""
    query: str = ""
    route: str = "unmatched"
    user_id: str | None = None
    service: str | None = None
    error_code: str | None = None
    response_headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    @staticmethod
    def of(scope: Mapping[str, Any]) -> "Exchange":
        """The exchange that the edge has stored in an ASGI scope."""
        exchange: Exchange = scope[_SCOPE_KEY]
        return exchange

    def put_into(self, scope: dict[str, Any]) -> None:
        scope[_SCOPE_KEY] = self

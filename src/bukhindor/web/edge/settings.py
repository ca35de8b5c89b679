"""The settings of the HTTP side; the composition root fills them in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network

from bukhindor.domain.client_app import ClientApps
from bukhindor.domain.password import NewPassword
from bukhindor.domain.product import Product
from bukhindor.domain.relying_party import RelyingParty
from bukhindor.domain.session import SessionPolicy
from bukhindor.web.edge.answered_hosts import AnsweredHosts
from bukhindor.web.edge.cors import CorsPolicy

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class WebSettings:
    """`public_url` is the address of the service for its users, with the path that a proxy strips; `cursor_key`
    seals the cursors of lists; `form_key` makes the tokens of forms; `request_timeout` is how many seconds a use
    case may take; `mailbox_hosts` are the host names of the development mailbox; `token_audiences` and
    `token_client_id` are what access tokens say of themselves, and `custom_claims` are the names of claims that the
    operator adds. `identity_providers` are names of providers, each with what people call it.
    """

    public_url: str
    cors: CorsPolicy
    session_policy: SessionPolicy
    cursor_key: bytes = field(repr=False)
    form_key: bytes = field(repr=False)
    trusted_proxies: tuple[Network, ...] = ()
    require_client_headers: bool = False
    app_url: str = ""
    max_body_bytes: int = 64 * 1024
    request_timeout: float = 10.0
    mailbox_hosts: AnsweredHosts = field(default_factory=AnsweredHosts)
    product: Product = field(default_factory=Product)
    client_apps: ClientApps = field(default_factory=ClientApps)
    identity_providers: tuple[tuple[str, str], ...] = ()
    relying_party: RelyingParty = field(default_factory=lambda: RelyingParty("localhost", ()))
    is_development: bool = False
    has_mailbox: bool = False
    has_docs: bool = True
    token_audiences: tuple[str, ...] = ("bukhindor",)
    token_client_id: str = "bukhindor"
    custom_claims: tuple[str, ...] = ()
    check_password: Callable[[NewPassword], None] | None = None

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def public_path(self) -> str:
        """What stands before every path of the service in a browser: "", or a path such as `/accounts`."""
        return _path_of(self.public_url)


@lru_cache
def _path_of(url: str) -> str:
    _, slash, path = url.partition("://")[2].partition("/")
    return slash + path

"""What a provider says about itself (OpenID Connect Discovery 1.0 section 3, RFC 8414)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bukhindor.adapters.oidc.outbound import Unusable, is_on_host_of

ALGORITHMS = frozenset({"RS256", "PS256", "ES256", "EdDSA"})
"""Signatures that are accepted if the provider says that it makes them; a shared secret and "none" never are."""

OTHER_NAMES = {
    # Google writes its issuer in two ways in ID tokens, and documents both.
    "https://accounts.google.com": frozenset({"accounts.google.com"}),
    # Apple's document named another host for some days in June 2025, where it was moved to, while tokens did not.
    "https://appleid.apple.com": frozenset({"https://account.apple.com"}),
}
"""Names of an issuer that are its own as well, in its documents and in its tokens."""

_LONGEST_URL = 1000


@dataclass(frozen=True, slots=True)
class Metadata:
    """`algorithms` are those of its ID tokens that are accepted. `takes_basic`: a client may authenticate in the
    Authorization header (RFC 6749 section 2.3.1). `names_issuer`: callbacks carry `iss` (RFC 9207).
    """

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    revocation_endpoint: str | None
    algorithms: frozenset[str]
    takes_basic: bool
    names_issuer: bool


class WrongIssuer(Unusable):
    """The document is that of another issuer, `named`; empty when it names none."""

    def __init__(self, named: str, issuer: str) -> None:
        super().__init__(f"the issuer calls itself {named or 'nothing'}, and not {issuer}")
        self.named = named


def discovery_url(issuer: str) -> str:
    """Section 4: a slash at the end of the issuer is dropped."""
    return f"{issuer.removesuffix('/')}/.well-known/openid-configuration"


def discovery_urls(issuer: str) -> list[str]:
    """Where the document is; for an issuer with two hosts, where else it may be."""
    others = [name for name in OTHER_NAMES.get(issuer, ()) if name.startswith("https://")]
    return [discovery_url(name) for name in (issuer, *others)]


def is_name_of(issuer: str, named: object) -> bool:
    """Whether a document or a token names this issuer, letter by letter."""
    return named == issuer or (isinstance(named, str) and named in OTHER_NAMES.get(issuer, ()))


def read_metadata(content: Mapping[str, Any], issuer: str) -> Metadata:
    """Raises Unusable unless the document is the issuer's own and names what is needed."""
    named = content.get("issuer")
    if not is_name_of(issuer, named):
        # A provider that could speak for another one could sign for it (section 4.3).
        raise WrongIssuer(named[:200] if isinstance(named, str) and named.isprintable() else "", issuer)

    revocation = content.get("revocation_endpoint")
    methods = _texts(content, "token_endpoint_auth_methods_supported", ["client_secret_basic"])
    algorithms = ALGORITHMS.intersection(_texts(content, "id_token_signing_alg_values_supported", ["RS256"]))
    if not algorithms:
        raise Unusable(f"it signs ID tokens with none of {', '.join(sorted(ALGORITHMS))}")
    return Metadata(
        authorization_endpoint=_endpoint(content, "authorization_endpoint", issuer),
        token_endpoint=_endpoint(content, "token_endpoint", issuer),
        jwks_uri=_endpoint(content, "jwks_uri", issuer),
        revocation_endpoint=None if revocation is None else _endpoint(content, "revocation_endpoint", issuer),
        algorithms=algorithms,
        takes_basic="client_secret_basic" in methods or "client_secret_post" not in methods,
        names_issuer=content.get("authorization_response_iss_parameter_supported") is True,
    )


def _texts(content: Mapping[str, Any], name: str, default: list[str]) -> list[str]:
    value = content.get(name, default)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else default


def _endpoint(content: Mapping[str, Any], name: str, issuer: str) -> str:
    """An https address; http only if the issuer's own is, which it may be on this machine in development."""
    value = content.get(name)
    if not isinstance(value, str) or not _is_address(value):
        raise Unusable(f"its discovery document has no usable {name}")
    if urlsplit(value).scheme != "https" and not (issuer.startswith("http://") and is_on_host_of(issuer, value)):
        raise Unusable(f"its {name} is not https")
    return value


def _is_address(text: str) -> bool:
    if len(text) > _LONGEST_URL or not text.isascii() or not text.isprintable() or set(text) & set(' "<>\\^`{|}#'):
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None and port != 0

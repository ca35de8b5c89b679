"""The service that calls: a key as bearer token or, with its name, by HTTP Basic → CallingService."""

from base64 import b64decode
from dataclasses import dataclass, field

from bukhindor.domain.errors import InvalidServiceKey, ServiceKeyRequired
from bukhindor.domain.service_key import PREFIX, Scope
from bukhindor.services.service_keys import ServiceKeys
from bukhindor.web.edge.exchange import Exchange
from bukhindor.web.endpoint.authentication import credentials
from bukhindor.web.endpoint.call import Call


@dataclass(frozen=True, slots=True)
class PresentedKey:
    """What a request presents as a service key: not yet that it is one. Basic names the service too."""

    key: str = field(repr=False)
    name: str | None = None


def presented_key(exchange: Exchange) -> PresentedKey | None:
    """The service key of a request; None for a request without one. Raises DifferentAuthorizations.

    Clients of RFC 7662 send it by HTTP Basic, where the name is the client's id (RFC 6749 section 2.3.1).
    """
    authorization = exchange.headers.get("authorization")
    if authorization is None:
        return None
    scheme, value = credentials(authorization)
    name = None
    if scheme == "basic":
        name, _, value = _decoded(value).partition(":")
    elif scheme != "bearer":
        return None
    return PresentedKey(value, name) if value.startswith(PREFIX) else None


async def authenticate_service(
    call: Call, presented: PresentedKey | None, service_keys: ServiceKeys, scope: Scope
) -> None:
    """Make the service that presents a key with this scope the caller.

    Raises ServiceKeyRequired, InvalidServiceKey, RateLimited, MissingScope.
    """
    if presented is None:
        raise InvalidServiceKey if "authorization" in call.exchange.headers else ServiceKeyRequired
    service = await service_keys.authenticate(presented.key, call.origin, presented.name)
    call.calling_service = service
    call.exchange.service = str(service.key.name)
    service.require(scope)


def _decoded(value: str) -> str:
    try:
        return b64decode(value, validate=True).decode("ascii")
    except ValueError:
        return ""

"""The service that calls: a key as bearer token or, with its name, by HTTP Basic → CallingService."""

from base64 import b64decode
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

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

    Clients of RFC 7662 send it by HTTP Basic, where the name is the client's id.
    """
    authorization = exchange.headers.get("authorization")
    if authorization is None:
        return None
    scheme, value = credentials(authorization)
    name = None
    if scheme == "basic":
        name, value = _basic(value)
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


def _basic(value: str) -> tuple[str, str]:
    """Name and key; some clients encode both as in a form (RFC 6749 section 2.3.1), others send them as they are.

    Neither may hold a character that the encoding gives another meaning, so decoding is right for both.
    """
    try:
        name, _, key = b64decode(value, validate=True).decode("ascii").partition(":")
    except ValueError:
        return "", ""
    return unquote_plus(name), unquote_plus(key)

"""The caller of a request: a bearer token, else the cookie of a browser → Caller."""

import re

from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import Denied, InvalidAccessToken, NotSignedIn, Unauthenticated
from bukhindor.services.authentication import Authentication
from bukhindor.web.edge.exchange import LINE_BREAK, Exchange
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies
from bukhindor.web.endpoint.refusals import CrossSiteRequest, DifferentAuthorizations

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# Lines that differ are one value with commas (`read_headers`); a proxy may have joined them too.
_SECOND_CREDENTIALS = re.compile(r",[ \t]*(?:basic|bearer) +[^ ]", re.IGNORECASE)


async def authenticate(
    call: Call,
    authentication: Authentication,
    cookies: Cookies,
    *,
    accepts_superseded: bool = False,
    accepts_single_factor: bool = False,
) -> Caller:
    """The signed-in caller.

    Raises NotSignedIn, InvalidAccessToken, DifferentAuthorizations, CrossSiteRequest, AccountBanned, AccountInactive,
    MfaEnrollmentRequired, ReauthenticationRequired.

    An Authorization header takes precedence over the cookie, even an invalid one.
    """
    token = access_token(call.exchange, cookies)
    caller = await authentication.authenticate(
        token, call.origin, accepts_superseded=accepts_superseded, accepts_single_factor=accepts_single_factor
    )
    call.exchange.user_id = str(caller.user.id)
    return caller


async def authenticate_if_possible(call: Call, authentication: Authentication, cookies: Cookies) -> Caller | None:
    """The signed-in caller, also with a superseded token; None when the token is missing or invalid."""
    try:
        return await authenticate(call, authentication, cookies, accepts_superseded=True, accepts_single_factor=True)
    except (Unauthenticated, Denied, CrossSiteRequest):
        return None


def access_token(exchange: Exchange, cookies: Cookies) -> str:
    """The token of the request. Raises NotSignedIn, InvalidAccessToken, DifferentAuthorizations, CrossSiteRequest."""
    authorization = exchange.headers.get("authorization")
    if authorization is not None:
        return bearer_token(authorization)
    token_in_cookie = cookies.access_token(exchange)
    if token_in_cookie is None:
        raise NotSignedIn
    if exchange.method not in SAFE_METHODS:
        cookies.require_own_page(exchange)
    return token_in_cookie


def bearer_token(authorization: str) -> str:
    """The token of an Authorization header (RFC 6750). Raises InvalidAccessToken, DifferentAuthorizations."""
    scheme, token = credentials(authorization)
    if scheme != "bearer" or not token:
        raise InvalidAccessToken
    return token


def credentials(authorization: str) -> tuple[str, str]:
    """The scheme of an Authorization header in lower case, and what follows it. Raises DifferentAuthorizations."""
    if LINE_BREAK in authorization or ("," in authorization and _SECOND_CREDENTIALS.search(authorization)):
        raise DifferentAuthorizations
    scheme, _, value = authorization.partition(" ")
    return scheme.lower(), value.lstrip(" ")

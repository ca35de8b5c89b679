"""The session of a browser on the pages of this server: it renews itself when its access token has expired."""

from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import NotSignedIn
from bukhindor.services.authentication import Authentication
from bukhindor.services.token_refresh import TokenRefresh
from bukhindor.web.endpoint.authentication import SAFE_METHODS
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies


async def renewed(
    call: Call,
    authentication: Authentication,
    token_refresh: TokenRefresh,
    cookies: Cookies,
    *,
    accepts_single_factor: bool,
) -> Caller:
    """Exchange the refresh token in the browser's cookie, and return the caller; the response carries the new cookies.

    Two tabs that do so at once get the same new tokens.

    Raises NotSignedIn, CrossSiteRequest, InvalidRefreshToken, RefreshTokenReused, AccountBanned, AccountInactive,
    MfaEnrollmentRequired, ReauthenticationRequired.
    """
    exchange = call.exchange
    if exchange.method not in SAFE_METHODS:
        cookies.require_own_page(exchange)
    token = cookies.refresh_token_of_page(exchange)
    if token is None:
        raise NotSignedIn
    tokens = await token_refresh.refresh(token, call.origin)
    cookies.hand_over(exchange, tokens, in_cookie=True)
    caller = await authentication.authenticate(
        tokens.access_token, call.origin, accepts_single_factor=accepts_single_factor
    )
    exchange.user_id = str(caller.user.id)
    return caller

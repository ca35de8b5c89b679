"""POST /auth/refresh"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.domain.errors import FieldError, InvalidInput, NotSignedIn
from bukhindor.services.token_refresh import TokenRefresh
from bukhindor.web.api.shapes import TokensShape
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies

_REQUIRED = ("This is required.", "required")


class RefreshBody(msgspec.Struct, frozen=True):
    """Without `refresh_token` the request needs the cookie of a browser."""

    refresh_token: Annotated[str, Meta(examples=["bkr_…"])] | None = None


class RefreshResult(msgspec.Struct, frozen=True):
    """The same tokens twice: some clients read `user`, others `tokens`."""

    message: Annotated[str, Meta(examples=["Tokens renewed."])]
    user: TokensShape
    tokens: TokensShape


async def refresh(
    call: Call,
    token_refresh: TokenRefresh,
    cookies: Cookies,
    body: RefreshBody = RefreshBody(),  # noqa: B008  # Immutable.
) -> RefreshResult:
    """Exchange a refresh token for new tokens

    A browser that signed in with `X-Token-Transport: cookie` sends no body: its refresh token is in a cookie, and the
    next one too. Such a request must come from a page of this service or of an origin in `CORS_ALLOWED_ORIGINS`.
    """
    in_cookie = call.wants_refresh_cookie
    token = body.refresh_token
    if token is None:
        token = cookies.refresh_token(call.exchange)
        if token is None:
            raise NotSignedIn if in_cookie else InvalidInput(FieldError("refresh_token", *_REQUIRED))
        # What a script can't read must not turn into what it can.
        in_cookie = True
    tokens = await token_refresh.refresh(token.strip(), call.origin, call.app_version)
    shape = TokensShape.of(cookies.hand_over(call.exchange, tokens, in_cookie=in_cookie))
    return RefreshResult("Tokens renewed.", shape, shape)

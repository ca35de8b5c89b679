"""POST /auth/logout and /auth/revoke"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.domain.errors import Unauthenticated
from bukhindor.services.sign_out import SignOut
from bukhindor.web.api.shapes import Message
from bukhindor.web.endpoint.authentication import access_token
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies
from bukhindor.web.endpoint.refusals import CrossSiteRequest


class LogoutBody(msgspec.Struct, frozen=True):
    """With `refresh_token`, or its cookie, the request needs no access token."""

    refresh_token: Annotated[str, Meta(examples=["bkr_…"])] | None = None


class RevocationForm(msgspec.Struct, frozen=True):
    """The form of RFC 7009; other parameters are ignored."""

    token: Annotated[str, Meta(examples=["bkr_…"], description="An access token or a refresh token")]
    token_type_hint: Annotated[str, Meta(examples=["refresh_token"], description="Not needed")] = ""


async def logout(
    call: Call,
    sign_out: SignOut,
    cookies: Cookies,
    body: LogoutBody = LogoutBody(),  # noqa: B008  # Immutable.
) -> Message:
    """Sign out"""
    refresh_token = None if body.refresh_token is None else body.refresh_token.strip()
    try:
        token = access_token(call.exchange, cookies)
    except (Unauthenticated, CrossSiteRequest):
        refresh_token = cookies.refresh_token(call.exchange) if refresh_token is None else refresh_token
        if refresh_token is None:
            raise
        token = None
    owner = await sign_out.log_out(token, refresh_token, call.origin)
    call.exchange.user_id = None if owner is None else str(owner)
    cookies.sign_out(call.exchange)
    return Message("Signed out.")


async def revoke_token(call: Call, sign_out: SignOut, body: RevocationForm) -> Message:
    """Revoke a token (RFC 7009)"""
    await sign_out.revoke(body.token.strip(), call.origin)
    return Message("The token is not valid any more.")

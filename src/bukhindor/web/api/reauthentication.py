"""POST /auth/reauthenticate"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.services.reauthentication import Reauthentication
from bukhindor.web.api.shapes import PasswordField, TokensShape
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies


class ReauthenticateBody(msgspec.Struct, frozen=True):
    password: PasswordField


class ReauthenticationResult(msgspec.Struct, frozen=True):
    message: Annotated[str, Meta(examples=["Confirmed."])]
    user: TokensShape


async def reauthenticate(
    call: Call, reauthentication: Reauthentication, cookies: Cookies, body: ReauthenticateBody
) -> ReauthenticationResult:
    """Prove once more that you are present"""
    in_cookie = call.wants_refresh_cookie or cookies.has_refresh_token(call.exchange)
    tokens = await reauthentication.by_password(call.caller, body.password)
    tokens = cookies.hand_over(call.exchange, tokens, in_cookie=in_cookie)
    return ReauthenticationResult("Confirmed.", TokensShape.of(tokens))

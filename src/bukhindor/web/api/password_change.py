"""POST /auth/change-password"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.services.password_change import PasswordChange
from bukhindor.web.api.shapes import NewPasswordField, PasswordField, TokensShape
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies


class ChangePasswordBody(msgspec.Struct, frozen=True):
    current_password: PasswordField
    new_password: NewPasswordField


class PasswordChangeResult(msgspec.Struct, frozen=True):
    message: Annotated[str, Meta(examples=["Password changed."])]
    user: TokensShape


async def change_password(
    call: Call, password_change: PasswordChange, cookies: Cookies, body: ChangePasswordBody
) -> PasswordChangeResult:
    """Change your own password"""
    in_cookie = call.wants_refresh_cookie or cookies.has_refresh_token(call.exchange)
    tokens = await password_change.change(call.caller, body.current_password, body.new_password)
    tokens = cookies.hand_over(call.exchange, tokens, in_cookie=in_cookie)
    return PasswordChangeResult("Password changed.", TokensShape.of(tokens))

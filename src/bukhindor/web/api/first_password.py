"""PUT /auth/password"""

import msgspec

from bukhindor.services.first_password import FirstPassword
from bukhindor.web.api.shapes import Message, NewPasswordField
from bukhindor.web.endpoint.call import Call


class FirstPasswordBody(msgspec.Struct, frozen=True):
    new_password: NewPasswordField


async def add_password(call: Call, first_password: FirstPassword, body: FirstPasswordBody) -> Message:
    """Add a password to an account that has none"""
    await first_password.add(call.caller, body.new_password)
    return Message("The account has a password now.")

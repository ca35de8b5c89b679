"""POST /auth/change-email and /auth/change-email/confirm"""

import msgspec

from bukhindor.services.email_change import EmailChange
from bukhindor.web.api.shapes import EmailField, Message, PasswordField
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.mailbox_proof import CodeField, TokenField, parse_proof


class ChangeEmailBody(msgspec.Struct, frozen=True):
    new_email: EmailField
    password: PasswordField


class ConfirmEmailChangeBody(msgspec.Struct, frozen=True):
    """With a code, `email` is the account's present address."""

    token: TokenField | None = None
    email: EmailField | None = None
    code: CodeField | None = None


async def change_email(call: Call, email_change: EmailChange, body: ChangeEmailBody) -> Message:
    """Request a change of your email address"""
    await email_change.request(call.caller, body.new_email, body.password)
    return Message("A mail to confirm the new address is on its way; until then the old one stands.")


async def confirm_email_change(call: Call, email_change: EmailChange, body: ConfirmEmailChangeBody) -> Message:
    """Confirm a new email address"""
    await email_change.confirm(parse_proof(body.token, body.email, body.code), call.origin)
    return Message("The address has been changed.")

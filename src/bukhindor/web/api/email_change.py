"""POST /auth/change-email and /auth/change-email/confirm"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.services.email_change import EmailChange
from bukhindor.web.api.mailbox_proof import ProofBody
from bukhindor.web.api.shapes import EmailField, Message, PasswordField
from bukhindor.web.endpoint.call import Call


class ChangeEmailBody(msgspec.Struct, frozen=True):
    new_email: EmailField
    password: Annotated[PasswordField, Meta(description="Of the account, if it has one")] | None = None


class ConfirmEmailChangeBody(ProofBody, frozen=True, kw_only=True):
    """Give `token`, or `email` and `code`: then `email` is the account's present address."""


async def change_email(call: Call, email_change: EmailChange, body: ChangeEmailBody) -> Message:
    """Request a change of your email address"""
    await email_change.request(call.caller, body.new_email, body.password)
    return Message("A mail to confirm the new address is on its way; until then the old one stands.")


async def confirm_email_change(call: Call, email_change: EmailChange, body: ConfirmEmailChangeBody) -> Message:
    """Confirm a new email address"""
    await email_change.confirm(body.proof(), call.origin)
    return Message("The address has been changed.")

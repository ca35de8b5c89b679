"""POST /auth/reset-password and /auth/reset-password/confirm"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.services.password_reset import PasswordReset
from bukhindor.web.api.mailbox_proof import ProofBody
from bukhindor.web.api.shapes import DEVICE_PROOF, EmailField, Message, NewPasswordField
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies


class ResetPasswordBody(msgspec.Struct, frozen=True):
    email: EmailField


class ConfirmResetBody(ProofBody, frozen=True, kw_only=True):
    """Give `token`, or `email` and `code`."""

    new_password: NewPasswordField


class PasswordResetResult(msgspec.Struct, frozen=True):
    """The response does not sign the client in."""

    message: str
    device_proof: Annotated[str, Meta(examples=["bkd_…"], description=DEVICE_PROOF)]


async def reset_password(call: Call, password_reset: PasswordReset, body: ResetPasswordBody) -> Message:
    """Request a mail to choose a new password"""
    await password_reset.request(body.email, call.origin)
    return Message("If there is an account with this address, a mail is on its way.")


async def forgot_password(call: Call, password_reset: PasswordReset, body: ResetPasswordBody) -> Message:
    """Request a mail to choose a new password (alias)"""
    return await reset_password(call, password_reset, body)


async def confirm_password_reset(
    call: Call, password_reset: PasswordReset, cookies: Cookies, body: ConfirmResetBody
) -> PasswordResetResult:
    """Choose a new password with the link or code from the mail"""
    device_proof = await password_reset.confirm(body.proof(), body.new_password, call.origin)
    cookies.set_device_proof(call.exchange, device_proof)
    return PasswordResetResult("The password has been changed. Sign in with the new one.", device_proof)

"""POST /auth/verify-email and /auth/verify-email/confirm"""

import msgspec

from bukhindor.services.email_verification import EmailVerification, Verification
from bukhindor.web.api.shapes import EmailField, Message, PasswordField
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.mailbox_proof import CodeField, TokenField, parse_proof

_MESSAGES = {
    Verification.PASSWORD_KEPT: "The address is verified.",
    Verification.PASSWORD_REMOVED: "The address is verified. A mail to choose a new password is on its way.",
    Verification.ALREADY_VERIFIED: "The address is verified already.",
}


class VerifyEmailBody(msgspec.Struct, frozen=True):
    email: EmailField


class ConfirmEmailBody(msgspec.Struct, frozen=True):
    """Without a session of the account and without `password`, the account's password and sessions end."""

    token: TokenField | None = None
    email: EmailField | None = None
    code: CodeField | None = None
    password: PasswordField | None = None


async def verify_email(call: Call, email_verification: EmailVerification, body: VerifyEmailBody) -> Message:
    """Send the verification mail again"""
    await email_verification.request(body.email, call.origin)
    return Message("If this address waits to be verified, a mail is on its way.")


async def confirm_email(call: Call, email_verification: EmailVerification, body: ConfirmEmailBody) -> Message:
    """Verify an email address"""
    proof = parse_proof(body.token, body.email, body.code)
    return Message(
        _MESSAGES[await email_verification.confirm(proof, call.origin, call.recognised_caller, body.password)]
    )

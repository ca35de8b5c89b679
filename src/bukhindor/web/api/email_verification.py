"""POST /auth/verify-email and /auth/verify-email/confirm"""

import msgspec

from bukhindor.services.email_verification import EmailVerification, Verification
from bukhindor.web.api.mailbox_proof import ProofBody
from bukhindor.web.api.shapes import EmailField, Message, PasswordField
from bukhindor.web.endpoint.call import Call

_MESSAGES = {
    Verification.PASSWORD_KEPT: "The address is verified.",
    Verification.PASSWORD_REMOVED: "The address is verified. A mail to choose a new password is on its way.",
    Verification.ALREADY_VERIFIED: "The address is verified already.",
}


class VerifyEmailBody(msgspec.Struct, frozen=True):
    email: EmailField


class ConfirmEmailBody(ProofBody, frozen=True, kw_only=True):
    """Give `token`, or `email` and `code`.

    Without a session of the account and without `password`, the account's password and sessions end.
    """

    password: PasswordField | None = None


async def verify_email(call: Call, email_verification: EmailVerification, body: VerifyEmailBody) -> Message:
    """Send the verification mail again"""
    await email_verification.request(body.email, call.origin)
    return Message("If this address waits to be verified, a mail is on its way.")


async def confirm_email(call: Call, email_verification: EmailVerification, body: ConfirmEmailBody) -> Message:
    """Verify an email address"""
    confirmed = await email_verification.confirm(body.proof(), call.origin, call.recognised_caller, body.password)
    return Message(_MESSAGES[confirmed])

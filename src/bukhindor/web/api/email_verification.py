"""POST /auth/verify-email and /auth/verify-email/confirm"""

import msgspec

from bukhindor.services.authentication import Authentication
from bukhindor.services.email_verification import EmailVerification
from bukhindor.web.api.shapes import EmailField, Message, PasswordField
from bukhindor.web.endpoint.authentication import authenticate_if_possible
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.mailbox_proof import CodeField, TokenField, parse_proof


class VerifyEmailBody(msgspec.Struct, frozen=True):
    email: EmailField


class ConfirmEmailBody(msgspec.Struct, frozen=True):
    """`password` keeps the account's password good where no session of the account asks."""

    token: TokenField | None = None
    email: EmailField | None = None
    code: CodeField | None = None
    password: PasswordField | None = None


async def verify_email(call: Call, email_verification: EmailVerification, body: VerifyEmailBody) -> Message:
    """Ask for the mail of the registration again"""
    await email_verification.request(body.email, call.origin)
    return Message("If this address waits to be verified, a mail is on its way.")


async def confirm_email(
    call: Call, authentication: Authentication, email_verification: EmailVerification, body: ConfirmEmailBody
) -> Message:
    """Verify an address with what the mail said"""
    proof = parse_proof(body.token, body.email, body.code)
    caller = await authenticate_if_possible(call, authentication)
    keeps_password = await email_verification.confirm(proof, call.origin, caller, body.password)
    if keeps_password:
        return Message("The address is verified.")
    return Message("The address is verified. A mail to choose a new password is on its way.")

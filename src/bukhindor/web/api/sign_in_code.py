"""POST /auth/sign-in-code and /auth/sign-in-code/confirm"""

import msgspec

from bukhindor.services.sign_in_code import SignInCode
from bukhindor.web.api.mailbox_proof import ProofBody
from bukhindor.web.api.shapes import EmailField, GuestToken, Message, SignInResult
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies


class SignInCodeBody(msgspec.Struct, frozen=True):
    email: EmailField


class ConfirmSignInBody(ProofBody, frozen=True, kw_only=True):
    """Give `token`, or `email` and `code`."""

    guest_token: GuestToken | None = None


async def mail_sign_in_code(call: Call, sign_in_code: SignInCode, body: SignInCodeBody) -> Message:
    """Request a mail to sign in without a password"""
    await sign_in_code.request(body.email, call.origin)
    return Message("If there is an account with this address, a mail is on its way.")


async def confirm_sign_in(
    call: Call, sign_in_code: SignInCode, cookies: Cookies, body: ConfirmSignInBody
) -> SignInResult:
    """Sign in with the link or code from the mail"""
    in_cookie = call.wants_refresh_cookie
    proof = cookies.device_proof(call.exchange)
    tokens = await sign_in_code.confirm(body.proof(), call.device, call.origin, proof, body.guest_token)
    tokens = cookies.hand_over(call.exchange, tokens, in_cookie=in_cookie)
    return SignInResult.of(tokens)

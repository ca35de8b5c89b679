"""POST /auth/login"""

import msgspec

from bukhindor.services.sign_in import SignIn
from bukhindor.web.api.shapes import EmailField, GuestToken, PasswordField, SignInResult
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies


class LoginBody(msgspec.Struct, frozen=True):
    email: EmailField
    password: PasswordField
    guest_token: GuestToken | None = None


async def login(call: Call, sign_in: SignIn, cookies: Cookies, body: LoginBody) -> SignInResult:
    """Sign in with email address and password"""
    in_cookie = call.wants_refresh_cookie
    proof = cookies.device_proof(call.exchange)
    tokens = await sign_in.login(body.email, body.password, call.device, call.origin, proof, body.guest_token)
    tokens = cookies.hand_over(call.exchange, tokens, in_cookie=in_cookie)
    return SignInResult.of(tokens)

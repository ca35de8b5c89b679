"""POST /auth/passkeys/sign-in and /auth/passkeys/sign-in/options"""

import msgspec

from bukhindor.services.passkey_sign_in import PasskeySignIn
from bukhindor.web.api.passkey_shapes import ChallengeId, PasskeyOptions, UsedCredentialShape
from bukhindor.web.api.shapes import EmailField, GuestToken, SignInResult
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies


class PasskeySignInOptionsBody(msgspec.Struct, frozen=True):
    """`email` may be sent and makes no difference: the options are the same for every address."""

    email: EmailField | None = None


class PasskeySignInBody(msgspec.Struct, frozen=True):
    challenge_id: ChallengeId
    credential: UsedCredentialShape
    guest_token: GuestToken | None = None


async def passkey_sign_in_options(
    call: Call,
    passkey_sign_in: PasskeySignIn,
    body: PasskeySignInOptionsBody = PasskeySignInOptionsBody(),  # noqa: B008  # Immutable.
) -> PasskeyOptions:
    """Begin a sign-in with a passkey"""
    return PasskeyOptions.of(*passkey_sign_in.options())


async def sign_in_with_passkey(
    call: Call, passkey_sign_in: PasskeySignIn, cookies: Cookies, body: PasskeySignInBody
) -> SignInResult:
    """Sign in with a passkey"""
    in_cookie = call.wants_refresh_cookie
    proof = cookies.device_proof(call.exchange)
    credential = body.credential.credential()
    tokens = await passkey_sign_in.sign_in(
        body.challenge_id, credential, call.device, call.origin, proof, body.guest_token
    )
    tokens = cookies.hand_over(call.exchange, tokens, in_cookie=in_cookie)
    return SignInResult.of(tokens)

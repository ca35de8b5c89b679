"""POST /auth/login/factor"""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from bukhindor.domain.factor import FactorProof
from bukhindor.domain.passkey import PresentedPasskey
from bukhindor.services.factor_sign_in import FactorSignIn
from bukhindor.web.api.factor_proof import RecoveryCodeField, TotpCodeField
from bukhindor.web.api.passkey_shapes import ChallengeId, UsedCredentialShape
from bukhindor.web.api.shapes import GuestToken, SignInResult
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.condition import OneOf
from bukhindor.web.endpoint.cookies import Cookies


class FactorLoginBody(msgspec.Struct, frozen=True):
    """Exactly one second factor; `challenge_id` belongs to a `credential`, from `/auth/passkeys/sign-in/options`."""

    mfa_token: Annotated[str, Meta(examples=["q83vEjRWeJ…"], description="From the refusal `mfa_required`")]
    code: TotpCodeField | None = None
    recovery_code: RecoveryCodeField | None = None
    credential: UsedCredentialShape | None = None
    challenge_id: ChallengeId | None = None
    guest_token: GuestToken | None = None

    condition: ClassVar = OneOf(("code", "recovery_code", "credential"))

    def __post_init__(self) -> None:
        self.condition.check(self)

    def proof(self) -> FactorProof | PresentedPasskey:
        """The one that is given."""
        if self.credential is not None:
            return PresentedPasskey(self.challenge_id or "", self.credential.credential())
        return next(proof for proof in (self.code, self.recovery_code) if proof is not None)


async def login_with_factor(
    call: Call, factor_sign_in: FactorSignIn, cookies: Cookies, body: FactorLoginBody
) -> SignInResult:
    """Complete a sign-in with a second factor"""
    in_cookie = call.wants_refresh_cookie
    proof, guest_token = body.proof(), body.guest_token
    tokens = await factor_sign_in.complete(body.mfa_token, proof, call.device, call.origin, guest_token)
    tokens = cookies.hand_over(call.exchange, tokens, in_cookie=in_cookie)
    return SignInResult.of(tokens)

"""POST /auth/reauthenticate"""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from bukhindor.domain.factor import FactorProof
from bukhindor.domain.passkey import PresentedPasskey
from bukhindor.domain.password import Password
from bukhindor.services.reauthentication import Reauthentication
from bukhindor.web.api.factor_proof import RecoveryCodeField, TotpCodeField
from bukhindor.web.api.passkey_shapes import ChallengeId, UsedCredentialShape
from bukhindor.web.api.shapes import PasswordField, TokensShape
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.condition import OneOf
from bukhindor.web.endpoint.cookies import Cookies


class ReauthenticateBody(msgspec.Struct, frozen=True):
    """Exactly one proof; `challenge_id` belongs to a `credential`, from `/auth/passkeys/sign-in/options`."""

    password: PasswordField | None = None
    code: TotpCodeField | None = None
    recovery_code: RecoveryCodeField | None = None
    credential: UsedCredentialShape | None = None
    challenge_id: ChallengeId | None = None

    condition: ClassVar = OneOf(("password", "code", "recovery_code", "credential"))

    def __post_init__(self) -> None:
        self.condition.check(self)

    def proof(self) -> Password | FactorProof | PresentedPasskey:
        """The one that is given."""
        if self.credential is not None:
            return PresentedPasskey(self.challenge_id or "", self.credential.credential())
        return next(proof for proof in (self.password, self.code, self.recovery_code) if proof is not None)


class ReauthenticationResult(msgspec.Struct, frozen=True):
    message: Annotated[str, Meta(examples=["Confirmed."])]
    user: TokensShape


async def reauthenticate(
    call: Call, reauthentication: Reauthentication, cookies: Cookies, body: ReauthenticateBody
) -> ReauthenticationResult:
    """Prove once more that you are present"""
    in_cookie = call.wants_refresh_cookie or cookies.has_refresh_token(call.exchange)
    tokens = await reauthentication.prove(call.caller, body.proof())
    tokens = cookies.hand_over(call.exchange, tokens, in_cookie=in_cookie)
    return ReauthenticationResult("Confirmed.", TokensShape.of(tokens))

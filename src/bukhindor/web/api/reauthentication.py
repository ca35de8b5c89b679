"""POST /auth/reauthenticate"""

import re
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from bukhindor.domain.errors import FieldError, InvalidInput
from bukhindor.domain.factor import FactorProof, TotpCode
from bukhindor.domain.folding import typed_digits
from bukhindor.domain.one_time_token import MailedCode
from bukhindor.domain.passkey import PresentedPasskey
from bukhindor.domain.password import Password
from bukhindor.services.reauthentication import Reauthentication
from bukhindor.web.api.factor_proof import RecoveryCodeField
from bukhindor.web.api.passkey_shapes import ChallengeId, UsedCredentialShape
from bukhindor.web.api.shapes import PasswordField, TokensShape
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.condition import OneOf
from bukhindor.web.endpoint.cookies import Cookies

_MAX_TYPED = 200
_CODE = re.compile(r"[0-9]{6}|[0-9]{8}")
_MAILED_DIGITS = 8

CodeField = Annotated[
    str,
    Meta(
        extra_json_schema={"minLength": 6, "maxLength": _MAX_TYPED},
        description="Six digits from the authenticator app, or the eight of a mail from `/auth/sign-in-code`; blanks "
        "don't matter",
        examples=["492 039"],
    ),
]


class ReauthenticateBody(msgspec.Struct, frozen=True):
    """Exactly one proof; `challenge_id` belongs to a `credential`, from `/auth/passkeys/sign-in/options`."""

    password: PasswordField | None = None
    code: CodeField | None = None
    recovery_code: RecoveryCodeField | None = None
    credential: UsedCredentialShape | None = None
    challenge_id: ChallengeId | None = None

    condition: ClassVar = OneOf(("password", "code", "recovery_code", "credential"))

    def __post_init__(self) -> None:
        self.condition.check(self)

    def proof(self) -> Password | FactorProof | MailedCode | PresentedPasskey:
        """The one that is given. Raises InvalidInput unless a code has six digits or eight."""
        if self.credential is not None:
            return PresentedPasskey(self.challenge_id or "", self.credential.credential())
        if self.code is not None:
            return _parse_code(self.code)
        return next(proof for proof in (self.password, self.recovery_code) if proof is not None)


def _parse_code(typed: str) -> TotpCode | MailedCode:
    digits = typed_digits(typed[:_MAX_TYPED])
    if not _CODE.fullmatch(digits):
        message = "The code of the app has six digits, that of a mail has eight."
        raise InvalidInput(FieldError("code", message, "invalid_typed_code"))
    return MailedCode(digits) if len(digits) == _MAILED_DIGITS else TotpCode.parse(digits)


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

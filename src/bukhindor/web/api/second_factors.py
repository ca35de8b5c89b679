"""/auth/factors and POST /auth/recovery-codes"""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from bukhindor.domain.factor import Factor, FactorName, FactorType
from bukhindor.domain.recovery_code import RecoveryCode
from bukhindor.services.second_factors import SecondFactors
from bukhindor.web.api.factor_proof import TotpCodeField
from bukhindor.web.api.patterns import SAFE_TEXT_NOT_BLANK
from bukhindor.web.api.shapes import Message, Time, UserId
from bukhindor.web.endpoint.call import Call

FactorNameField = Annotated[
    FactorName,
    Meta(
        extra_json_schema={"minLength": 1, "maxLength": 100, "pattern": SAFE_TEXT_NOT_BLANK},
        description="What the person calls it",
        examples=["My phone"],
    ),
]
RecoveryCodesShape = Annotated[
    list[Annotated[str, Meta(examples=["K3M9P-7T2QX"])]],
    Meta(description="Shown once: each stands in for the app once"),
]


class AddTotpBody(msgspec.Struct, frozen=True):
    name: FactorNameField | None = None


class ConfirmFactorBody(msgspec.Struct, frozen=True):
    code: TotpCodeField
    end_other_sessions: Annotated[bool, Meta(description="Revoke all your other sessions")] = False

    @property
    def one_time_text(self) -> str:
        """A factor is confirmed once, and the response has recovery codes that can get lost. The code itself does not
        name the request: then one could try out which code it was.
        """
        return "confirmation"


class FactorShape(msgspec.Struct, frozen=True):
    """A confirmed second factor."""

    id: UserId
    type: Annotated[str, Meta(examples=["totp"])]
    name: Annotated[str | None, Meta(examples=["My phone"])]
    created_at: Time
    last_used_at: Time | None

    @classmethod
    def of(cls, factor: Factor) -> "FactorShape":
        return cls(factor.id, FactorType.TOTP.value, factor.name, factor.created_at, factor.last_used_at)


class FactorList(msgspec.Struct, frozen=True):
    factors: list[FactorShape]
    recovery_codes_left: Annotated[int, Meta(ge=0, le=10, examples=[10])]


class TotpEnrolment(msgspec.Struct, frozen=True):
    """What an authenticator app needs: one of `qr_svg`, `uri` and `secret`. Shown once."""

    id: UserId
    secret: Annotated[str, Meta(examples=["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"], description="Base32 (RFC 4648)")]
    uri: Annotated[
        str,
        Meta(
            examples=[
                "otpauth://totp/Bukhindor:anna%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Bukhindor"
            ]
        ),
    ]
    qr_svg: Annotated[str, Meta(examples=["<svg>…</svg>"], description="The address as a QR code")]


class FactorConfirmation(msgspec.Struct, frozen=True):
    """`recovery_codes` come with the first factor of an account only."""

    message: Annotated[str, Meta(examples=["The second factor is on."])]
    recovery_codes: RecoveryCodesShape | UnsetType = UNSET


class RecoveryCodeSet(msgspec.Struct, frozen=True):
    recovery_codes: RecoveryCodesShape


async def list_factors(call: Call, second_factors: SecondFactors) -> FactorList:
    """List your second factors"""
    factors, left = await second_factors.overview(call.caller)
    return FactorList([FactorShape.of(factor) for factor in factors], left)


async def add_totp(
    call: Call,
    second_factors: SecondFactors,
    body: AddTotpBody = AddTotpBody(),  # noqa: B008  # Immutable.
) -> TotpEnrolment:
    """Begin to add an authenticator app"""
    enrolment = await second_factors.add_totp(call.caller, body.name)
    return TotpEnrolment(enrolment.factor.id, enrolment.secret, enrolment.uri, enrolment.qr_svg)


async def confirm_factor(call: Call, second_factors: SecondFactors, body: ConfirmFactorBody) -> FactorConfirmation:
    """Confirm an authenticator app with its code"""
    codes = await second_factors.confirm(
        call.caller, call.factor_id, body.code, end_other_sessions=body.end_other_sessions
    )
    return FactorConfirmation("The second factor is on.", _shown(codes) if codes else UNSET)


async def remove_factor(call: Call, second_factors: SecondFactors) -> Message:
    """Remove one of your second factors"""
    await second_factors.remove(call.caller, call.factor_id)
    return Message("The second factor has been removed.")


async def renew_recovery_codes(call: Call, second_factors: SecondFactors) -> RecoveryCodeSet:
    """Make new recovery codes"""
    return RecoveryCodeSet(_shown(await second_factors.renew_recovery_codes(call.caller)))


def _shown(codes: list[RecoveryCode]) -> list[str]:
    return [code.shown for code in codes]

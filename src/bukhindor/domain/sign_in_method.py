"""What a person proves their identity with, and how much that proves."""

from collections.abc import Iterable
from enum import StrEnum


class Method(StrEnum):
    """The values are those of the `amr` claim (RFC 8176 has pwd, otp and mfa).

    MAIL is a code or link from the account's mailbox, IDENTITY the account at another provider, and SEVERAL are two
    factors that such a provider has checked.
    """

    PASSWORD = "pwd"
    OTP = "otp"
    MAIL = "mail"
    PASSKEY = "passkey"
    RECOVERY = "recovery"
    IDENTITY = "idp"
    SEVERAL = "mfa"


class Level(StrEnum):
    """How many factors were proved (NIST SP 800-63B-4 section 2); the values are those of the `acr` claim."""

    AAL1 = "aal1"
    AAL2 = "aal2"


_SECOND_FACTORS = frozenset({Method.OTP, Method.RECOVERY, Method.SEVERAL})


def level_of(methods: Iterable[Method]) -> Level:
    """AAL2 for a second factor beside another method, and for a passkey: its device has verified the person itself."""
    proved = frozenset(methods)
    has_two = bool(proved & _SECOND_FACTORS) and bool(proved - _SECOND_FACTORS)
    return Level.AAL2 if has_two or Method.PASSKEY in proved else Level.AAL1

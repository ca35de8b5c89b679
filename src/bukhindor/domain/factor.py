"""Second factors: authenticator apps with codes that change every 30 seconds (TOTP, RFC 6238)."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.folding import shows_something, typed_digits
from bukhindor.domain.recovery_code import RecoveryCode
from bukhindor.domain.text import trimmed

MAX_FACTORS = 5
"""Confirmed ones of an account: each more gives a guessed code as many more chances."""

PENDING_LIFE = timedelta(minutes=10)

SECRET_BYTES = 20
"""160 bits, the length of an HMAC-SHA-1 (RFC 4226 section 4)."""

CODE_DIGITS = 6
STEP_SECONDS = 30

_TOLERATED_STEPS = 1
_MAX_NAME = 100
_MAX_TYPED = 200


class FactorType(StrEnum):
    TOTP = "totp"


class FactorName(str):
    """What a person calls a factor: one line of at most 100 characters."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises InvalidValue when it shows nothing, is longer than 100 characters or holds control characters."""
        name = trimmed(cls, raw, _MAX_NAME)
        if not shows_something(name):
            raise InvalidValue(cls, "This can't be empty.", "required")
        return cls(name)


class TotpCode(str):
    """The six digits of an authenticator app."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Blanks don't matter. Raises InvalidValue unless six digits are left."""
        digits = typed_digits(raw[:_MAX_TYPED])
        if len(digits) != CODE_DIGITS or not (digits.isascii() and digits.isdecimal()):
            raise InvalidValue(cls, "The code of the app has six digits.", "invalid_totp_code")
        return cls(digits)

    def __repr__(self) -> str:
        return "TotpCode(…)"


@dataclass(frozen=True, slots=True)
class Factor:
    """One authenticator app of an account. It counts once a code of it was right; until then it is pending.

    `secret` is 20 random bytes; None when no secret of this process opens its seal. `last_step` is the newest step of
    30 seconds since 1970 whose code was accepted, 0 for none.
    """

    id: UUID
    user_id: UUID
    name: FactorName | None
    secret: bytes | None = field(repr=False)
    created_at: datetime
    confirmed_at: datetime | None = None
    last_used_at: datetime | None = None
    last_step: int = 0

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None

    def is_pending_at(self, now: datetime) -> bool:
        return self.confirmed_at is None and now - self.created_at < PENDING_LIFE

    def steps_at(self, now: datetime) -> tuple[int, ...]:
        """The steps whose codes are accepted at `now`: one before and one after the present one are tolerated, for
        clocks that differ and slow fingers. A step is accepted once, and none after a later one (RFC 6238 section 5.2).
        """
        present = step_at(now)
        around = range(present - _TOLERATED_STEPS, present + _TOLERATED_STEPS + 1)
        return tuple(step for step in around if step > self.last_step)

    def used(self, step: int, now: datetime) -> Self:
        """The factor after the code of `step` was right; the first right code confirms it."""
        return replace(self, confirmed_at=self.confirmed_at or now, last_used_at=now, last_step=step)


def step_at(now: datetime) -> int:
    """The number of whole steps of 30 seconds since 1970 (RFC 6238 section 4.2)."""
    return int(now.timestamp() // STEP_SECONDS)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs to know, shown once: the secret in base32, the same in an otpauth address, and
    that address as a QR code (SVG).
    """

    factor: Factor
    secret: str = field(repr=False)
    uri: str = field(repr=False)
    qr_svg: str = field(repr=False)


FactorProof = TotpCode | RecoveryCode
"""What a person presents as a second factor."""

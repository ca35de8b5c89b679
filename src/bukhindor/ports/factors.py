"""The arithmetic of second factors, and what is made by chance for them."""

from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.factor import TotpCode
from bukhindor.domain.recovery_code import RecoveryCode


class TotpCodes(Protocol):
    """Codes that change with time (RFC 6238): HMAC-SHA-1, six digits, steps of 30 seconds."""

    def make_secret(self) -> bytes:
        """Return 160 random bits."""

    def matching_step(self, secret: bytes, code: TotpCode, steps: Iterable[int]) -> int | None:
        """Return the newest of the steps that has this code; None when none has it. All steps are compared."""

    def in_base32(self, secret: bytes) -> str:
        """Return the secret as a person types it into an app."""

    def uri(self, secret: bytes, account: EmailAddress) -> str:
        """Return the otpauth address that apps read from a QR code. It names the product and the account."""

    def qr_svg(self, uri: str) -> str:
        """Return the address as a QR code: an SVG element, black on white, without script or outside references."""


class RecoverySecrets(Protocol):
    """Recovery codes, and their only stored form."""

    def make(self) -> list[RecoveryCode]:
        """Return ten different codes of 50 random bits."""

    def digests(self, code: RecoveryCode, user_id: UUID) -> Sequence[bytes]:
        """Return the code's digests under each of the server's secrets, the newest first: 50 bits are too few for a
        plain digest. A new code is stored under the first.
        """

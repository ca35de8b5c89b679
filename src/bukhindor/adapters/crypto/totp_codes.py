"""Codes of authenticator apps, by pyotp; QR codes, by segno. Both are loaded by the first request that needs them."""

import base64
import hmac
import io
import secrets
from collections.abc import Iterable
from typing import Any

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.factor import CODE_DIGITS, SECRET_BYTES, STEP_SECONDS, TotpCode

# Larger than any screen needs, and still sharp: one module is four pixels.
_SCALE = 4
_QUIET_ZONE = 4


class PyotpTotpCodes:
    """HMAC-SHA-1, six digits and 30 seconds: what every app understands (RFC 6238)."""

    def __init__(self, issuer: str) -> None:
        # A colon separates issuer and account in the address, so apps refuse one in a name.
        self._issuer = issuer.replace(":", " ")

    def make_secret(self) -> bytes:
        return secrets.token_bytes(SECRET_BYTES)

    def matching_step(self, secret: bytes, code: TotpCode, steps: Iterable[int]) -> int | None:
        counter = _totp(self.in_base32(secret))
        matching = None
        for step in sorted(steps):
            if hmac.compare_digest(counter.generate_otp(step), code):
                matching = step
        return matching

    def in_base32(self, secret: bytes) -> str:
        return base64.b32encode(secret).decode()

    def uri(self, secret: bytes, account: EmailAddress) -> str:
        uri: str = _totp(self.in_base32(secret)).provisioning_uri(name=account.shown, issuer_name=self._issuer)
        return uri

    def qr_svg(self, uri: str) -> str:
        import segno  # noqa: PLC0415

        file = io.BytesIO()
        code = segno.make_qr(uri, error="l")
        code.save(
            file, kind="svg", scale=_SCALE, border=_QUIET_ZONE, dark="#000", light="#fff", xmldecl=False, nl=False
        )
        return file.getvalue().decode()


def _totp(secret: str) -> Any:
    import pyotp  # noqa: PLC0415

    return pyotp.TOTP(secret, digits=CODE_DIGITS, interval=STEP_SECONDS)

"""Codes that can be reckoned in the head: the code of a step is its last six digits plus the secret's first byte."""

from collections.abc import Iterable

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.factor import SECRET_BYTES, TotpCode


class FakeTotpCodes:
    """The first secret begins with the byte 1, the second one with 2, and so on."""

    def __init__(self) -> None:
        self._made = 0

    def make_secret(self) -> bytes:
        self._made += 1
        return bytes([self._made]) * SECRET_BYTES

    def code_at(self, secret: bytes, step: int) -> TotpCode:
        return TotpCode(f"{(step + secret[0] * 1000) % 1_000_000:06}")

    def matching_step(self, secret: bytes, code: TotpCode, steps: Iterable[int]) -> int | None:
        return max((step for step in steps if self.code_at(secret, step) == code), default=None)

    def in_base32(self, secret: bytes) -> str:
        return f"base32-{secret[0]}"

    def uri(self, secret: bytes, account: EmailAddress) -> str:
        return f"otpauth://totp/{account}?secret={self.in_base32(secret)}"

    def qr_svg(self, uri: str) -> str:
        return f"<svg>{uri}</svg>"

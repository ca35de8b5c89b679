"""What a half-signed-in client keeps until it sends the second factor."""

from typing import Protocol

from bukhindor.domain.sign_in import AwaitedFactor


class MfaTokens(Protocol):
    """Sealed, and not stored."""

    def issue(self, awaited: AwaitedFactor) -> str:
        """Return a text that only this server reads."""

    def read(self, token: str) -> AwaitedFactor | None:
        """Return None for any other text."""

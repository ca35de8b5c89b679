"""Tokens that count, and what they stand for."""

from bukhindor.domain.sign_in import AwaitedFactor


class FakeMfaTokens:
    def __init__(self) -> None:
        self._issued: dict[str, AwaitedFactor] = {}

    def issue(self, awaited: AwaitedFactor) -> str:
        token = f"mfa-{len(self._issued) + 1}"
        self._issued[token] = awaited
        return token

    def read(self, token: str) -> AwaitedFactor | None:
        return self._issued.get(token)

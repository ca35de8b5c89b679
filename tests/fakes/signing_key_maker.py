"""Signing keys with names that count: key-1, key-2, …"""

from datetime import datetime

from bukhindor.domain.signing_key import SigningKey
from tests.makers import make_signing_key


class FakeSigningKeyMaker:
    """`made` holds all keys, oldest first."""

    def __init__(self) -> None:
        self.made: list[SigningKey] = []

    def make(self, now: datetime) -> SigningKey:
        key = make_signing_key(f"key-{len(self.made) + 1}", created_at=now)
        self.made.append(key)
        return key

"""Recovery codes that count: the first is 0000000001."""

from collections.abc import Sequence
from uuid import UUID

from bukhindor.domain.recovery_code import CODES_PER_SET, RecoveryCode


class FakeRecoverySecrets:
    """`made` holds all codes, oldest first."""

    def __init__(self) -> None:
        self.made: list[RecoveryCode] = []

    def make(self) -> list[RecoveryCode]:
        first = len(self.made) + 1
        codes = [RecoveryCode(f"{number:010}") for number in range(first, first + CODES_PER_SET)]
        self.made += codes
        return codes

    def digests(self, code: RecoveryCode, user_id: UUID) -> Sequence[bytes]:
        return [f"new:{user_id}:{code}".encode(), f"old:{user_id}:{code}".encode()]

"""Hashes one can read, made at once: `hashed:<password>`; one that begins with `outdated:` should be renewed."""

from bukhindor.domain.errors import TooBusy
from bukhindor.domain.password import Password
from bukhindor.ports.secrets import PasswordVerdict, Requester


class FakePasswordHasher:
    """`is_full` makes it refuse work; `hashed` and `verified` count what it did."""

    def __init__(self) -> None:
        self.is_full = False
        self.hashed = 0
        self.verified = 0

    async def hash(self, password: Password, requester: Requester) -> str:
        self._refuse_when_full()
        self.hashed += 1
        return f"hashed:{password.reveal()}"

    async def verify(self, password: Password, stored: str | None, requester: Requester) -> PasswordVerdict:
        self._refuse_when_full()
        self.verified += 1
        is_outdated = stored == f"outdated:{password.reveal()}"
        return PasswordVerdict(is_outdated or stored == f"hashed:{password.reveal()}", is_outdated)

    def _refuse_when_full(self) -> None:
        if self.is_full:
            raise TooBusy

"""Device proofs one can read: `proof:<user id>:<seconds>`."""

from datetime import datetime, timedelta
from uuid import UUID


class FakeDeviceProofs:
    def issue(self, user_id: UUID, now: datetime) -> str:
        return f"proof:{user_id}:{now.isoformat()}"

    def is_genuine(self, proof: str, user_id: UUID, now: datetime) -> bool:
        prefix = f"proof:{user_id}:"
        if not proof.startswith(prefix):
            return False
        return now - datetime.fromisoformat(proof.removeprefix(prefix)) < timedelta(days=365)

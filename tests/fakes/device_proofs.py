"""Device proofs one can read: `proof:<user id>:<device>:<moment>`."""

from datetime import datetime
from uuid import UUID

from bukhindor.domain.password_attempt import DEVICE_PROOF_LIFE


class FakeDeviceProofs:
    def issue(self, user_id: UUID, device: UUID, now: datetime) -> str:
        return f"proof:{user_id}:{device}:{now.isoformat()}"

    def device_of(self, proof: str, user_id: UUID, now: datetime) -> str | None:
        prefix = f"proof:{user_id}:"
        if not proof.startswith(prefix):
            return None
        device, _, issued_at = proof.removeprefix(prefix).partition(":")
        return device if now - datetime.fromisoformat(issued_at) < DEVICE_PROOF_LIFE else None

    def is_named(self, name: str, device: UUID) -> bool:
        return name == str(device)

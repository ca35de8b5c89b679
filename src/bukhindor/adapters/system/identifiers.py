"""New identifiers from the operating system's random generator."""

import secrets
import time
from uuid import UUID, uuid4

_TOKEN_ID_BYTES = 16
_SEED_BYTES = 32


class SystemIdentifiers:
    def user_id(self) -> UUID:
        return _uuid7(time.time_ns() // 1_000_000)

    def event_id(self) -> UUID:
        return _uuid7(time.time_ns() // 1_000_000)

    def invitation_id(self) -> UUID:
        return _uuid7(time.time_ns() // 1_000_000)

    def service_key_id(self) -> UUID:
        return _uuid7(time.time_ns() // 1_000_000)

    def passkey_id(self) -> UUID:
        return _uuid7(time.time_ns() // 1_000_000)

    def identity_id(self) -> UUID:
        return _uuid7(time.time_ns() // 1_000_000)

    def session_id(self) -> UUID:
        return uuid4()

    def token_id(self) -> str:
        return secrets.token_urlsafe(_TOKEN_ID_BYTES)

    def seed(self) -> bytes:
        return secrets.token_bytes(_SEED_BYTES)


def _uuid7(milliseconds: int) -> UUID:
    """RFC 9562 section 5.7: 48 bits of Unix time, version, 12 random bits, variant, 62 random bits."""
    value = milliseconds << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)

"""Identifiers that count: the first user is 00000000-0000-7000-8000-000000000001."""

from itertools import count
from uuid import UUID

_VERSION_7 = 0x7 << 76 | 0x2 << 62
_VERSION_4 = 0x4 << 76 | 0x2 << 62


class FakeIdentifiers:
    def __init__(self) -> None:
        self._users = count(1)
        self._events = count(1)
        self._service_keys = count(1)
        self._invitations = count(1)
        self._passkeys = count(1)
        self._identities = count(1)
        self._sessions = count(1)
        self._tokens = count(1)
        self._seeds = count(1)

    def user_id(self) -> UUID:
        return UUID(int=_VERSION_7 | next(self._users))

    def event_id(self) -> UUID:
        return UUID(int=_VERSION_7 | next(self._events))

    def invitation_id(self) -> UUID:
        return UUID(int=_VERSION_7 | next(self._invitations) << 48)

    def service_key_id(self) -> UUID:
        return UUID(int=_VERSION_7 | next(self._service_keys) << 32)

    def passkey_id(self) -> UUID:
        return UUID(int=_VERSION_7 | next(self._passkeys) << 48)

    def identity_id(self) -> UUID:
        return UUID(int=_VERSION_7 | next(self._identities) << 24)

    def session_id(self) -> UUID:
        return UUID(int=_VERSION_4 | next(self._sessions))

    def token_id(self) -> str:
        return f"token-{next(self._tokens):016}"

    def seed(self) -> bytes:
        return next(self._seeds).to_bytes(32, "big")
